/* SPDX-License-Identifier: EUPL-1.2 */
/* Tells the sender yes - only after COMMIT - or no with a reason, and ends the message's way in.
 * Each takes the message over and frees it. Loop thread only. */
#ifndef CORV_DAEMON_ACKNOWLEDGE_H
#define CORV_DAEMON_ACKNOWLEDGE_H

#include "queue/queue.h"

struct corv_message;

void corv_acknowledge_stored(struct corv_message *m);                              /* 202 */
void corv_acknowledge_repeat(struct corv_message *m, const struct corv_id *first); /* 200 */
void corv_acknowledge_conflict(struct corv_message *m);                            /* 409 */
void corv_acknowledge_refused(struct corv_message *m); /* m->status with all findings */
/* code is one of answer.def. 503 + Retry-After: */
void corv_acknowledge_unavailable(struct corv_message *m, const char *code);
/* 500, our bug: */
void corv_acknowledge_rejected(struct corv_message *m, const char *code);

#endif
