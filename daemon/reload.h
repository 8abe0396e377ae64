/* SPDX-License-Identifier: EUPL-1.2 */
/* A new configuration without a restart. It is read, and its certificates, schema sets and rules
 * with it, on a worker; checked as a whole, adapters included; and then swapped in one turn of the
 * loop - or the old one stays and everything that is wrong is told. What is under way keeps the
 * configuration, the TLS context and the adapter settings it began with. Settings that only count
 * at start keep their value and are named. Each reload leaves an audit line: config.reloaded or
 * config.rejected, with who asked. Owner: the app owns app->reload. Loop thread only. Tests:
 * tests/path/test_a10_reload.py */
#ifndef CORV_DAEMON_RELOAD_H
#define CORV_DAEMON_RELOAD_H

#include "daemon/app.h"
#include "daemon/base/finding.h"
#include "daemon/base/rc.h"
#include "daemon/loop/http_server.h"

#define CORV_RELOAD_RESTART_MAX 32

struct corv_reload_result {
    unsigned number; /* 1.. since start; 0: none yet */
    bool applied;
    int64_t at_us;
    char from[65]; /* digests of the files */
    char to[65];   /* "" when the file could not be read as a configuration */
    char actor[96];
    struct corv_findings findings;
    char restart[CORV_RELOAD_RESTART_MAX][64]; /* changed, but count at the next start only */
    unsigned restart_count;
};

struct corv_reload_who {
    bool known;       /* false: a signal, nobody knows whose */
    unsigned uid;     /* the one who asked */
    char claimed[33]; /* root may say for whom it asks ("" : nobody) */
};

typedef void (*corv_reload_done)(void *ctx, const struct corv_reload_result *r);

/* Remembers app->config as the one the daemon started with. */
CORV_MUST_CHECK corv_rc corv_reload_start(struct corv_app *app);
/* done (or NULL) is called later on, never from inside; r is valid during the call. CORV_AGAIN: one
 * is under way; it is followed by another when done is NULL. CORV_E_STATE: we are stopping. */
CORV_MUST_CHECK corv_rc corv_reload(
    struct corv_app *app, const struct corv_reload_who *who, corv_reload_done done, void *ctx);
/* The last one that ended. */
const struct corv_reload_result *corv_reload_last(const struct corv_app *app);
/* After the loop has ended. Accepts an app without one. */
void corv_reload_free(struct corv_app *app);

/* reload_admin.c: GET /reload tells of the last one; POST, on the unix socket only, asks for one
 * and answers when it has ended. */
void corv_reload_admin_head(struct corv_app *app, struct corv_http_request *r);
void corv_reload_admin_body(struct corv_app *app, struct corv_http_request *r);

#endif
