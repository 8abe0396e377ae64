/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes requests of the intake listener: who sends, is there room, what is asked. A message gets
 * its number here. What adapters offer (offer.c) goes the same way from corv_receive_message. Loop
 * thread only. Test: tests/path/test_a02_answers.py */
#ifndef CORV_DAEMON_RECEIVE_H
#define CORV_DAEMON_RECEIVE_H

#include "daemon/app.h"
#include "daemon/loop/http_server.h"

struct corv_message;
struct corv_party;

/* Why nothing can be taken now, a code of answer.def; NULL when something can. */
const char *corv_receive_busy(const struct corv_app *app);
/* The same for one party: NULL, or why not now. */
const char *corv_receive_busy_for(const struct corv_app *app, const struct corv_party *sender);
/* Sends it on its way: body and sender are there. Takes it over. */
void corv_receive_message(struct corv_message *m);
/* The handler for the intake server; app must outlive it. */
struct corv_http_handler corv_receive_handler(struct corv_app *app);

#endif
