/* SPDX-License-Identifier: EUPL-1.2 */
/* Looks every hour, on a worker, how long certificates, issuers and revocation lists are good for;
 * tells it in /metrics, and in the log once at each step towards the end (corv_cert_step).
 * Owner: the app owns app->expiry. Loop thread only. Tests: tests/unit/test_certs.c,
 * tests/path/test_a10_reload.py */
#ifndef CORV_DAEMON_EXPIRY_H
#define CORV_DAEMON_EXPIRY_H

#include "daemon/app.h"
#include "daemon/base/buf.h"
#include "daemon/base/rc.h"

CORV_MUST_CHECK corv_rc corv_expiry_start(struct corv_app *app);
void corv_expiry_look(struct corv_app *app); /* now: the configuration has changed */
enum corv_expires_near {
    CORV_EXPIRES_FAR,
    CORV_EXPIRES_SEASON, /* 90 or 60 days: order a new one */
    CORV_EXPIRES_MONTH,
    CORV_EXPIRES_SOON, /* a week, or past; of a list a day */
};
struct corv_expires {
    const char *key;
    int days;
    enum corv_expires_near near;
    bool readable;
};
/* Each file as last looked at. False: nothing was looked at yet. */
bool corv_expiry_each(
    const struct corv_app *app, void (*each)(void *ctx, const struct corv_expires *x), void *ctx);
void corv_expiry_write(const struct corv_app *app, struct corv_buf *b);
/* What was seen at the last look; false: no such one. */
struct corv_expiry_seen {
    const char *what; /* where the configuration names it; borrowed until the next look */
    int days;
    bool act; /* somebody must renew it now, or it could not be read (days: 0) */
};
bool corv_expiry_get(const struct corv_app *app, unsigned i, struct corv_expiry_seen *out);
void corv_expiry_stop(struct corv_app *app); /* no new look */
void corv_expiry_free(struct corv_app *app); /* after the loop has ended */

#endif
