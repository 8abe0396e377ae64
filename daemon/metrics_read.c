/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics_read.h"

#include <stdio.h>

#include "daemon/alarms.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/depth.h"
#include "daemon/expiry.h"
#include "daemon/lane.h"
#include "daemon/loop/http_server.h"
#include "daemon/loop/pool.h"
#include "daemon/loop/watchdog.h"
#include "daemon/metrics_adapters.h"
#include "daemon/retention.h"
#include "daemon/sealing.h"
#include "queue/queue.h"

#define LABELS 160

static void read_queue(struct corv_app *app, struct corv_buf *b)
{
    struct corv_queue_stats s;

    corv_queue_stats_get(app->queue, &s);
    corv_metric_write(b, CORV_M_database_connected, corv_queue_connected(app->queue));
    corv_metric_write(b, CORV_M_commits_total, (double)s.commits);
    corv_metric_write(b, CORV_M_commit_items_total, (double)s.items);
    corv_metric_write(b, CORV_M_commit_item_by_item_total, (double)s.item_by_item);
    corv_metric_write(b, CORV_M_commit_second_looks_total, (double)s.second_looks);
    corv_metric_write(b, CORV_M_commit_seconds_total, (double)s.commit_us / 1e6);
    corv_metric_write(b, CORV_M_database_reconnects_total, (double)s.reconnects);
    corv_metric_write(b, CORV_M_commit_seconds_last, (double)s.commit_us_last / 1e6);
    corv_metric_write(b, CORV_M_commit_backlog, (double)s.backlog);
    corv_metric_write(
        b, CORV_M_database_round_trip_seconds, (double)app->metrics.round_trip_us / 1e6);
}

static void read_server(struct corv_app *app, struct corv_buf *b)
{
    struct corv_http_stats s;

    corv_http_server_stats(app->intake, &s);
    corv_metric_write(b, CORV_M_connections, (double)s.connections_now);
    corv_metric_write(b, CORV_M_connections_total, (double)s.connections);
    corv_metric_write(b, CORV_M_requests_total, (double)s.requests);
    corv_metric_write(b, CORV_M_connections_refused_busy_total, (double)s.refused_busy);
    corv_metric_write(b, CORV_M_accept_waited_total, (double)s.accept_waited);
    corv_metric_write(b, CORV_M_tls_refused_total, (double)s.refused_tls);
    corv_metric_write(b, CORV_M_timeouts_total, (double)s.timeouts);
    corv_metric_write(b, CORV_M_too_large_total, (double)s.too_large);
}

static void read_loop(struct corv_app *app, struct corv_buf *b)
{
    struct corv_pool_stats p;
    struct corv_watchdog_stats w;

    corv_pool_stats(app->pool, &p);
    corv_watchdog_stats(app->watchdog, &w);
    corv_metric_write(b, CORV_M_lanes_memory_bytes, (double)corv_lanes_memory(app->lanes));
    corv_metric_write(b, CORV_M_pool_queued, p.queued);
    corv_metric_write(b, CORV_M_pool_running, p.running);
    corv_metric_write(b, CORV_M_pool_run_seconds_total, (double)p.run_us / 1e6);
    corv_metric_write(b, CORV_M_pool_wait_seconds_total, (double)p.wait_us / 1e6);
    corv_metric_write(b, CORV_M_pool_oldest_wait_seconds, (double)p.oldest_wait_us / 1e6);
    corv_metric_write(b, CORV_M_pool_refused_total, (double)p.refused);
    corv_metric_write(b, CORV_M_loop_idle_ratio, w.idle_share);
    corv_metric_write(b, CORV_M_loop_longest_turn_seconds, (double)w.recent_us / 1e6);
    corv_metric_write(b, CORV_M_loop_slow_turns_total, (double)w.slow);
}

/* ---- per party ------------------------------------------------------------------------------ */

static bool known(const struct corv_app *app, const struct corv_lane_info *lane)
{
    uint64_t any = lane->in_flight + lane->ready + lane->failures;
    const struct corv_depth_lane *d = corv_depth_of(&app->depth, lane->party);

    for (unsigned i = 0; i < CORV_LANE_CLASSES; i++)
        any += lane->attempts[i];
    return any > 0 || (d && d->waiting > 0);
}

static double lane_value(
    const struct corv_app *app, enum corv_metric m, const struct corv_lane_info *lane)
{
    const struct corv_depth_lane *d = corv_depth_of(&app->depth, lane->party);

    switch (m) {
    case CORV_M_lane_in_flight:
        return lane->in_flight;
    case CORV_M_lane_window:
        return lane->window;
    case CORV_M_lane_ready:
        return lane->ready;
    case CORV_M_lane_failures:
        return lane->failures;
    case CORV_M_lane_waiting:
        return d ? (double)d->waiting : 0;
    case CORV_M_lane_oldest_due_seconds:
    default:
        return d ? (double)corv_depth_due_us(d, corv_clock_us()) / 1e6 : 0;
    }
}

