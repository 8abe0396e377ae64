/* SPDX-License-Identifier: EUPL-1.2 */
/* Builds the parts in order and takes them down in reverse. Blocking until the loop runs.
 * Main thread only. Test: every whole-daemon test. */
#ifndef CORV_DAEMON_BUILD_UP_H
#define CORV_DAEMON_BUILD_UP_H

#include "daemon/app.h"
#include "daemon/base/fault.h"
#include "daemon/loop/http_server.h"
#include "daemon/loop/tls.h"

/* app->config is set by the caller. On failure what was built is taken down by corv_take_down. */
CORV_MUST_CHECK corv_rc corv_build_up(struct corv_app *app, struct corv_fault *fault);
/* Stops taking, finishes what is under way within the limit, closes everything; the loop's last
 * turn happens inside. Accepts an app of which only a part was built. */
void corv_take_down(struct corv_app *app, unsigned limit_ms);
/* SIGTERM: take no more, finish, then stop the loop. */
void corv_drain(struct corv_app *app, unsigned limit_ms);

/* What the listeners get from a configuration. */
struct corv_http_limits corv_intake_limits(const struct corv_config *c);
struct corv_http_limits corv_admin_limits(const struct corv_config *c);
struct corv_tls_files corv_intake_tls(const struct corv_config *c);

#endif
