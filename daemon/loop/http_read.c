/* SPDX-License-Identifier: EUPL-1.2 */
/* From plaintext to the handler: one request after another. */
#include "daemon/base/clock.h"
#include "daemon/loop/http_conn.h"
#include "daemon/loop/http_share.h"

void corv__http_read_refuse(struct corv_http_conn *c, const char *code)
{
    struct corv_http_request *r = c->req;

    c->req = NULL;
    if (r)
        corv__http_request_end(r);
    corv__http_reply_problem(c, code);
}

static void send_continue(struct corv_http_conn *c)
{
    struct corv_buf b;

    corv_buf_init(&b, 64);
    (void)corv_buf_add_str(&b, "HTTP/1.1 100 Continue\r\n\r\n");
    if (corv__http_conn_send(c, &b) != CORV_OK)
        corv__http_conn_drop(c);
    corv_buf_free(&b);
}

static bool fits(struct corv_http_conn *c, const struct corv_http_head *h)
{
    struct corv_http_server *s = c->server;
    uint64_t announced = h->content_length > 0 ? (uint64_t)h->content_length : 0;

    if (announced > s->limits.body_bytes) {
        s->stats.too_large++;
        corv__http_read_refuse(c, "http.body-too-large");
        return false;
    }
    if (c->rest &&
        (s->stats.body_bytes_now + (announced ? announced : 1) > s->limits.total_body_bytes ||
            !corv__http_share_fits(c, announced ? announced : 1))) {
        s->stats.refused_busy++;
        corv__http_read_refuse(c, "http.busy");
        return false;
    }
    return true;
}

static void head_arrived(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;
    struct corv_http_head *h = corv_http_parse_take_head(&c->parse);
    bool small = !h->chunked && h->content_length <= (int64_t)CORV_HTTP_SMALL;
    bool waits = h->expect_continue && (h->chunked || h->content_length > 0);

    s->stats.requests++;
    c->rest = h->chunked || h->content_length > 0;
    c->keep = h->keep_alive;
    c->may_skip = small && !waits;
    c->head_only = corv_view_is(h->method, "HEAD");
    c->req = corv__http_request_new(c, h);
    if (!c->req) {
        corv__http_conn_drop(c);
        return;
    }
    if (!fits(c, h))
        return;
    c->req->seen = true;
    s->handler.on_head(s->handler.ctx, c->req);
    if (!c->req) /* answered, or gone */
        return;
    corv__http_conn_enter(c, CORV_HTTP_BODYING);
    c->may_skip = small;
    if (waits)
        send_continue(c);
}

static void piece_arrived(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;

    if (c->phase == CORV_HTTP_SKIP)
        return;
    switch (corv__http_request_add(c->req, c->parse.piece)) {
    case CORV_OK:
        return;
    case CORV_E_LIMIT:
        s->stats.too_large++;
        corv__http_read_refuse(c, "http.body-too-large");
        return;
    default:
        s->stats.refused_busy++;
        corv__http_read_refuse(c, "http.busy");
    }
}

static void request_arrived(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;

    c->rest = false;
    if (c->phase == CORV_HTTP_SKIP) {
        corv__http_conn_enter(c, CORV_HTTP_IDLE);
        return;
    }
    if (!c->req) /* it was answered at its head and had no body */
        return;
    corv__http_conn_enter(c, CORV_HTTP_BUSY);
    c->req->complete = true;
    s->handler.on_body(s->handler.ctx, c->req);
}

static void nonsense_arrived(struct corv_http_conn *c)
{
    c->server->stats.bad_requests++;
    c->rest = true; /* nobody knows where it ends: drain */
    c->may_skip = false;
    if (!c->req)
        c->head_only = false;
    corv__http_read_refuse(c, c->parse.why.code);
}

static void first_byte(struct corv_http_conn *c)
{
    c->began_us = corv_clock_mono_us();
    if (c->phase == CORV_HTTP_IDLE)
        corv__http_conn_enter(c, CORV_HTTP_HEADER);
}

void corv__http_read(struct corv_http_conn *c, struct corv_view *in)
{
    while (corv__http_conn_wants_input(c)) {
        if (in->n > 0 && !corv_http_parse_begun(&c->parse))
            first_byte(c);
        switch (corv_http_parse_next(&c->parse, in)) {
        case CORV_HTTP_MORE:
            return;
        case CORV_HTTP_HEAD:
            head_arrived(c);
            break;
        case CORV_HTTP_BODY:
            piece_arrived(c);
            break;
        case CORV_HTTP_END:
            request_arrived(c);
            break;
        case CORV_HTTP_BAD:
            nonsense_arrived(c);
            break;
        }
    }
}
