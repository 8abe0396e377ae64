/* SPDX-License-Identifier: EUPL-1.2 */
/* What the alarms look at: one function per cause. A cause about which nothing can be known now is
 * left out of the round, so that what is open stays open. */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "daemon/alarms_parts.h"
#include "daemon/base/clock.h"
#include "daemon/expiry.h"
#include "daemon/host/host.h"
#include "daemon/lane.h"
#include "daemon/loop/pool.h"
#include "daemon/loop/watchdog.h"
#include "daemon/retention.h"
#include "daemon/sealing.h"
#include "daemon/service.h"
#include "queue/queue.h"

#define REFUSED_ROW   3 /* refusals in a row: no longer a matter of one message */
#define FRESH_S       60
#define PASS_LATE_S   1800
#define SEAL_LATE_S   600
#define TURN_US       1000000
#define WAIT_US       10000000
#define CALLS_PERCENT 20

struct look {
    struct corv_alarms *a;
    struct corv_app *app;
    int64_t now;   /* wall clock */
    int64_t since; /* microseconds since the last look */
    bool database;
    bool counted; /* what stands in the database is known, and lately */
};

static void bad(
    struct look *l, enum corv_cause c, const char *subject, const char *code, uint64_t value)
{
    const struct corv_bad b = {
        .severity = corv_cause_severity(c), .subject = subject, .code = code, .value = value};

    corv_incident_bad(&l->a->t, c, &b, l->now);
}

/* One that is either so or not. */
static void whole(struct look *l, enum corv_cause c, bool is_bad, const char *code, uint64_t value)
{
    corv_incidents_begin(&l->a->t, c);
    if (is_bad)
        bad(l, c, "", code, value);
    corv_incidents_end(&l->a->t, c, l->now);
}

/* ---- partners ------------------------------------------------------------------------------- */

static bool tried(const struct corv_lane_info *lane)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < CORV_LANE_CLASSES; i++)
        n += lane->attempts[i];
    return n > 0;
}

/* Away is who did not answer while something waits for him. After a restart nobody has been tried
 * yet: then it stays as it was for as long as something waits. */
static void look_at_away(struct look *l, const struct corv_lane_info *lane, uint64_t waits)
{
    const struct corv_bad b = {.severity = CORV_SEVERITY_ERROR,
        .subject = lane->party,
        .code = lane->code,
        .value = waits,
        .after_s = l->app->config->alarms.partner_seconds};

    if (lane->failures > 0 && waits > 0)
        corv_incident_bad(&l->a->t, CORV_CAUSE_PARTNER_AWAY, &b, l->now);
    else if (waits > 0 && !tried(lane))
        corv_incident_keep(&l->a->t, CORV_CAUSE_PARTNER_AWAY, lane->party);
}

static void look_at_partners(struct look *l)
{
    struct corv_lane_info lane;

    if (!l->counted)
        return;
    corv_incidents_begin(&l->a->t, CORV_CAUSE_PARTNER_AWAY);
    corv_incidents_begin(&l->a->t, CORV_CAUSE_PARTNER_REFUSES);
    for (size_t i = 0; i < corv_lanes_count(l->app->lanes); i++) {
        const struct corv_depth_lane *d;

        corv_lane_info_get(l->app->lanes, i, &lane);
        d = corv_depth_of(&l->app->depth, lane.party);
        look_at_away(l, &lane, (d ? d->waiting : 0) + lane.in_flight + lane.ready);
        if (lane.refused >= REFUSED_ROW)
            bad(l, CORV_CAUSE_PARTNER_REFUSES, lane.party, lane.code, lane.refused);
        else if (!tried(&lane) && d && d->dead > 0)
            corv_incident_keep(&l->a->t, CORV_CAUSE_PARTNER_REFUSES, lane.party);
    }
    corv_incidents_end(&l->a->t, CORV_CAUSE_PARTNER_AWAY, l->now);
    corv_incidents_end(&l->a->t, CORV_CAUSE_PARTNER_REFUSES, l->now);
}

/* ---- what stands in the database ------------------------------------------------------------- */

static bool away(const struct look *l, const char *party)
{
    struct corv_lane_info lane;

    for (size_t i = 0; i < corv_lanes_count(l->app->lanes); i++) {
        corv_lane_info_get(l->app->lanes, i, &lane);
        if (strcmp(lane.party, party) == 0)
            return lane.failures > 0;
    }
    return false;
}

