/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/retention.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/journey.h"
#include "daemon/loop/pool.h"
#include "queue/forget.h"
#include "queue/purge.h"
#include "queue/queue.h"

#define EVERY_MS 300000 /* content is due a quarter of an hour before it has to be gone */
/* What was kept in memory while the database was away is stored by then. */
#define STEADY_MS  60000
#define TRAFFIC_MS 3600000 /* traffic data is looked after once an hour */
#define LATE_S     900     /* no whole pass for so long: an operator should know */

struct corv_retention {
    uv_timer_t timer;           /* data: the app */
    char *conninfo;             /* owned: of the server that the queue writes on */
    struct corv_config *config; /* counted, while a pass is under way */
    struct corv_queue_event started;
    char *detail; /* owned: of started */
    unsigned every_ms, grace_ms, steady_ms, traffic_ms;
    int64_t traffic_us; /* monotonic: when traffic data is due */
    bool traffic;       /* this pass does it */
    struct corv_forget_order forget;
    struct corv_forget_report forgotten;
    int64_t connected_us; /* monotonic; 0: not connected */
    int64_t whole_us;     /* monotonic: the last whole pass, or the start */
    bool warned;
    bool running;
    bool stopped;
    atomic_bool stop;
    pthread_mutex_t mutex;      /* around keeper */
    struct corv_keeper *keeper; /* of the pass under way */
    struct corv_purge_order order;
    struct corv_purge_report report;
    struct corv_fault fault;
    corv_rc rc;
};

static void pass_due(uv_timer_t *timer);

static void again(struct corv_retention *r, unsigned ms)
{
    if (!r->stopped)
        (void)uv_timer_start(&r->timer, pass_due, ms, 0);
}

/* ---- on a worker -------------------------------------------------------------------------- */

static void hold(struct corv_retention *r, struct corv_keeper *k)
{
    (void)pthread_mutex_lock(&r->mutex);
    r->keeper = k;
    (void)pthread_mutex_unlock(&r->mutex);
}

static void crash_point(const char *name)
{
    (void)name; /* unless this is a test build */
    corv_crash_point(name);
}

static void work(void *data)
{
    struct corv_app *app = data;
    struct corv_retention *r = app->retention;
    struct corv_keeper *k = NULL;

    r->rc = corv_keeper_open(r->conninfo, r->config->node, app->vault, &k, &r->fault);
    if (r->rc != CORV_OK)
        return;
    hold(r, k);
    r->rc = corv_purge(k, &r->order, &r->report, &r->fault);
    if (r->rc == CORV_OK && r->traffic)
        r->rc = corv_forget_traffic(k, &r->forget, &r->forgotten, &r->fault);
    hold(r, NULL);
    corv_keeper_close(k);
}

/* ---- on the loop -------------------------------------------------------------------------- */

uint64_t corv_retention_age_s(const struct corv_app *app)
{
    const struct corv_retention *r = app->retention;

    return r ? (uint64_t)((corv_clock_mono_us() - r->whole_us) / 1000000) : 0;
}

static void tell_forgotten(struct corv_app *app)
{
    const struct corv_forget_report *f = &app->retention->forgotten;

    if (!app->retention->traffic)
        return;
    app->metrics.traffic_blocked = f->blocked;
    app->metrics.traffic_late_seconds = f->late_s;
    if (f->months || f->messages || f->references)
        CORV_LOG(INFO, "retention.traffic", NULL, CORV_N(COUNT, f->messages));
    if (f->blocked)
        CORV_LOG(WARNING, "retention.traffic-blocked", NULL, CORV_N(COUNT, f->blocked));
    if (f->late_s)
        CORV_LOG(
            WARNING, "retention.late", NULL, CORV_F(WHAT, "traffic"), CORV_N(MS, 1000 * f->late_s));
}

static void tell(struct corv_app *app)
{
    const struct corv_purge_report *p = &app->retention->report;
    struct corv_metrics *m = &app->metrics;

    m->payloads_destroyed_total += p->destroyed;
    m->payloads_resealed_total += p->resealed;
    m->keys_destroyed_total += p->keys_destroyed;
    m->payload_late_seconds = p->payload_late_s;
    m->key_late_seconds = p->key_late_s;
    m->payloads_unreadable = p->unreadable;
    if (p->destroyed || p->resealed || p->keys_destroyed || p->partitions)
        CORV_LOG(
            INFO, "retention.pass", NULL, CORV_F(WHAT, "payload"), CORV_N(COUNT, p->destroyed));
    if (p->keys_destroyed)
        CORV_LOG(
            INFO, "retention.pass", NULL, CORV_F(WHAT, "key"), CORV_N(COUNT, p->keys_destroyed));
    tell_forgotten(app);
    if (p->payload_late_s || p->key_late_s)
        CORV_LOG(WARNING, "retention.late", NULL, CORV_F(WHAT, p->key_late_s ? "key" : "payload"),
            CORV_N(MS, 1000 * (p->key_late_s ? p->key_late_s : p->payload_late_s)));
}

static void failed(struct corv_app *app)
{
    struct corv_retention *r = app->retention;

    CORV_LOG(WARNING, "retention.failed", NULL, CORV_F(CODE, r->fault.code),
        CORV_F(REASON, r->fault.text));
    if (!r->warned && corv_retention_age_s(app) > LATE_S) {
        r->warned = true;
        CORV_LOG(ERROR, "retention.stuck", NULL, CORV_N(MS, 1000 * corv_retention_age_s(app)));
    }
}

