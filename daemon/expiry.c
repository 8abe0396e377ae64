/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/expiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/certs.h"

#define HOUR_MS  (3600u * 1000)
#define FIRST_MS 1000
#define STEP_ACT 3 /* 30 days: from here on it is a warning, from the next on an error */

struct told {
    char key[48];
    int days;
    unsigned step;
    bool readable;
};

struct corv_expiry {
    struct corv_app *app;
    uv_timer_t timer;
    uv_work_t work;
    struct corv_config *config;             /* held during a look */
    struct corv_cert certs[CORV_CERTS_MAX]; /* the worker's during a look */
    unsigned certs_count;
    struct told told[CORV_CERTS_MAX];
    unsigned told_count;
    bool looked;
    bool busy;
    bool again;
    bool stopped;
};

static void look(uv_work_t *work)
{
    struct corv_expiry *e = work->data;

    e->certs_count = corv_certs_of(e->config, e->certs);
}

static const struct told *before(const struct corv_expiry *e, const char *key)
{
    for (unsigned i = 0; i < e->told_count; i++)
        if (strcmp(e->told[i].key, key) == 0)
            return &e->told[i];
    return NULL;
}

static void tell(const struct corv_cert *c, unsigned step)
{
    if (step > STEP_ACT)
        CORV_LOG(
            ERROR, "certificate.expires", NULL, CORV_F(WHAT, c->key), CORV_N(COUNT, c->file.days));
    else if (step == STEP_ACT)
        CORV_LOG(WARNING, "certificate.expires", NULL, CORV_F(WHAT, c->key),
            CORV_N(COUNT, c->file.days));
    else
        CORV_LOG(
            INFO, "certificate.expires", NULL, CORV_F(WHAT, c->key), CORV_N(COUNT, c->file.days));
}

static void note(struct corv_expiry *e)
{
    struct told fresh[CORV_CERTS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < e->certs_count; i++) {
        const struct corv_cert *c = &e->certs[i];
        struct told *t = &fresh[count];
        const struct told *old = before(e, c->key);

        if (!c->readable) {
            CORV_LOG(ERROR, "certificate.unreadable", NULL, CORV_F(WHAT, c->key),
                CORV_F(REASON, c->fault.text));
            *t = (struct told){.readable = false};
        } else {
            *t = (struct told){
                .days = c->file.days, .step = corv_cert_step(&c->file), .readable = true};
        }
        (void)snprintf(t->key, sizeof t->key, "%s", c->key);
        if (t->step > (old ? old->step : 0))
            tell(c, t->step);
        count++;
    }
    memcpy(e->told, fresh, count * sizeof fresh[0]);
    e->told_count = count;
    e->looked = true;
}

static void looked(uv_work_t *work, int status)
{
    struct corv_expiry *e = work->data;

    e->busy = false;
    if (status == 0 && !e->stopped)
        note(e);
    corv_config_free(e->config);
    e->config = NULL;
    if (e->again && !e->stopped) {
        e->again = false;
        corv_expiry_look(e->app);
    }
}

void corv_expiry_look(struct corv_app *app)
{
    struct corv_expiry *e = app->expiry;

    if (!e || e->stopped)
        return;
    if (e->busy) {
        e->again = true;
        return;
    }
    e->config = corv_config_hold(app->config);
    e->work.data = e;
    e->busy = uv_queue_work(&app->loop, &e->work, look, looked) == 0;
    if (!e->busy) {
        corv_config_free(e->config);
        e->config = NULL;
    }
}

static void hour_passed(uv_timer_t *timer)
{
    struct corv_expiry *e = timer->data;

    corv_expiry_look(e->app);
}

bool corv_expiry_each(
    const struct corv_app *app, void (*each)(void *ctx, const struct corv_expires *x), void *ctx)
{
    const struct corv_expiry *e = app->expiry;

    for (unsigned i = 0; e && i < e->told_count; i++) {
        const struct told *t = &e->told[i];
        const struct corv_expires x = {.key = t->key,
            .days = t->days,
            .near = t->step > STEP_ACT    ? CORV_EXPIRES_SOON
                    : t->step == STEP_ACT ? CORV_EXPIRES_MONTH
                    : t->step > 0         ? CORV_EXPIRES_SEASON
                                          : CORV_EXPIRES_FAR,
            .readable = t->readable};

        each(ctx, &x);
    }
    return e && e->looked;
}

void corv_expiry_write(const struct corv_app *app, struct corv_buf *b)
{
    const struct corv_expiry *e = app->expiry;
    char labels[80];

    corv_metric_head(b, CORV_M_certificate_left_seconds);
    for (unsigned i = 0; e && i < e->told_count; i++) {
        if (!e->told[i].readable)
            continue;
        (void)snprintf(labels, sizeof labels, "{what=\"%s\"}", e->told[i].key);
        corv_metric_value(b, CORV_M_certificate_left_seconds, labels, e->told[i].days * 86400.0);
    }
}

bool corv_expiry_get(const struct corv_app *app, unsigned i, struct corv_expiry_seen *out)
{
    const struct corv_expiry *e = app->expiry;

    if (!e || i >= e->told_count)
        return false;
    *out = (struct corv_expiry_seen){.what = e->told[i].key,
        .days = e->told[i].days,
        .act = !e->told[i].readable || e->told[i].step >= STEP_ACT};
    return true;
}

corv_rc corv_expiry_start(struct corv_app *app)
{
    struct corv_expiry *e = calloc(1, sizeof *e);

    if (!e)
        return CORV_E_NOMEM;
    e->app = app;
    (void)uv_timer_init(&app->loop, &e->timer);
    e->timer.data = e;
    (void)uv_timer_start(&e->timer, hour_passed, FIRST_MS, HOUR_MS);
    uv_unref((uv_handle_t *)&e->timer);
    app->expiry = e;
    return CORV_OK;
}

void corv_expiry_stop(struct corv_app *app)
{
    struct corv_expiry *e = app->expiry;

    if (!e || e->stopped)
        return;
    e->stopped = true;
    uv_close((uv_handle_t *)&e->timer, NULL);
}

void corv_expiry_free(struct corv_app *app)
{
    free(app->expiry);
    app->expiry = NULL;
}
