/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/admin.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/about.h"
#include "daemon/alarms.h"
#include "daemon/metrics_read.h"
#include "daemon/page.h"
#include "daemon/problem.h"
#include "daemon/reload.h"
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
    json_t *root = json_pack("{s:b, s:b, s:b, s:s, s:s*}", "ready", ready, "database", database,
        "draining", app->draining, "version", CORV_VERSION, "trouble",
        app->queue ? corv_queue_trouble(app->queue) : NULL);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

    reply_text(r, ready ? 200 : 503, "application/json", text ? text : "{}");
    free(text);
    json_decref(root);
}

static void reply_incidents(struct corv_app *app, struct corv_http_request *r)
{
    char *text = corv_alarms_json(app);

    reply_text(r, text ? 200 : 503, "application/json", text ? text : "{}");
    free(text);
}

static void reply_metrics(struct corv_app *app, struct corv_http_request *r)
{
    struct corv_buf b;

    corv_buf_init(&b, METRICS_MAX);
    corv_metrics_read(app, &b);
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
    else if (corv_view_is(path, "/incidents"))
        reply_incidents(app, r);
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
