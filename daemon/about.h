/* SPDX-License-Identifier: EUPL-1.2 */
/* GET /about on the admin listener: which program this is, which schemas and rules are in force
 * today, and the bounds a tester needs to know how long to wait. Says nothing of messages or
 * parties. Loop thread. Test: tests/path/test_a12_chain.py */
#ifndef CORV_DAEMON_ABOUT_H
#define CORV_DAEMON_ABOUT_H

#include "daemon/app.h"
#include "daemon/loop/http_server.h"

void corv_about_reply(struct corv_app *app, struct corv_http_request *r);

#endif
