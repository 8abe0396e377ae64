/* SPDX-License-Identifier: EUPL-1.2 */
/* HTTP endpoints of adapters, on the daemon's own server: the same parser, limits and TLS as the
 * intake. A listener lives until its server has closed and every request was replied to. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/host/internal.h"
#include "daemon/loop/tls.h"

struct corv_listener {
    struct corv_list node; /* in host->listeners */
    struct corv_host *host;
    struct corv_http_server *server;
    void *ctx;
    void (*on_head)(void *ctx, struct corv_request *r);
    void (*on_request)(void *ctx, struct corv_request *r);
    struct corv_list requests;
    bool closed;   /* the adapter is done with it */
    bool finished; /* the server has closed */
    bool held;     /* not to be freed just now */
};

struct corv_request {
    struct corv_list node; /* in listener->requests */
    struct corv_listener *listener;
    struct corv_http_request *http;
};

static void release(struct corv_listener *l)
{
    struct corv_hosts *h = l->host->all;

    if (l->held || !l->finished || !corv_list_empty(&l->requests))
        return;
    corv_list_del(&l->node);
    free(l);
    corv__handle_closed(h);
}

static void server_closed(void *ctx)
{
    struct corv_listener *l = ctx;

    l->finished = true;
    release(l);
}

static void busy(struct corv_http_request *r)
{
    corv_http_reply(r, 503, NULL, "Retry-After: 5\r\n", corv_view_str(""), true);
}

/* ---- a request ------------------------------------------------------------------------------ */

static void head_came(void *ctx, struct corv_http_request *http)
{
    struct corv_listener *l = ctx;
    struct corv_request *r = l->closed ? NULL : calloc(1, sizeof *r);

    if (!r) {
        busy(http);
        return;
    }
    *r = (struct corv_request){.listener = l, .http = http};
    corv_list_add(&l->requests, &r->node);
    corv_http_set_data(http, r);
    if (!l->on_head)
        return;
    struct corv_host *host = l->host;
    int64_t began = corv__call_begin();

    l->on_head(l->ctx, r);
    corv__call_end(host, "on_head", began);
}

static void body_came(void *ctx, struct corv_http_request *http)
{
    struct corv_listener *l = ctx;
    struct corv_host *host = l->host;

    if (l->closed) {
        busy(http);
        return;
    }
    int64_t began = corv__call_begin();

    l->on_request(l->ctx, corv_http_data(http));
    corv__call_end(host, "on_request", began);
}

static void request_ended(void *ctx, struct corv_http_request *http)
{
    struct corv_listener *l = ctx;
    struct corv_request *r = corv_http_data(http);

    if (!r)
        return;
    corv_list_del(&r->node);
    free(r);
    release(l);
}

/* ---- the listener --------------------------------------------------------------------------- */

static corv_rc make_tls(
    const struct corv_http_endpoint *e, struct corv_tls_server **out, struct corv_fault *f)
{
    const struct corv_tls_files files = {.certificate = e->certificate,
        .key = e->key,
        .client_ca = e->client_ca,
        .client_crl = e->client_crl,
        .one_way = e->tls == CORV_TLS_ONE_WAY};

    *out = NULL;
    if (e->tls == CORV_TLS_NONE)
        return CORV_OK;
    if (e->tls > CORV_TLS_TWO_WAY || !e->certificate || !e->key ||
        (e->tls == CORV_TLS_TWO_WAY && !e->client_ca))
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "listen.files",
            "certificaat, sleutel of client_ca ontbreekt voor deze vorm van TLS");
    return corv_tls_server_new(&files, out, f);
}

static corv_rc open_server(
    struct corv_listener *l, const struct corv_http_endpoint *e, struct corv_fault *f)
{
    struct corv_http_server_options o = {.loop = l->host->all->loop,
        .address = e->address,
        .port = e->port,
        .limits = l->host->all->limits,
        .handler = {l, head_came, body_came, request_ended},
        .name = l->host->name};
    struct corv_tls_server *tls = NULL;
    corv_rc rc = make_tls(e, &tls, f);

    if (rc != CORV_OK)
        return rc;
    o.tls = tls;
    rc = corv_http_server_new(&o, &l->server, f);
    corv_tls_server_free(tls); /* the server holds its own */
    return rc;
}

static const char *sentence(const struct corv_fault *f)
{
    return f->text[0] ? f->text : "geen geheugen.";
}

struct corv_listener *corv__listen(
    struct corv_host *host, const struct corv_http_endpoint *e, char *why, size_t why_size)
{
    struct corv_fault f = {0};
    struct corv_listener *l;

