/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/reload.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/in_force.h"
#include "daemon/base/clock.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/build_up.h"
#include "daemon/certs.h"
#include "daemon/deliver.h"
#include "daemon/expiry.h"
#include "daemon/host/host.h"
#include "daemon/judge_up.h"
#include "daemon/reload_parts.h"
#include "daemon/service.h"

struct corv_reload {
    struct corv_app *app;
    struct corv_config *started; /* held: settings that count at start come from here */
    struct corv_reload_result last;
    bool busy;
    bool again; /* a signal came meanwhile */

    /* of the one under way; the worker's until its callback */
    uv_work_t work;
    struct corv_reload_who who;
    struct corv_reload_result result;
    struct corv_config *fresh;
    struct corv_tls_server *tls;
    struct corv_judge *judge;
    struct corv_fault tls_fault;
    struct corv_fault judge_fault;
    corv_reload_done done;
    void *ctx;
};

/* ---- what is told ------------------------------------------------------------------------- */

void corv_reload_add_fault(
    struct corv_reload_result *r, const struct corv_fault *f, int line, const char *path)
{
    corv_findings_addf(&r->findings, CORV_LAYER_CONFIG, CORV_ACT_BEHEERDER,
        f->code[0] ? f->code : "config.memory", line, path, "%s",
        f->text[0] ? f->text : "Er is te weinig geheugen.");
}

void corv_reload_add_restart(struct corv_reload_result *r, const char *name)
{
    for (unsigned i = 0; i < r->restart_count; i++)
        if (strcmp(r->restart[i], name) == 0)
            return;
    if (r->restart_count < CORV_RELOAD_RESTART_MAX)
        (void)snprintf(r->restart[r->restart_count++], sizeof r->restart[0], "%s", name);
}

static void differed(void *ctx, const char *name)
{
    corv_reload_add_restart(ctx, name);
}

static void log_result(const struct corv_reload_result *r)
{
    for (size_t i = 0; i < r->findings.count; i++) {
        const struct corv_finding *f = &r->findings.list[i];

        if (f->severity == CORV_SEV_ERROR)
            CORV_LOG(ERROR, "config.finding", NULL, CORV_F(CODE, f->code), CORV_N(LINE, f->line),
                CORV_F(REASON, f->text));
        else
            CORV_LOG(WARNING, "config.finding", NULL, CORV_F(CODE, f->code), CORV_N(LINE, f->line),
                CORV_F(REASON, f->text));
    }
    for (unsigned i = 0; i < r->restart_count; i++)
        CORV_LOG(WARNING, "config.needs-restart", NULL, CORV_F(WHAT, r->restart[i]));
    if (r->applied)
        CORV_LOG(INFO, "config.reloaded", NULL, CORV_F(DIGEST, r->to));
    else
        CORV_LOG(ERROR, "config.rejected", NULL, CORV_F(DIGEST, r->from),
            CORV_N(COUNT, r->findings.errors));
}

/* ---- aside, on a worker ------------------------------------------------------------------- */

static void name_actor(const struct corv_reload *l, char *out, size_t size)
{
    char host[48] = "?";
    char text[1024];
    struct passwd pw;
    struct passwd *found = NULL;

    if (!l->who.known) {
        (void)snprintf(out, size, "%s", l->app->actor);
        return;
    }
    (void)gethostname(host, sizeof host - 1);
    if (l->who.claimed[0])
        (void)snprintf(out, size, "operator:%s@%s", l->who.claimed, host);
    else if (getpwuid_r(l->who.uid, &pw, text, sizeof text, &found) == 0 && found)
        (void)snprintf(out, size, "operator:%.32s@%s", found->pw_name, host);
    else
        (void)snprintf(out, size, "operator:%u@%s", l->who.uid, host);
}

/* Reads files only: what is in force is not touched. */
static void read_aside(uv_work_t *work)
{
    struct corv_reload *l = work->data;

    name_actor(l, l->result.actor, sizeof l->result.actor);
    if (corv_config_load(l->started->path, &l->fresh, &l->result.findings) != CORV_OK)
        return;

    const struct corv_tls_files files = corv_intake_tls(l->fresh);

    corv_config_keep_started(l->started, l->fresh, differed, &l->result);
    corv_certs_check(l->fresh, &l->result.findings);
    if (corv_tls_server_new(&files, &l->tls, &l->tls_fault) != CORV_OK &&
        l->tls_fault.cls == CORV_FAULT_NONE)
        l->tls_fault.cls = CORV_FAULT_BUG;
    if (corv_judge_up(l->fresh, &l->judge, &l->judge_fault) != CORV_OK &&
        l->judge_fault.cls == CORV_FAULT_NONE)
        l->judge_fault.cls = CORV_FAULT_BUG;
}

/* ---- check and swap, on the loop ---------------------------------------------------------- */

