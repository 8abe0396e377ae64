/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/loop/http_conn.h"
#include "daemon/loop/http_share.h"

struct corv_http_request *corv__http_request_new(
    struct corv_http_conn *c, struct corv_http_head *head)
{
    struct corv_http_request *r = calloc(1, sizeof *r);
    const struct corv_http_limits *limits = &c->server->limits;

    if (!r) {
        corv_http_head_free(head);
        return NULL;
    }
    corv_list_init(&r->node);
    r->server = c->server;
    r->server->requests++;
    r->conn = c;
    r->head = head;
    r->began_us = c->began_us;
    /* A buffer that grows by doubling stops at the announced length, never before it. */
    corv_buf_init(&r->body,
        head->content_length >= 0 ? (size_t)head->content_length : (size_t)limits->body_bytes);
    memcpy(r->peer, c->peer, sizeof r->peer);
    if (c->tls)
        (void)snprintf(r->oin, sizeof r->oin, "%s", corv_tls_conn_oin(c->tls));
    return r;
}

corv_rc corv__http_request_add(struct corv_http_request *r, struct corv_view piece)
{
    struct corv_http_server *s = r->server;

    if (piece.n > s->limits.body_bytes - r->body.n)
        return CORV_E_LIMIT;
    if (s->stats.body_bytes_now + piece.n > s->limits.total_body_bytes ||
        !corv__http_share_fits(r->conn, piece.n))
        return CORV_AGAIN;
    if (corv_buf_add(&r->body, piece.p, piece.n) != CORV_OK)
        return CORV_E_NOMEM;
    r->counted += piece.n;
    s->stats.body_bytes_now += piece.n;
    return CORV_OK;
}

void corv__http_request_end(struct corv_http_request *r)
{
    struct corv_http_server *s = r->server;

    if (r->ended)
        return;
    r->ended = true;
    r->conn = NULL;
    corv_buf_free(&r->body);
    s->stats.body_bytes_now -= r->counted;
    r->counted = 0;
    if (s->handler.on_end && r->seen)
        s->handler.on_end(s->handler.ctx, r);
    corv_list_add(&s->ended, &r->node);
    if (s->finished)
        corv__http_server_release(s); /* nobody sweeps any more */
}

void corv__http_request_free(struct corv_http_request *r)
{
    corv_list_del(&r->node);
    r->server->requests--;
    corv_http_head_free(r->head);
    corv_buf_free(&r->body);
    free(r);
}

/* ---- the handler's view ----------------------------------------------------------------------*/

const char *corv_http_method(const struct corv_http_request *r)
{
    return r->head->method.p; /* http_parse.c put a zero byte behind it */
}

struct corv_view corv_http_path(const struct corv_http_request *r)
{
    return r->head->path;
}

struct corv_view corv_http_query(const struct corv_http_request *r)
{
    return r->head->query;
}

struct corv_view corv_http_header(const struct corv_http_request *r, const char *name)
{
    return corv_http_head_get(r->head, name);
}

int64_t corv_http_content_length(const struct corv_http_request *r)
{
    return r->head->content_length;
}

struct corv_view corv_http_body(const struct corv_http_request *r)
{
    return corv_buf_view(&r->body);
}

char *corv_http_body_take(struct corv_http_request *r, size_t *size)
{
    return corv_buf_take(&r->body, size);
}

const char *corv_http_peer_oin(const struct corv_http_request *r)
{
    return r->oin;
}

const char *corv_http_peer(const struct corv_http_request *r)
{
    return r->peer;
}

bool corv_http_gone(const struct corv_http_request *r)
{
    return r->conn == NULL;
}

bool corv_http_may_log(const struct corv_http_request *r, unsigned *dropped)
{
    return corv__http_may_log(r->server, CORV_HTTP_LOG_HANDLER, dropped);
}

int64_t corv_http_began_us(const struct corv_http_request *r)
{
    return r->began_us;
}

void corv_http_set_data(struct corv_http_request *r, void *data)
{
    r->data = data;
}

void *corv_http_data(const struct corv_http_request *r)
{
    return r->data;
}

void corv_http_reply(struct corv_http_request *r, int status, const char *content_type,
    const char *headers, struct corv_view body, bool close)
{
    struct corv_http_conn *c = r->conn;

    if (r->ended) {
        CORV_LOG(ERROR, "http.replied-twice", NULL, CORV_F(WHAT, r->server->name));
        return;
    }
    if (!c)
        r->server->stats.client_gone++;
    else {
        const struct corv_http_answer a = {status, content_type, headers, body, close};

        c->req = NULL;
        corv__http_reply_send(c, &a);
    }
    corv__http_request_end(r);
}

void corv_http_drop(struct corv_http_request *r)
{
    struct corv_http_conn *c = r->conn;

    if (r->ended)
        return;
    if (c) {
        c->req = NULL;
        corv__http_conn_drop(c);
    }
    corv__http_request_end(r);
}