    if (!corv__on_loop(host, "listen_http") || e->size < sizeof *e || !e->on_request) {
        (void)snprintf(why, why_size, "de adapter vraagt dit niet volgens de afspraak.");
        return NULL;
    }
    l = calloc(1, sizeof *l);
    if (l) {
        corv_list_init(&l->node);
        corv_list_init(&l->requests);
        l->host = host;
        l->ctx = e->ctx;
        l->on_head = e->on_head;
        l->on_request = e->on_request;
    }
    if (!l || open_server(l, e, &f) != CORV_OK) {
        (void)snprintf(why, why_size, "%s", sentence(&f));
        free(l);
        return NULL;
    }
    corv__handle_opened(host->all);
    corv_list_add(&host->listeners, &l->node);
    CORV_LOG(INFO, "host.listening", NULL, CORV_F(ADAPTER, host->name), CORV_F(WHAT, e->address),
        CORV_N(COUNT, corv_http_server_port(l->server)));
    return l;
}

uint32_t corv__listen_port(const struct corv_listener *l)
{
    return corv_http_server_port(l->server);
}

int corv__listen_renew(
    struct corv_listener *l, const struct corv_http_endpoint *e, char *why, size_t why_size)
{
    struct corv_fault f = {0};
    struct corv_tls_server *tls = NULL;

    if (l->closed || !corv__on_loop(l->host, "listen_renew") || e->size < sizeof *e)
        return 1;
    if (make_tls(e, &tls, &f) != CORV_OK) {
        (void)snprintf(why, why_size, "%s", sentence(&f));
        return 1;
    }
    if (tls)
        corv_http_server_set_tls(l->server, tls);
    corv_tls_server_free(tls);
    return 0;
}

void corv__listen_close(struct corv_listener *l)
{
    if (!l || l->closed || !corv__on_loop(l->host, "listen_close"))
        return;
    l->closed = true;
    corv_http_server_close(l->server, HOST_LISTEN_END_MS, server_closed, l);
}

static unsigned requests_end(struct corv_listener *l)
{
    unsigned n = 0;

    l->held = true;
    CORV_LIST_EACH(node, &l->requests)
    {
        busy(CORV_LIST_ITEM(node, struct corv_request, node)->http);
        n++;
    }
    l->held = false;
    release(l);
    return n;
}

void corv__listeners_limit(struct corv_host *host)
{
    CORV_LIST_EACH(node, &host->listeners)
    {
        const struct corv_listener *l = CORV_LIST_ITEM(node, struct corv_listener, node);

        if (!l->closed)
            corv_http_server_set_limits(l->server, &host->all->limits);
    }
}

unsigned corv__listeners_close(struct corv_host *host)
{
    unsigned n = 0;

    CORV_LIST_EACH(node, &host->listeners)
    {
        struct corv_listener *l = CORV_LIST_ITEM(node, struct corv_listener, node);

        if (!l->closed)
            n++;
        corv__listen_close(l);
        n += requests_end(l); /* may free l */
    }
    return n;
}

/* ---- what the adapter asks of a request ------------------------------------------------------ */

static struct corv_text text_of(struct corv_view v)
{
    return (struct corv_text){v.p, v.n};
}

struct corv_text corv__request_method(const struct corv_request *r)
{
    return text_of(corv_view_str(corv_http_method(r->http)));
}

struct corv_text corv__request_path(const struct corv_request *r)
{
    return text_of(corv_http_path(r->http));
}

struct corv_text corv__request_header(const struct corv_request *r, const char *name)
{
    return text_of(corv_http_header(r->http, name));
}

struct corv_text corv__request_body(const struct corv_request *r)
{
    return text_of(corv_http_body(r->http));
}

const char *corv__request_oin(const struct corv_request *r)
{
    return corv_http_peer_oin(r->http);
}

const char *corv__request_peer(const struct corv_request *r)
{
    return corv_http_peer(r->http);
}

void corv__reply(struct corv_request *r, const struct corv_reply *answer)
{
    if (!r || !corv__on_loop(r->listener->host, "reply"))
        return;
    if (!answer || answer->size < sizeof *answer || answer->status < 200 || answer->status > 599) {
        CORV_LOG(ERROR, "host.broken-rule", NULL, CORV_F(ADAPTER, r->listener->host->name),
            CORV_F(CODE, "reply"));
        corv_http_reply(r->http, 500, NULL, NULL, corv_view_str(""), false);
        return;
    }
    corv_http_reply(r->http, (int)answer->status, answer->content_type, answer->headers,
        corv_view_of(answer->body.p, answer->body.n), false);
}
