/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "config/config.h"
#include "daemon/base/clock.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/lane.h"
#include "daemon/progress.h"

#define TICK_MS         1000
#define STARTING_MS     100 /* until READY: whoever waits for it waits for nothing else */
#define STATUS_US       INT64_C(10000000)
#define EXTEND_US       30000000 /* how long the manager waits after the last sign of life */
#define PATIENCE_MORE_S 30

struct corv_service {
    uv_timer_t timer;     /* data: the app */
    uint64_t watchdog_us; /* 0: nobody watches */
    uint64_t often_ms;
    int64_t status_at_us;
    bool told_ready;
    bool owes_ready; /* it was not taken yet */
    bool told_stuck;
    bool was_connected;
    uint64_t due; /* without an excuse */
    int64_t counted_us;
    struct corv_progress_state progress;
};

/* ---- progress ----------------------------------------------------------------------------- */

/* A lane that has a reason of its own to wait, which the log and the metrics tell. */
static bool excused(const struct corv_lanes *lanes, const char *party, int64_t now_us)
{
    for (size_t i = 0; i < corv_lanes_count(lanes); i++) {
        struct corv_lane_info info;

        corv_lane_info_get(lanes, i, &info);
        if (strcmp(info.party, party) == 0)
            return info.failures > 0 || info.paused_until_us > now_us;
    }
    return true; /* not in the configuration: only an operator can mend that */
}

void corv_service_backlog(struct corv_app *app, const struct corv_backlog *b, size_t count)
{
    struct corv_service *s = app->service;
    int64_t now = corv_clock_mono_us();

    if (!s || !app->lanes)
        return;
    s->counted_us = now;
    s->due = 0;
    for (size_t i = 0; i < count; i++)
        if (b[i].due > 0 && !excused(app->lanes, b[i].party, now))
            s->due += b[i].due;
}

static enum corv_progress progress(struct corv_app *app)
{
    const struct corv_metrics *m = &app->metrics;
    const struct corv_progress_facts f = {.now_us = corv_clock_mono_us(),
        .patience_us =
            (2 * (int64_t)app->config->delivery.timeout_seconds + PATIENCE_MORE_S) * 1000000,
        .open = app->open,
        .draining = app->draining,
        .database = app->queue && corv_queue_connected(app->queue),
        .due = app->service->due,
        .counted_us = app->service->counted_us,
        .delivery_steps = m->deliveries_leased_total + m->deliveries_from_memory_total +
                          m->deliveries_confirmed_total + m->deliveries_later_total +
                          m->deliveries_dead_total,
        .intake = m->intake_now,
        .intake_steps = m->messages_accepted_total + m->messages_repeated_total +
                        m->messages_conflict_total + m->messages_refused_total +
                        m->messages_unavailable_total};

    return corv_progress_judge(&app->service->progress, &f);
}

/* ---- signs of life ------------------------------------------------------------------------ */

static void tell_status(struct corv_app *app, enum corv_progress p)
{
    const struct corv_metrics *m = &app->metrics;

    if (!app->open || !corv_queue_connected(app->queue))
        (void)corv_service_say("STATUS=Wacht op de database; berichten worden geweigerd (503).");
    else
        (void)corv_service_say("STATUS=%s Wachtrij: %" PRIu64 ", aan de beurt: %" PRIu64
                               ", oudste: %" PRIu64 " s. Database: verbonden.",
            p == CORV_PROGRESS_STUCK ? "ER BEWEEGT NIETS MEER." : "Neemt berichten aan.",
            m->deliveries_waiting, m->deliveries_due, m->oldest_due_us / 1000000);
}

static void look_stuck(struct corv_service *s, enum corv_progress p)
{
    bool stuck = p == CORV_PROGRESS_STUCK;

    if (stuck && !s->told_stuck)
        CORV_LOG(ERROR, "daemon.stuck", NULL, CORV_N(COUNT, s->due));
    else if (!stuck && s->told_stuck)
        CORV_LOG(WARNING, "daemon.moves-again", NULL);
    s->told_stuck = stuck;
}

static void tick(uv_timer_t *timer)
{
    struct corv_app *app = timer->data;
    struct corv_service *s = app->service;
    bool connected = app->queue && corv_queue_connected(app->queue);
    enum corv_progress p = progress(app);
    int64_t now = corv_clock_mono_us();
    bool became_ready = app->open && !s->told_ready && !app->draining;

    if (became_ready)
        s->told_ready = s->owes_ready = true;
    if (s->owes_ready && !app->draining)
        s->owes_ready = !corv_service_say("READY=1");
    if (became_ready)
        uv_timer_set_repeat(timer, s->often_ms);
    if (!app->draining &&
        (became_ready || connected != s->was_connected || now - s->status_at_us >= STATUS_US)) {
        s->status_at_us = now;
        if (s->told_ready)
            tell_status(app, p);
        else
            corv_service_waits("Wacht op de database.");
    }
    s->was_connected = connected;
    look_stuck(s, p);
    if (s->watchdog_us > 0 && p != CORV_PROGRESS_STUCK)
        (void)corv_service_say("WATCHDOG=1");
}

void corv_service_waits(const char *what)
{
    (void)corv_service_say("EXTEND_TIMEOUT_USEC=%d\nSTATUS=%s", EXTEND_US, what);
}

bool corv_service_stuck(const struct corv_app *app)
{
    return app->service && app->service->told_stuck;
}

void corv_service_reloading(struct corv_app *app)
{
    (void)corv_service_say("RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Leest de configuratie.",
        corv_clock_mono_us());
    if (app->service)
        app->service->status_at_us = 0; /* the usual status again at the next tick */
}

void corv_service_reloaded(struct corv_app *app)
{
    if (app->service && app->service->told_ready)
        app->service->owes_ready = !corv_service_say("READY=1");
}

void corv_service_stopping(struct corv_app *app)
{
    (void)app;
    (void)corv_service_say("STOPPING=1\nSTATUS=Stopt: rondt af wat onderweg is.");
}

/* ---- life --------------------------------------------------------------------------------- */

corv_rc corv_service_start(struct corv_app *app)
{
    struct corv_service *s = calloc(1, sizeof *s);

    if (!s)
        return CORV_E_NOMEM;
    s->often_ms = TICK_MS;
    if (sd_watchdog_enabled(0, &s->watchdog_us) <= 0)
        s->watchdog_us = 0;
    else if (s->watchdog_us / 3000 < TICK_MS) /* three times as often as it must be */
        s->often_ms = s->watchdog_us / 3000 + 1;
    (void)uv_timer_init(&app->loop, &s->timer);
    s->timer.data = app;
    app->service = s;
    (void)uv_timer_start(&s->timer, tick, STARTING_MS, STARTING_MS);
    uv_unref((uv_handle_t *)&s->timer);
    return CORV_OK;
}

static void closed(uv_handle_t *handle)
{
    free(CORV_LIST_ITEM(handle, struct corv_service, timer));
}

void corv_service_close(struct corv_app *app)
{
    if (!app->service)
        return;
    uv_close((uv_handle_t *)&app->service->timer, closed);
    app->service = NULL;
}
