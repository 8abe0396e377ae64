/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/upkeep.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/deliver.h"
#include "daemon/host/host.h"
#include "daemon/retention.h"
#include "daemon/service.h"
#include "queue/embedded_pg.h"
#include "queue/queue.h"

#define TICK_MS         2000
#define BACKLOG_TICKS   5          /* the backlog is counted every 10 s */
#define PARTITION_TICKS (3600 / 2) /* partitions are looked after every hour */

struct corv_upkeep {
    uv_timer_t timer; /* data: the app */
    uv_work_t revive;
    struct corv_fault fault;
    int64_t asked_us; /* monotonic: when the backlog was asked for */
    bool reviving;
    bool releasing;
    bool stopped;
    unsigned long ticks;
};

static void revive_work(uv_work_t *req)
{
    struct corv_app *app = req->data;

    app->upkeep->fault = (struct corv_fault){0};
    if (corv_embedded_pg_revive(app->embedded, &app->upkeep->fault) != CORV_OK &&
        app->upkeep->fault.cls == CORV_FAULT_NONE)
        app->upkeep->fault.cls = CORV_FAULT_STORE;
}

static void upkeep_closed(uv_handle_t *handle)
{
    free(CORV_LIST_ITEM(handle, struct corv_upkeep, timer));
}

static void release(struct corv_upkeep *u)
{
    uv_close((uv_handle_t *)&u->timer, upkeep_closed);
}

static void revived(uv_work_t *req, int status)
{
    struct corv_app *app = req->data;
    struct corv_upkeep *u = CORV_LIST_ITEM(req, struct corv_upkeep, revive);

    (void)status;
    u->reviving = false;
    if (u->fault.cls != CORV_FAULT_NONE)
        CORV_LOG(ERROR, "database.not-revived", NULL, CORV_F(CODE, u->fault.code),
            CORV_F(REASON, u->fault.text));
    if (u->stopped) {
        release(u);
        app->upkeep = NULL;
    }
}

static void backlog_came(void *ctx, const struct corv_backlog *b, size_t count, bool failed)
{
    struct corv_app *app = ctx;
    int64_t now = corv_clock_us();
    int64_t oldest = 0;
    uint64_t waiting = 0;
    uint64_t due = 0;
    const struct corv_upkeep *u = app->upkeep;

    if (failed)
        return;
    for (size_t i = 0; i < count; i++) {
        waiting += b[i].waiting;
        due += b[i].due;
        if (b[i].oldest_due_us && now - b[i].oldest_due_us > oldest)
            oldest = now - b[i].oldest_due_us;
    }
    corv_service_backlog(app, b, count);
    if (corv_depth_backlog(&app->depth, b, count) != CORV_OK)
        CORV_LOG(DEBUG, "upkeep.backlog-later", NULL);
    app->metrics.counted_us = corv_clock_mono_us();
    if (u)
        app->metrics.round_trip_us = (uint64_t)(app->metrics.counted_us - u->asked_us);
    app->metrics.deliveries_waiting = waiting;
    app->metrics.deliveries_due = due;
    app->metrics.oldest_due_us = (uint64_t)oldest;
}

static void aside_came(
    void *ctx, const struct corv_aside *a, size_t count, uint64_t leased, bool failed)
{
    struct corv_app *app = ctx;

    if (!failed && corv_depth_aside(&app->depth, a, count, leased) != CORV_OK)
        CORV_LOG(DEBUG, "upkeep.backlog-later", NULL);
}

static void ask_backlog(struct corv_app *app)
{
    app->upkeep->asked_us = corv_clock_mono_us();
    if (corv_queue_aside(app->queue, aside_came, app) != CORV_OK ||
        corv_queue_backlog(app->queue, backlog_came, app) != CORV_OK)
        CORV_LOG(DEBUG, "upkeep.backlog-later", NULL);
}

static void show_life(struct corv_app *app)
{
    if (corv_queue_pulse(app->queue) != CORV_OK)
        CORV_LOG(DEBUG, "upkeep.pulse-later", NULL);
}

static void make_partitions(struct corv_app *app)
{
    if (corv_queue_ensure_partitions(app->queue) != CORV_OK)
        CORV_LOG(DEBUG, "upkeep.partitions-later", NULL);
}

static void own_leases_released(void *ctx, bool committed)
{
    struct corv_app *app = ctx;

    if (app->upkeep)
        app->upkeep->releasing = false;
    if (!committed || app->open)
        return; /* the next tick asks again */
    app->open = true;
    CORV_LOG(INFO, "daemon.ready", NULL, CORV_F(WHAT, app->config->node));
    make_partitions(app);
    corv_retention_note_start(app);
    corv_queue_bring_back(app->queue);
    corv_deliver_soon(app);
    corv_hosts_room(app->hosts);
}

void corv_upkeep_connected(struct corv_app *app)
{
    struct corv_upkeep *u = app->upkeep;

    if (app->open || !u || u->releasing || u->stopped)
        return;
    u->releasing = corv_queue_release_own(app->queue, own_leases_released, app) == CORV_OK;
}

static void revive_database(struct corv_app *app)
{
    struct corv_upkeep *u = app->upkeep;

    if (!app->embedded || corv_queue_connected(app->queue) || u->reviving)
        return;
    u->revive.data = app;
    u->reviving = uv_queue_work(&app->loop, &u->revive, revive_work, revived) == 0;
}

static unsigned backlog_ticks(void)
{
#ifdef CORV_CRASH_POINTS /* test builds: who looks often wants to see something new */
    if (getenv("CORVD_ALARMS_MS"))
        return 1;
#endif
    return BACKLOG_TICKS;
}

static void tick(uv_timer_t *timer)
{
    struct corv_app *app = timer->data;
    struct corv_upkeep *u = app->upkeep;

    u->ticks++;
    revive_database(app);
    if (corv_queue_connected(app->queue))
        corv_upkeep_connected(app);
    if (app->open && u->ticks % backlog_ticks() == 0)
        ask_backlog(app);
    if (app->open && u->ticks % BACKLOG_TICKS == 0)
        show_life(app);
    if (app->open && u->ticks % PARTITION_TICKS == 0)
        make_partitions(app);
}

corv_rc corv_upkeep_start(struct corv_app *app)
{
    app->upkeep = calloc(1, sizeof *app->upkeep);
    if (!app->upkeep)
        return CORV_E_NOMEM;
    (void)uv_timer_init(&app->loop, &app->upkeep->timer);
    app->upkeep->timer.data = app;
    (void)uv_timer_start(&app->upkeep->timer, tick, TICK_MS, TICK_MS);
    return CORV_OK;
}

void corv_upkeep_stop(struct corv_app *app)
{
    struct corv_upkeep *u = app->upkeep;

    if (!u || u->stopped)
        return;
    u->stopped = true;
    (void)uv_timer_stop(&u->timer);
    if (!u->reviving) {
        release(u);
        app->upkeep = NULL;
    }
}
