/* SPDX-License-Identifier: EUPL-1.2 */
/* Tells the sender yes - only after COMMIT - or no with a reason, and ends the message's way in.
 * Each takes the message over and frees it. Loop thread only. */
#ifndef CORV_DAEMON_ACKNOWLEDGE_H
#define CORV_DAEMON_ACKNOWLEDGE_H

#include "daemon/base/finding.h"
#include "queue/queue.h"

struct corv_message;

void corv_acknowledge_stored(struct corv_message *m);                              /* 202 */
void corv_acknowledge_repeat(struct corv_message *m, const struct corv_id *first); /* 200 */
void corv_acknowledge_conflict(struct corv_message *m);                            /* 409 */
void corv_acknowledge_refused(struct corv_message *m);     /* m->status with all findings */
void corv_acknowledge_unavailable(struct corv_message *m); /* 503 + Retry-After */
void corv_acknowledge_rejected(struct corv_message *m);    /* 500: our bug */

/* The HTTP answer that a list of findings means: 400 not XML, 413 too large, 422 the rest. */
int corv_status_of_findings(const struct corv_findings *f);

#endif