static void read_lanes(struct corv_app *app, struct corv_buf *b)
{
    static const enum corv_metric rows[] = {CORV_M_lane_in_flight, CORV_M_lane_window,
        CORV_M_lane_ready, CORV_M_lane_failures, CORV_M_lane_waiting,
        CORV_M_lane_oldest_due_seconds};
    struct corv_lane_info info;
    char labels[LABELS];

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        corv_metric_head(b, rows[row]);
        for (size_t i = 0; i < corv_lanes_count(app->lanes); i++) {
            corv_lane_info_get(app->lanes, i, &info);
            if (!known(app, &info))
                continue;
            (void)snprintf(labels, sizeof labels, "{to=\"%s\"}", info.party);
            corv_metric_value(b, rows[row], labels, lane_value(app, rows[row], &info));
        }
    }
}

static void read_attempts(struct corv_app *app, struct corv_buf *b)
{
    struct corv_lane_info info;
    char labels[LABELS];

    corv_metric_head(b, CORV_M_attempts_total);
    for (size_t i = 0; i < corv_lanes_count(app->lanes); i++) {
        corv_lane_info_get(app->lanes, i, &info);
        for (unsigned cls = 0; cls < CORV_LANE_CLASSES; cls++) {
            if (!known(app, &info))
                continue;
            (void)snprintf(labels, sizeof labels, "{to=\"%s\",class=\"%s\"}", info.party,
                corv_lane_class_name(cls));
            corv_metric_value(b, CORV_M_attempts_total, labels, (double)info.attempts[cls]);
        }
    }
}

/* As of the last count, and older since. */
static double oldest_due_s(const struct corv_app *app)
{
    int64_t now = corv_clock_us();
    int64_t oldest = 0;

    for (size_t i = 0; i < app->depth.count; i++) {
        int64_t age = corv_depth_due_us(&app->depth.lanes[i], now);

        oldest = age > oldest ? age : oldest;
    }
    return (double)oldest / 1e6;
}

static void read_depth(struct corv_app *app, struct corv_buf *b)
{
    const struct corv_depth *d = &app->depth;
    const struct {
        const char *labels;
        uint64_t value;
    } rows[] = {{"{state=\"waiting\"}", d->waiting}, {"{state=\"leased\"}", d->leased},
        {"{state=\"held\"}", d->held}, {"{state=\"dead\"}", d->dead}};

    corv_metric_write(b, CORV_M_oldest_due_seconds, oldest_due_s(app));
    corv_metric_head(b, CORV_M_deliveries);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        corv_metric_value(b, CORV_M_deliveries, rows[i].labels, (double)rows[i].value);
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void read_steps(struct corv_app *app, struct corv_buf *b)
{
    char label[32];

    corv_metric_head(b, CORV_M_step_seconds);
    for (unsigned i = 0; i < CORV_TIMED_STEPS; i++) {
        (void)snprintf(label, sizeof label, "step=\"%s\"", corv_timed_name((enum corv_timed)i));
        corv_metric_histogram(b, CORV_M_step_seconds, label, &app->metrics.step[i]);
    }
}

static void read_chores(struct corv_app *app, struct corv_buf *b)
{
    corv_metric_write(b, CORV_M_audit_unsealed_lines, (double)corv_sealing_unsealed(app));
    corv_metric_write(b, CORV_M_log_censored_total, (double)corv_log_censored());
}

void corv_metrics_read(struct corv_app *app, struct corv_buf *b)
{
    struct corv_metrics *m = &app->metrics;
    int64_t now = corv_clock_mono_us();

    corv_metric_head(b, CORV_M_build_info);
    corv_metric_value(b, CORV_M_build_info, "{version=\"" CORV_VERSION "\"}", 1);
    m->retention_pass_age_seconds = corv_retention_age_s(app);
    m->audit_seal_age_seconds = corv_sealing_age_s(app);
    m->backlog_age_seconds = m->counted_us ? (uint64_t)((now - m->counted_us) / 1000000) : 0;
    corv_metrics_write(m, b);
    if (app->queue) /* at the end part after part goes, this listener last */
        read_queue(app, b);
    if (app->intake)
        read_server(app, b);
    if (app->pool && app->watchdog)
        read_loop(app, b);
    if (app->lanes) {
        read_lanes(app, b);
        read_attempts(app, b);
    }
    read_depth(app, b);
    read_steps(app, b);
    corv_metrics_adapters_write(app->hosts, b);
    corv_expiry_write(app, b);
    corv_alarms_write(app, b);
    read_chores(app, b);
}
