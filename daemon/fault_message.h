/* SPDX-License-Identifier: EUPL-1.2 */
/* The Fo01 to the sender of a message that was given up or refused (promise 4): "not routed" is
 * told, never kept silent (Regeling art. 1, foutmelding). Loop thread only.
 * Test: tests/path/test_c01_retry.py */
#ifndef CORV_DAEMON_FAULT_MESSAGE_H
#define CORV_DAEMON_FAULT_MESSAGE_H

struct corv_job;

/* Adds the Fo01 to the job's settlement when its sender should get one: not for what corvd made
 * itself, and never a fault about a fault or an acknowledgement. */
void corv_fault_message(struct corv_job *job);

#endif
