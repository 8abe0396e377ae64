/* SPDX-License-Identifier: EUPL-1.2 */
/* The admin listener: /livez (the loop turns), /readyz (the database takes writes, nothing is
 * draining), /metrics (Prometheus text), /incidents (alarms.h), /reload (reload.h), / and
 * /status.json (page.h). Loopback or a unix socket only, no payload, no personal data. Loop thread
 * only. Test: tests/path/test_a02_answers.py */
#ifndef CORV_DAEMON_ADMIN_H
#define CORV_DAEMON_ADMIN_H

#include "daemon/app.h"
#include "daemon/loop/http_server.h"

struct corv_http_handler corv_admin_handler(struct corv_app *app);

#endif