static bool check(struct corv_reload *l)
{
    struct corv_reload_result *r = &l->result;

    if (!l->fresh)
        return false;
    (void)snprintf(r->to, sizeof r->to, "%s", l->fresh->digest);
    if (l->tls_fault.cls != CORV_FAULT_NONE)
        corv_reload_add_fault(r, &l->tls_fault, 0, "listen");
    if (l->judge_fault.cls != CORV_FAULT_NONE)
        corv_reload_add_fault(r, &l->judge_fault, 0, "schemas[], rules[]");
    if (l->fresh->delivery.lease_seconds <= l->fresh->delivery.timeout_seconds)
        corv_findings_addf(&r->findings, CORV_LAYER_CONFIG, CORV_ACT_BEHEERDER, "config.lease", 0,
            "delivery.timeout_seconds",
            "timeout_seconds moet minder zijn dan de lease_seconds waarmee corvd gestart is; start "
            "corvd daarvoor opnieuw.");
    corv_reload_check_adapters(l->app, l->fresh, r);
    return r->findings.errors == 0;
}

/* Lanes first: the only step that may fail for lack of memory. */
static bool swap(struct corv_reload *l)
{
    struct corv_app *app = l->app;
    struct corv_config *old = app->config;
    enum corv_log_level level = CORV_LOG_INFO;

    if (corv_reload_apply_adapters(app, l->fresh, &l->result) != CORV_OK)
        return false;
    app->config = l->fresh;
    if (corv_deliver_refresh(app) != CORV_OK) {
        const struct corv_fault f = {0};

        app->config = old;
        corv_reload_add_fault(&l->result, &f, 0, "parties");
        return false;
    }

    const struct corv_http_limits intake = corv_intake_limits(app->config);
    const struct corv_http_limits admin = corv_admin_limits(app->config);

    corv_http_server_set_tls(app->intake, l->tls);
    corv_http_server_set_limits(app->intake, &intake);
    corv_hosts_set_limits(app->hosts, &intake);
    corv_hosts_set_self(app->hosts, app->config->oin, app->config->application);
    corv_http_server_set_limits(app->admin, &admin);
    corv_tls_server_free(app->tls);
    app->tls = l->tls;
    corv_judge_free(app->judge);
    app->judge = l->judge;
    l->judge = NULL;
    l->tls = NULL;
    l->fresh = NULL;
    if (corv_log_level_read(app->config->log_level, &level) == CORV_OK)
        corv_log_set_level(level);
    corv_config_free(old);
    corv_deliver_soon(app);
    corv_expiry_look(app);
    return true;
}

static void finish(struct corv_reload *l)
{
    corv_reload_done done = l->done;

    corv_config_free(l->fresh);
    corv_tls_server_free(l->tls);
    corv_judge_free(l->judge);
    l->fresh = NULL;
    l->tls = NULL;
    l->judge = NULL;
    corv_findings_free(&l->last.findings);
    l->last = l->result;
    l->result = (struct corv_reload_result){0};
    l->busy = false;
    l->done = NULL;
    if (done)
        done(l->ctx, &l->last);
}

static void read_done(uv_work_t *work, int status)
{
    struct corv_reload *l = work->data;
    struct corv_app *app = l->app;

    if (status == 0 && !app->draining) {
        l->result.applied = check(l) && swap(l);
        log_result(&l->result);
        corv_reload_audit(app, &l->result);
        corv_service_reloaded(app);
    }
    finish(l);
    if (l->again && !app->draining) {
        l->again = false;
        if (corv_reload(app, NULL, NULL, NULL) != CORV_OK)
            CORV_LOG(ERROR, "config.not-reloaded", NULL);
    }
}

corv_rc corv_reload(
    struct corv_app *app, const struct corv_reload_who *who, corv_reload_done done, void *ctx)
{
    struct corv_reload *l = app->reload;

    if (app->draining || !l)
        return CORV_E_STATE;
    if (l->busy) {
        l->again = l->again || !done;
        return CORV_AGAIN;
    }
    l->who = who ? *who : (struct corv_reload_who){0};
    l->done = done;
    l->ctx = ctx;
    l->tls_fault = l->judge_fault = (struct corv_fault){0};
    l->result.number = l->last.number + 1;
    l->result.at_us = corv_clock_us();
    memcpy(l->result.from, app->config->digest, sizeof l->result.from);
    corv_findings_init(&l->result.findings);
    l->work.data = l;
    if (uv_queue_work(&app->loop, &l->work, read_aside, read_done) != 0)
        return CORV_E_IO;
    l->busy = true;
    corv_service_reloading(app);
    CORV_LOG(INFO, "config.reloading", NULL, CORV_F(WHAT, l->started->path));
    return CORV_OK;
}

const struct corv_reload_result *corv_reload_last(const struct corv_app *app)
{
    static const struct corv_reload_result none;

    return app->reload ? &app->reload->last : &none;
}

corv_rc corv_reload_start(struct corv_app *app)
{
    app->reload = calloc(1, sizeof *app->reload);
    if (!app->reload)
        return CORV_E_NOMEM;
    app->reload->app = app;
    app->reload->started = corv_config_hold(app->config);
    return CORV_OK;
}

void corv_reload_free(struct corv_app *app)
{
    struct corv_reload *l = app->reload;

    if (!l)
        return;
    corv_findings_free(&l->last.findings);
    corv_config_free(l->started);
    free(l);
    app->reload = NULL;
}
