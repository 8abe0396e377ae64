/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes requests of the intake listener: who sends, is there room, what is asked. A message gets
 * its number here. Loop thread only. Test: tests/path/test_a02_answers.py */
#ifndef CORV_DAEMON_RECEIVE_H
#define CORV_DAEMON_RECEIVE_H

#include "daemon/app.h"
#include "daemon/loop/http_server.h"

/* The handler for the intake server; app must outlive it. */
struct corv_http_handler corv_receive_handler(struct corv_app *app);

#endif
