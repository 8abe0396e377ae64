/* SPDX-License-Identifier: EUPL-1.2 */
/* What the service manager hears from us and hands us (systemd's protocols; without it all of this
 * says nothing): READY once messages are taken, STATUS every ten seconds, WATCHDOG only while the
 * work goes on (progress.h), RELOADING around a reload, longer patience while PostgreSQL recovers,
 * and sockets that it opened for us, so that a restart refuses nobody.
 * Owner: the app owns app->service. Loop thread only. Tests: tests/path/test_a09_service.py,
 * tests/unit/test_progress.c */
#ifndef CORV_DAEMON_SERVICE_H
#define CORV_DAEMON_SERVICE_H

#include "daemon/app.h"
#include "daemon/base/fault.h"
#include "queue/queue.h"

/* Takes the sockets named intake and admin (LISTEN_FDS, LISTEN_FDNAMES) into app. Call first. */
CORV_MUST_CHECK corv_rc corv_service_sockets(struct corv_app *app, struct corv_fault *fault);
/* One notification. False: the manager did not take it now; say it again when it matters. */
bool corv_service_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* While the start waits for something: asks the manager for more time and says what for. */
void corv_service_waits(const char *what);

CORV_MUST_CHECK corv_rc corv_service_start(struct corv_app *app);
/* How much is due, just counted. */
void corv_service_backlog(struct corv_app *app, const struct corv_backlog *b, size_t count);
bool corv_service_stuck(const struct corv_app *app);
void corv_service_reloading(struct corv_app *app);
void corv_service_reloaded(struct corv_app *app);
/* From the drain on: STOPPING, and the watchdog no longer depends on progress. */
void corv_service_stopping(struct corv_app *app);
void corv_service_close(struct corv_app *app); /* freed by the loop; accepts an app without one */

#endif
