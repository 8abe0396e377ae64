/* SPDX-License-Identifier: EUPL-1.2 */
/* Turns the outcome of an attempt into confirmed, later, refused or held, in one transaction with
 * its audit line - and, when a message is given up, with the Fo01 to its sender. An outcome that
 * cannot be committed now is kept and tried again: the partner already has the message.
 * Each call takes the job over. Loop thread only. Test: tests/path/test_c01_retry.py */
#ifndef CORV_DAEMON_CONFIRM_H
#define CORV_DAEMON_CONFIRM_H

#include <stdint.h>

struct corv_app;
struct corv_job;
struct corv_host_outcome;

void corv_confirm(struct corv_job *job, const struct corv_host_outcome *o);
/* Our settings stand in the way: hold with a question to the operator. The job is in a lane. */
void corv_confirm_hold(struct corv_job *job, const char *code, const char *question);
/* Nothing was tried: the lease runs out and the database gives the delivery out again. The job is
 * in a lane. */
void corv_confirm_let_go(struct corv_job *job);
/* Lets go of what could not be settled yet: the leases run out, and the next attempt is marked as a
 * possible repeat. */
void corv_confirm_stop(struct corv_app *app);
/* The payload is gone or changed: dead-letter tray. The job is in no lane. */
void corv_confirm_unreadable(struct corv_job *job);

#endif
