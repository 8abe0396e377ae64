/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/admin.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/about.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/expiry.h"
#include "daemon/lane.h"
#include "daemon/loop/pool.h"
#include "daemon/loop/watchdog.h"
#include "daemon/metrics_adapters.h"
#include "daemon/page.h"
#include "daemon/problem.h"
#include "daemon/reload.h"
#include "daemon/retention.h"
#include "daemon/sealing.h"
#include "queue/queue.h"

#define METRICS_MAX (4u << 20)

static void reply_text(struct corv_http_request *r, int status, const char *type, const char *text)
{
    corv_http_reply(r, status, type, "Cache-Control: no-store\r\n", corv_view_str(text), false);
}

static void reply_ready(struct corv_app *app, struct corv_http_request *r)
{
    bool database = app->open && corv_queue_connected(app->queue);
    bool ready = database && !app->draining;
    json_t *root = json_pack("{s:b, s:b, s:b, s:s}", "ready", ready, "database", database,
        "draining", app->draining, "version", CORV_VERSION);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    reply_text(r, ready ? 200 : 503, "application/json", text ? text : "{}");
    free(text);
    json_decref(root);
}

static void gauge(struct corv_buf *b, const char *name, const char *help, double value)
{
    corv_metric_write(b, name, "gauge", help, "", value);
}

static void counter(struct corv_buf *b, const char *name, const char *help, double value)
{
    corv_metric_write(b, name, "counter", help, "", value);
}

static void write_queue(struct corv_app *app, struct corv_buf *b)
{
    struct corv_queue_stats s;

    corv_queue_stats_get(app->queue, &s);
    gauge(b, "database_connected", "1 when the queue can commit", corv_queue_connected(app->queue));
    counter(b, "commits_total", "Transactions committed", (double)s.commits);
    counter(b, "commit_items_total", "Items committed in those transactions", (double)s.items);
    counter(b, "commit_item_by_item_total", "Batches that had to be run again item by item",
        (double)s.item_by_item);
    counter(b, "database_reconnects_total", "Connections made anew", (double)s.reconnects);
    gauge(b, "commit_seconds_last", "Duration of the last group commit",
        (double)s.commit_us_last / 1e6);
    gauge(b, "commit_backlog", "Items waiting for a COMMIT or in one", (double)s.backlog);
}

static void write_server(struct corv_app *app, struct corv_buf *b)
{
    struct corv_http_stats s;

    corv_http_server_stats(app->intake, &s);
    gauge(b, "connections", "Open connections of the intake listener", (double)s.connections_now);
    counter(b, "connections_total", "Connections accepted", (double)s.connections);
    counter(b, "requests_total", "Requests read", (double)s.requests);
    counter(b, "connections_refused_busy_total", "Connections beyond the limit",
        (double)s.refused_busy);
    counter(b, "tls_refused_total", "TLS handshakes that failed", (double)s.refused_tls);
    counter(b, "timeouts_total", "Connections that were too slow", (double)s.timeouts);
    counter(b, "too_large_total", "Requests over a size limit", (double)s.too_large);
}

static void write_loop(struct corv_app *app, struct corv_buf *b)
{
    struct corv_pool_stats p;
    struct corv_watchdog_stats w;

    corv_pool_stats(app->pool, &p);
    corv_watchdog_stats(app->watchdog, &w);
    gauge(b, "pool_queued", "Jobs waiting for a worker thread", p.queued);
    gauge(b, "pool_running", "Jobs on a worker thread", p.running);
    counter(b, "pool_run_seconds_total", "Time on the worker threads", (double)p.run_us / 1e6);
    gauge(
        b, "loop_idle_ratio", "Share of the last 10 seconds in which the loop slept", w.idle_share);
    gauge(b, "loop_longest_turn_seconds", "Longest turn of the loop in the last 10 to 20 seconds",
        (double)w.recent_us / 1e6);
    counter(b, "loop_slow_turns_total", "Turns of the loop over 200 ms", (double)w.slow);
}