static void look_at_depth(struct look *l)
{
    static const enum corv_cause causes[] = {
        CORV_CAUSE_QUEUE_STALE, CORV_CAUSE_DEAD, CORV_CAUSE_HELD};
    const struct corv_depth *d = &l->app->depth;
    int64_t late_us = (int64_t)l->app->config->alarms.due_seconds * 1000000;

    if (!l->counted)
        return;
    for (size_t c = 0; c < sizeof causes / sizeof causes[0]; c++)
        corv_incidents_begin(&l->a->t, causes[c]);
    for (size_t i = 0; i < d->count; i++) {
        const struct corv_depth_lane *lane = &d->lanes[i];
        const char *who = lane->party[0] ? lane->party : "in-twijfel";
        int64_t due_us = corv_depth_due_us(lane, l->now);

        if (due_us >= late_us && !away(l, lane->party)) /* that is an alarm already */
            bad(l, CORV_CAUSE_QUEUE_STALE, who, NULL, (uint64_t)due_us / 1000000);
        if (lane->dead > 0)
            bad(l, CORV_CAUSE_DEAD, who, NULL, lane->dead);
        if (lane->held > 0)
            bad(l, CORV_CAUSE_HELD, who, NULL, lane->held);
    }
    for (size_t c = 0; c < sizeof causes / sizeof causes[0]; c++)
        corv_incidents_end(&l->a->t, causes[c], l->now);
}

/* What could not be stored while the database was away is that alarm's; but a connection that
 * breaks at each message (no right, no room) is back before anybody would call it away. */
static void look_at_database(struct look *l)
{
    uint64_t unavailable = l->app->metrics.messages_unavailable_total;
    const struct corv_incident *away;

    if (l->app->open)
        whole(l, CORV_CAUSE_DATABASE_AWAY, !l->database, corv_queue_trouble(l->app->queue), 0);
    if (!l->database)
        return;
    away = corv_incident_find(&l->a->t, CORV_CAUSE_DATABASE_AWAY, "");
    if (unavailable > l->a->unavailable && !(away && corv_incident_counts(away)))
        corv_incident_event(&l->a->t, CORV_CAUSE_STORE_FAILS, "", NULL, l->now);
    l->a->unavailable = unavailable;
}

/* ---- the law -------------------------------------------------------------------------------- */

static void look_at_law(struct look *l)
{
    const struct corv_metrics *m = &l->app->metrics;
    uint64_t pass_s = corv_retention_age_s(l->app);
    uint64_t late_s = m->key_late_seconds > m->payload_late_seconds ? m->key_late_seconds
                                                                    : m->payload_late_seconds;
    uint64_t seal_s = corv_sealing_age_s(l->app);

    if (!l->app->open)
        return;
    if (late_s > 0)
        whole(l, CORV_CAUSE_PURGE_LATE, true, m->key_late_seconds ? "late.key" : "late.payload",
            late_s);
    else if (m->traffic_late_seconds > 0 && m->traffic_blocked == 0)
        whole(l, CORV_CAUSE_PURGE_LATE, true, "late.traffic", m->traffic_late_seconds);
    else if (m->traffic_blocked > 0)
        whole(l, CORV_CAUSE_PURGE_LATE, true, "late.blocked", m->traffic_blocked);
    else
        whole(l, CORV_CAUSE_PURGE_LATE, pass_s > PASS_LATE_S, "late.pass", pass_s);
    whole(l, CORV_CAUSE_AUDIT_BROKEN, m->audit_broken > 0, NULL, 0);
    if (l->database)
        whole(l, CORV_CAUSE_SEAL_LATE, seal_s > SEAL_LATE_S, NULL, seal_s);
}

static void note_file(void *ctx, const struct corv_expires *x)
{
    struct look *l = ctx;
    const struct corv_bad b = {.severity = x->near == CORV_EXPIRES_SOON    ? CORV_SEVERITY_ERROR
                                           : x->near == CORV_EXPIRES_MONTH ? CORV_SEVERITY_WARNING
                                                                           : CORV_SEVERITY_NOTICE,
        .subject = x->key,
        .code = x->days < 0 ? "expired" : NULL,
        .value = x->days > 0 ? (uint64_t)x->days : 0};

    if (!x->readable) {
        bad(l, CORV_CAUSE_UNREADABLE, x->key, NULL, 0);
        corv_incident_keep(&l->a->t, CORV_CAUSE_CERTIFICATE, x->key);
    } else if (x->near != CORV_EXPIRES_FAR) {
        corv_incident_bad(&l->a->t, CORV_CAUSE_CERTIFICATE, &b, l->now);
    }
}

