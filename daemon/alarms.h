/* SPDX-License-Identifier: EUPL-1.2 */
/* Looks every few seconds whether something is wrong (alarms_look.c), keeps it as incidents
 * (incident.h), tells the log, /metrics, /incidents and a program of the operator's about it, and
 * keeps what is open over a restart in state_dir/incidents. Everything that is looked at is in
 * memory; the disk and the history of the traffic are asked on a worker.
 * Owner: the app owns app->alarms. Loop thread only.
 * Tests: tests/unit/test_incident.c, tests/path/test_a13_alarms.py */
#ifndef CORV_DAEMON_ALARMS_H
#define CORV_DAEMON_ALARMS_H

#include "daemon/app.h"
#include "daemon/base/buf.h"
#include "daemon/base/rc.h"
#include "daemon/incident.h"

CORV_MUST_CHECK corv_rc corv_alarms_start(struct corv_app *app);
/* Something happened that nobody can see afterwards. */
void corv_alarms_event(
    struct corv_app *app, enum corv_cause c, const char *subject, const char *code);
/* A message was taken in: a silence may be over. sender may be NULL. */
void corv_alarms_heard(struct corv_app *app, const char *sender, const char *kind);
/* For /metrics. */
void corv_alarms_write(const struct corv_app *app, struct corv_buf *b);
/* For /incidents; free it. NULL: no memory. */
char *corv_alarms_json(const struct corv_app *app);
void corv_alarms_stop(struct corv_app *app); /* no new look */
void corv_alarms_free(struct corv_app *app); /* after the loop has ended */

#endif
