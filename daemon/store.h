/* SPDX-License-Identifier: EUPL-1.2 */
/* One COMMIT holds message, deliveries and audit events before any yes (promise 1, 7).
 * Takes the message over; goes on with acknowledge.c. Loop thread only. */
#ifndef CORV_DAEMON_STORE_H
#define CORV_DAEMON_STORE_H

struct corv_message;

void corv_store(struct corv_message *m);
/* A no is an audit line too. */
void corv_store_refusal(struct corv_message *m);

#endif