static void look_at_certificates(struct look *l)
{
    corv_incidents_begin(&l->a->t, CORV_CAUSE_CERTIFICATE);
    corv_incidents_begin(&l->a->t, CORV_CAUSE_UNREADABLE);
    if (!corv_expiry_each(l->app, note_file, l))
        return;
    corv_incidents_end(&l->a->t, CORV_CAUSE_CERTIFICATE, l->now);
    corv_incidents_end(&l->a->t, CORV_CAUSE_UNREADABLE, l->now);
}

/* ---- ourselves ------------------------------------------------------------------------------ */

static void look_at_ourselves(struct look *l)
{
    struct corv_watchdog_stats w;
    struct corv_pool_stats p;

    corv_watchdog_stats(l->app->watchdog, &w);
    whole(l, CORV_CAUSE_LOOP_SLOW, w.recent_us > TURN_US, NULL, (uint64_t)w.recent_us / 1000);
    whole(l, CORV_CAUSE_STUCK, corv_service_stuck(l->app), NULL, 0);
    if (l->a->disk_known)
        whole(l, CORV_CAUSE_DISK, l->a->disk_free < l->app->config->alarms.disk_percent, NULL,
            l->a->disk_free);
    if (!l->app->pool)
        return;
    corv_pool_stats(l->app->pool, &p);
    whole(l, CORV_CAUSE_POOL_FULL, p.oldest_wait_us > WAIT_US || p.refused > l->a->pool_refused,
        NULL, p.queued);
    l->a->pool_refused = p.refused;
}

/* Of a child process: it counts itself, see adapters/process. */
static uint64_t deaths(const struct corv_host_count *counts, unsigned used)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < used; i++)
        if (strcmp(counts[i].what, "deaths") == 0 || strcmp(counts[i].what, "refused_starts") == 0)
            n += counts[i].n;
    return n;
}

static bool look_at_adapter(struct look *l, unsigned i, struct corv_alarms_adapter *before)
{
    const struct corv_host_count *counts = NULL;
    struct corv_host_stats s;
    unsigned used = 0;
    const char *name = corv_hosts_at(l->app->hosts, i, &s, &counts, &used);
    uint64_t inside;
    uint64_t died;

    if (!name)
        return false;
    died = deaths(counts, used);
    if (died > before->deaths)
        corv_incident_event(&l->a->t, CORV_CAUSE_ADAPTER_DIES, name, NULL, l->now);
    inside = s.call_us > before->call_us ? s.call_us - before->call_us : 0;
    if (s.slow_calls > before->slow_calls && l->since > 0 &&
        inside * 100 > (uint64_t)l->since * CALLS_PERCENT)
        bad(l, CORV_CAUSE_ADAPTER_SLOW, name, NULL, inside / 1000);
    if (s.silent > 0)
        bad(l, CORV_CAUSE_ADAPTER_SILENT, name, NULL, s.silent);
    *before = (struct corv_alarms_adapter){s.call_us, s.slow_calls, died};
    return true;
}

static void look_at_adapters(struct look *l)
{
    unsigned i = 0;

    if (!l->app->hosts)
        return;
    corv_incidents_begin(&l->a->t, CORV_CAUSE_ADAPTER_SLOW);
    corv_incidents_begin(&l->a->t, CORV_CAUSE_ADAPTER_SILENT);
    while (i < CORV_ALARMS_ADAPTERS && look_at_adapter(l, i, &l->a->adapters[i]))
        i++;
    corv_incidents_end(&l->a->t, CORV_CAUSE_ADAPTER_SLOW, l->now);
    corv_incidents_end(&l->a->t, CORV_CAUSE_ADAPTER_SILENT, l->now);
}

void corv_alarms_look(struct corv_alarms *a)
{
    struct corv_app *app = a->app;
    int64_t mono = corv_clock_mono_us();
    struct look l = {.a = a,
        .app = app,
        .now = corv_clock_us(),
        .since = a->mono_us ? mono - a->mono_us : 0,
        .database = app->queue && corv_queue_connected(app->queue)};

    l.counted = app->open && l.database && app->depth.counted &&
                mono - app->metrics.counted_us < FRESH_S * INT64_C(1000000);
    a->mono_us = mono;
    look_at_partners(&l);
    look_at_depth(&l);
    look_at_database(&l);
    look_at_law(&l);
    look_at_certificates(&l);
    look_at_ourselves(&l);
    look_at_adapters(&l);
    corv_alarms_silence(a, l.now);
    corv_incidents_tick(&a->t, l.now);
    a->looked_us = l.now;
}