static void write_lanes(struct corv_app *app, struct corv_buf *b)
{
    static const struct {
        const char *name;
        const char *help;
    } rows[] = {{"lane_in_flight", "Deliveries under way per receiving party"},
        {"lane_window", "Deliveries that may be under way now"},
        {"lane_ready", "Deliveries waiting in memory"},
        {"lane_failures", "Failures of the partner in a row; above 0 the lane is paused"}};
    char labels[96];

    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
        for (size_t i = 0; i < corv_lanes_count(app->lanes); i++) {
            struct corv_lane_info info;

            corv_lane_info_get(app->lanes, i, &info);
            const unsigned values[] = {info.in_flight, info.window, info.ready, info.failures};

            (void)snprintf(labels, sizeof labels, "{to=\"%s\"}", info.party);
            corv_metric_write(
                b, rows[row].name, "gauge", i == 0 ? rows[row].help : NULL, labels, values[row]);
        }
}

static void reply_metrics(struct corv_app *app, struct corv_http_request *r)
{
    struct corv_buf b;

    corv_buf_init(&b, METRICS_MAX);
    corv_metric_write(
        &b, "build_info", "gauge", "Version of this program", "{version=\"" CORV_VERSION "\"}", 1);
    app->metrics.retention_pass_age_seconds = corv_retention_age_s(app);
    app->metrics.audit_seal_age_seconds = corv_sealing_age_s(app);
    corv_metrics_write(&app->metrics, &b);
    write_queue(app, &b);
    write_server(app, &b);
    write_loop(app, &b);
    write_lanes(app, &b);
    corv_metrics_adapters_write(app->hosts, &b);
    corv_expiry_write(app, &b);
    counter(&b, "log_censored_total", "Log values that did not fit their type",
        (double)corv_log_censored());
    if (b.failed)
        corv_problem_reply(r, "admin.metrics");
    else
        corv_http_reply(r, 200, "text/plain; version=0.0.4; charset=utf-8",
            "Cache-Control: no-store\r\n", corv_buf_view(&b), false);
    corv_buf_free(&b);
}

static bool reads(const struct corv_http_request *r)
{
    const char *method = corv_http_method(r);

    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

/* A web page elsewhere must not read us by letting its own name point here, nor make us reload. The
 * socket is no wall: a browser comes to it through a tunnel (ssh -L). There a name without a dot,
 * which no web page elsewhere can have, is good too: it is what people type with curl. */
static bool asked_for_us(const struct corv_http_request *r)
{
    struct corv_view host = corv_http_header(r, "host");
    bool socket = strncmp(corv_http_peer(r), "unix:", 5) == 0;

    if (!reads(r) && corv_http_header(r, "origin").n > 0)
        return false;
    if (host.n == 0 || corv_page_host_good(host))
        return true;
    return socket && !memchr(host.p, '.', host.n) && !memchr(host.p, '[', host.n);
}

static void answer(void *ctx, struct corv_http_request *r)
{
    struct corv_app *app = ctx;
    struct corv_view path = corv_http_path(r);
    const char *method = corv_http_method(r);

    if (!asked_for_us(r))
        reply_text(r, 421, "text/plain",
            "Vraag corvd onder 127.0.0.1, [::1] of localhost.\n"
            "Ask corvd as 127.0.0.1, [::1] or localhost.\n");
    else if (corv_view_is(path, "/reload"))
        corv_reload_admin_head(app, r);
    else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        corv_problem_reply_allow(r, "GET, HEAD");
    else if (corv_view_is(path, "/livez"))
        reply_text(r, 200, "text/plain", "ok\n");
    else if (corv_view_is(path, "/readyz"))
        reply_ready(app, r);
    else if (corv_view_is(path, "/metrics"))
        reply_metrics(app, r);
    else if (corv_view_is(path, "/about"))
        corv_about_reply(app, r);
    else if (!corv_page_answer(app, r))
        corv_problem_reply(r, "http.not-found");
}

static void body_came(void *ctx, struct corv_http_request *r)
{
    if (corv_view_is(corv_http_path(r), "/reload") && asked_for_us(r))
        corv_reload_admin_body(ctx, r);
}

struct corv_http_handler corv_admin_handler(struct corv_app *app)
{
    return (struct corv_http_handler){.ctx = app, .on_head = answer, .on_body = body_came};
}