static void pass_done(void *data, bool ran)
{
    struct corv_app *app = data;
    struct corv_retention *r = app->retention;
    bool soon = r->report.keys_begun > 0 && r->grace_ms < r->every_ms;

    r->running = false;
    corv_config_free(r->config);
    r->config = NULL;
    if (!ran || r->stopped)
        return;
    tell(app); /* what was committed before it failed counts too */
    if (r->traffic && (r->rc == CORV_OK || r->rc == CORV_AGAIN)) /* again: somebody reads it now */
        r->traffic_us = corv_clock_mono_us() + (int64_t)r->traffic_ms * 1000;
    if (r->rc == CORV_OK || r->rc == CORV_AGAIN) {
        r->whole_us = corv_clock_mono_us();
        r->warned = false;
    } else {
        failed(app);
    }
    again(r, soon ? r->grace_ms + 1000 : r->every_ms);
}

static bool may_begin(const struct corv_app *app)
{
    const struct corv_retention *r = app->retention;

    return app->open && r->connected_us &&
           corv_clock_mono_us() - r->connected_us >= (int64_t)r->steady_ms * 1000;
}

static void pass_due(uv_timer_t *timer)
{
    struct corv_app *app = timer->data;
    struct corv_retention *r = app->retention;

    again(r, r->every_ms);
    if (r->running || !may_begin(app))
        return;
    r->fault = (struct corv_fault){0};
    r->report = (struct corv_purge_report){0};
    r->order = (struct corv_purge_order){.now_us = corv_clock_us(),
        .payload_hours = app->config->retention.payload_hours,
        .grace_ms = r->grace_ms,
        .at = crash_point,
        .stop = &r->stop};
    r->forgotten = (struct corv_forget_report){0};
    r->forget = (struct corv_forget_order){.now_us = r->order.now_us,
        .traffic_days = app->config->retention.traffic_days,
        .stop = &r->stop};
    r->traffic = corv_clock_mono_us() >= r->traffic_us;
    r->config = corv_config_hold(app->config);
    free(r->conninfo);
    r->conninfo = strdup(corv_queue_place(app->queue));
    r->running =
        r->conninfo && corv_pool_submit(app->pool, work, pass_done, app, false, NULL) == CORV_OK;
    if (!r->running)
        pass_done(app, false);
}

void corv_retention_connected(struct corv_app *app, bool connected)
{
    struct corv_retention *r = app->retention;

    if (!r)
        return;
    r->connected_us = connected ? corv_clock_mono_us() : 0;
    if (connected && !r->running)
        again(r, r->steady_ms + 1);
}

/* ---- what holds from now on, for the audit trail -------------------------------------------- */

static void start_noted(void *ctx, bool committed)
{
    (void)ctx;
    if (!committed)
        CORV_LOG(WARNING, "retention.start-not-noted", NULL);
}

void corv_retention_note_start(struct corv_app *app)
{
    struct corv_retention *r = app->retention;
    const struct corv_config *c = app->config;
    json_t *said;

    if (!r || r->detail)
        return;
    said = json_pack("{s:s, s:s, s:i, s:i}", "version", CORV_VERSION, "config", c->digest,
        "payload_hours", (int)c->retention.payload_hours, "traffic_days",
        (int)c->retention.traffic_days);
    if (said && c->retention.payload_hours > CORV_LAWFUL_HOURS)
        (void)json_object_set_new(said, "ground", json_string(c->retention.ground));
    r->detail = said ? json_dumps(said, JSON_COMPACT) : NULL;
    json_decref(said);
    r->started = (struct corv_queue_event){
        .event = "node.started", .actor = app->actor, .detail = r->detail};
    if (corv_queue_note(app->queue, &r->started, start_noted, app) != CORV_OK)
        start_noted(app, false);
}

/* ---- life --------------------------------------------------------------------------------- */

static void read_pace(struct corv_retention *r)
{
    r->every_ms = EVERY_MS;
    r->grace_ms = CORV_PURGE_GRACE_MS;
    r->steady_ms = STEADY_MS;
    r->traffic_ms = TRAFFIC_MS;
#ifdef CORV_CRASH_POINTS /* test builds: a day must not take a day */
    const char *pace = getenv("CORVD_CHORES_MS");

    if (pace)
        r->every_ms = r->grace_ms = r->steady_ms = r->traffic_ms =
            (unsigned)strtoul(pace, NULL, 10);
#endif
}

corv_rc corv_retention_start(struct corv_app *app)
{
    struct corv_retention *r = calloc(1, sizeof *r);

    if (!r)
        return CORV_E_NOMEM;
    app->retention = r; /* freed by corv_retention_free, whatever becomes of the start */
    r->whole_us = r->traffic_us = corv_clock_mono_us();
    (void)pthread_mutex_init(&r->mutex, NULL);
    read_pace(r);
    (void)uv_timer_init(&app->loop, &r->timer);
    r->timer.data = app;
    again(r, r->every_ms);
    return CORV_OK;
}

void corv_retention_stop(struct corv_app *app)
{
    struct corv_retention *r = app->retention;

    if (!r || r->stopped)
        return;
    r->stopped = true;
    uv_close((uv_handle_t *)&r->timer, NULL);
    atomic_store(&r->stop, true);
    (void)pthread_mutex_lock(&r->mutex);
    if (r->keeper)
        corv_keeper_cancel(r->keeper);
    (void)pthread_mutex_unlock(&r->mutex);
}

void corv_retention_free(struct corv_app *app)
{
    struct corv_retention *r = app->retention;

    if (!r)
        return;
    (void)pthread_mutex_destroy(&r->mutex);
    free(r->conninfo);
    free(r->detail);
    free(r);
    app->retention = NULL;
}
