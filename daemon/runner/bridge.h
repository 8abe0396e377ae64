/* SPDX-License-Identifier: EUPL-1.2 */
/* The child's half of the adapter "process": the host of the daemon, with one adapter on it, moved
 * by frames instead of by calls. So the adapter gets the same services, checks and clean-up as
 * inside - timers, watches, work, listeners - and its breaches of the contract are named the same.
 * Main thread. Test: tests/unit/test_process.c */
#ifndef CORV_RUNNER_BRIDGE_H
#define CORV_RUNNER_BRIDGE_H

/* Serves until corvd says stop or is gone; fd is the line to it. Gives the exit status. */
int corv_bridge_run(int fd);

#endif
