/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/loop/http_server.h"
#include "daemon/loop/tls.h"
#include "daemon/partner/dress.h"
#include "daemon/partner/xml.h"
#include "schemas/kind.h"

#define BODY_MAX ((uint64_t)80 << 20)
#define PATHS    512
#define HOUR_MS  3600000u

struct held { /* a request that gets its answer later */
    struct corv_list node;
    uv_timer_t timer;
    struct corv_http_request *request;
    struct partner_expect *expect; /* or NULL */
    struct corv_buf body;
    int status;
};

struct partner_listener {
    struct partner *partner;
    struct corv_tls_server *tls;
    struct corv_http_server *server; /* NULL once it is closing */
    struct corv_list expected;
    struct corv_list held;
    unsigned strangers;
    struct partner_stranger last;
    void (*told)(void *ctx, const struct partner_stranger *s);
    void *ctx;
    bool closed;
};

/* ---- answers ----------------------------------------------------------------------------------
 */

static void held_closed(uv_handle_t *h)
{
    struct held *w = h->data;

    corv_buf_free(&w->body);
    free(w);
}

static void let_go(struct held *w, int status)
{
    corv_list_del(&w->node);
    if (w->expect)
        w->expect->answered++;
    corv_http_reply(
        w->request, status, "text/xml; charset=utf-8", NULL, corv_buf_view(&w->body), false);
    uv_close((uv_handle_t *)&w->timer, held_closed);
}

static void its_time_came(uv_timer_t *t)
{
    struct held *w = t->data;

    let_go(w, w->status);
}

/* Takes body. */
static void reply_later(struct partner_listener *l, struct partner_expect *e,
    struct corv_http_request *r, int status, struct corv_buf *body, unsigned ms)
{
    struct held *w = calloc(1, sizeof *w);

    if (!w) {
        corv_http_reply(r, 503, NULL, NULL, (struct corv_view){0}, true);
        corv_buf_free(body);
        return;
    }
    *w = (struct held){.request = r, .expect = e, .body = *body, .status = status};
    *body = (struct corv_buf){0};
    corv_list_add(&l->held, &w->node);
    (void)uv_timer_init(&l->partner->loop, &w->timer);
    w->timer.data = w;
    (void)uv_timer_start(&w->timer, its_time_came, ms, 0);
}

static void reply(struct partner_listener *l, struct partner_expect *e,
    const struct partner_party *at, const char *reference, struct corv_http_request *r,
    struct partner_turn turn)
{
    struct corv_buf body;
    int status = partner_dress_answer(l->partner, at, reference, turn.how, &body);

    if (turn.how == PARTNER_HANG_UP) {
        corv_http_drop(r);
        corv_buf_free(&body);
    } else if (turn.how == PARTNER_NEVER || turn.after_ms > 0) {
        reply_later(l, turn.how == PARTNER_NEVER ? NULL : e, r, status, &body,
            turn.how == PARTNER_NEVER ? HOUR_MS : turn.after_ms);
    } else {
        corv_http_reply(r, status, at->dai ? "text/xml; charset=utf-8" : "text/plain", NULL,
            corv_buf_view(&body), false);
        corv_buf_free(&body);
        if (e)
            e->answered++;
    }
}

/* ---- what arrives -----------------------------------------------------------------------------
 */

static bool holds(struct corv_view body, const char *before, const char *value)
{
    char text[PARTNER_NUMBER + 32];
    int n = snprintf(text, sizeof text, "%s>%s<", before, value);

    return n > 0 && (size_t)n < sizeof text && memmem(body.p, body.n, text, (size_t)n) != NULL;
}

static struct partner_expect *expected(struct partner_listener *l, struct corv_view body)
{
    CORV_LIST_EACH(node, &l->expected)
    {
        struct partner_expect *e = CORV_LIST_ITEM(node, struct partner_expect, node);

        if (holds(body, ":referentienummer", e->reference))
            return e;
    }
    return NULL;
}

/* The reference a message carries must be told on in WS-Addressing too. What is too large to read
 * cannot be judged. */
static bool related(const struct partner_expect *e, struct corv_view body)
{
    char relates[256];

    return partner_xml_text(body, PARTNER_NS_WSA, NULL, "RelatesTo", relates, sizeof relates) &&
           strstr(relates, e->link_value) != NULL;
}

static bool linked(const struct partner_expect *e, struct corv_view body)
{
    if (!e->link_name)
        return true;
    if (strcmp(e->link_name, "zaaknummer") == 0)
        return holds(body, "identificatie", e->link_value) || holds(body, "kenmerk", e->link_value);
    return holds(body, ":crossRefnummer", e->link_value) && (!e->to->dai || related(e, body));
}

static void note_arrival(struct partner_expect *e, const struct partner_party *at,
    struct corv_http_request *r, struct corv_view body)
{
    struct corv_view delivery = corv_http_header(r, "x-corv-delivery");
    struct partner_arrival a = {.at = at, .at_us = corv_clock_us()};

    if (e->arrivals_count == 0)
        (void)snprintf(
            e->delivery, sizeof e->delivery, "%.*s", (int)delivery.n, delivery.p ? delivery.p : "");
    a.same_number = delivery.p && delivery.n > 0 && corv_view_is(delivery, e->delivery);
    a.repeat = corv_view_is(corv_http_header(r, "x-corv-repeat"), "true");
    a.identical = at->dai ? memmem(body.p, body.n, e->element.p, e->element.n) != NULL
                          : corv_view_eq(partner_message_element(body), e->element);
    a.linked = linked(e, body);
    if (e->arrivals_count < PARTNER_ARRIVALS)
        e->arrivals[e->arrivals_count] = a;
    e->arrivals_count++;
}

/* A Fo01 of corvd about something we sent. */
static bool note_complaint(
    struct partner_listener *l, const struct partner_party *at, struct corv_view body)
{
    char about[PARTNER_NUMBER];
    char kind[64];

    if (!partner_xml_stuf_root(body, kind, sizeof kind) || strcmp(kind, "Fo01Bericht") != 0 ||
        !partner_xml_text(body, CORV_NS_STUF, NULL, "crossRefnummer", about, sizeof about))
        return false;
    CORV_LIST_EACH(node, &l->expected)
    {
        struct partner_expect *e = CORV_LIST_ITEM(node, struct partner_expect, node);

        if (strcmp(e->reference, about) != 0)
            continue;
        e->complaint.at = at;
        (void)partner_xml_text(
            body, CORV_NS_STUF, "body", "code", e->complaint.code, sizeof e->complaint.code);
        (void)partner_xml_text(body, CORV_NS_STUF, NULL, "referentienummer", e->complaint.reference,
            sizeof e->complaint.reference);
        return true;
    }
    return false;
}

static const struct partner_stranger *note_stranger(
    struct partner_listener *l, const struct partner_party *at, struct corv_view body)
{
    struct partner_stranger *s = &l->last;

    *s = (struct partner_stranger){.at = at, .bytes = body.n};
    if (!partner_xml_text(body, CORV_NS_STUF, NULL, "functie", s->kind, sizeof s->kind))
        (void)partner_xml_stuf_root(body, s->kind, sizeof s->kind);
    (void)partner_xml_text(
        body, CORV_NS_STUF, NULL, "referentienummer", s->reference, sizeof s->reference);
    (void)partner_xml_text(
        body, CORV_NS_STUF, "zender", "organisatie", s->from_oin, sizeof s->from_oin);
    (void)partner_xml_text(body, CORV_NS_STUF, "zender", "applicatie", s->from_application,
        sizeof s->from_application);
    l->strangers++;
    return s;
}

/* ---- the requests -----------------------------------------------------------------------------
 */

static const struct partner_party *party_at(const struct corv_http_request *r)
{
    struct corv_view path = corv_http_path(r);

    for (int i = 0; i < PARTNER_PARTIES; i++)
        if (path.n > 1 &&
            corv_view_is(corv_view_of(path.p + 1, path.n - 1), partner_parties[i].name))
            return &partner_parties[i];
    return NULL;
}

static void look_at_head(void *ctx, struct corv_http_request *r)
{
    (void)ctx;
    if (!party_at(r))
        corv_http_reply(r, 404, NULL, NULL, (struct corv_view){0}, false);
    else if (strcmp(corv_http_method(r), "POST") != 0)
        corv_http_reply(r, 405, NULL, "Allow: POST\r\n", (struct corv_view){0}, false);
}

static void take_message(void *ctx, struct corv_http_request *r)
{
    struct partner_listener *l = ctx;
    const struct partner_party *at = party_at(r);
    struct corv_view body = corv_http_body(r);
    struct partner_expect *e = expected(l, body);
    struct partner_turn turn = {.how = PARTNER_YES};
    char reference[PARTNER_NUMBER] = "";

    if (!at || body.n == 0) {
        corv_http_reply(r, 400, NULL, NULL, (struct corv_view){0}, false);
        return;
    }
    if (e) {
        note_arrival(e, at, r, body);
        if (e->arrivals_count <= e->turns_count)
            turn = e->turns[e->arrivals_count - 1];
        reply(l, e, at, e->reference, r, turn);
        return;
    }
    (void)partner_xml_text(
        body, CORV_NS_STUF, NULL, "referentienummer", reference, sizeof reference);
    const struct partner_stranger *s =
        note_complaint(l, at, body) ? NULL : note_stranger(l, at, body);

    reply(l, NULL, at, reference, r, turn);
    if (s && l->told)
        l->told(l->ctx, s);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static corv_rc open_tls(struct partner *p, struct partner_listener *l, struct corv_fault *f)
{
    char certificate[PATHS];
    char key[PATHS];
    char ca[PATHS];

    (void)snprintf(certificate, sizeof certificate, "%s/partner.pem", p->settings->certificates);
    (void)snprintf(key, sizeof key, "%s/partner.key", p->settings->certificates);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", p->settings->certificates);
    return corv_tls_server_new(
        &(struct corv_tls_files){.certificate = certificate, .key = key, .client_ca = ca}, &l->tls,
        f);
}

corv_rc partner_listen(
    struct partner *p, void (*told)(void *ctx, const struct partner_stranger *s), void *ctx)
{
    struct partner_listener *l = calloc(1, sizeof *l);
    struct corv_fault fault = {0};
    corv_rc rc = l ? CORV_OK : CORV_E_NOMEM;

    if (!l)
        return rc;
    l->partner = p;
    l->told = told;
    l->ctx = ctx;
    corv_list_init(&l->expected);
    corv_list_init(&l->held);
    p->listener = l;
    rc = open_tls(p, l, &fault);
    const struct corv_http_server_options o = {.loop = &p->loop,
        .tls = l->tls,
        .address = p->settings->listen.address,
        .port = p->settings->listen.port,
        .limits = {.body_bytes = BODY_MAX,
            .total_body_bytes = 4 * BODY_MAX,
            .header_bytes = 16384,
            .connections = 200,
            .handshake_ms = 10000,
            .header_ms = 10000,
            .body_ms = 120000,
            .idle_ms = 75000,
            .write_ms = 30000},
        .handler = {.ctx = l, .on_head = look_at_head, .on_body = take_message},
        .name = "partner"};

    if (rc == CORV_OK)
        rc = corv_http_server_new(&o, &l->server, &fault);
    if (rc != CORV_OK)
        (void)fprintf(stderr, "corv-partner: %s\n", fault.text);
    return rc;
}

void partner_expect(struct partner *p, struct partner_expect *e)
{
    corv_list_add(&p->listener->expected, &e->node);
}

void partner_expect_nothing(struct partner *p)
{
    CORV_LIST_EACH(node, &p->listener->held)
    {
        struct held *w = CORV_LIST_ITEM(node, struct held, node);

        w->expect = NULL;
        let_go(w, 503);
    }
    while (corv_list_pop(&p->listener->expected)) {
    }
}

unsigned partner_strangers(struct partner *p, struct partner_stranger *last)
{
    unsigned n = p->listener->strangers;

    *last = p->listener->last;
    p->listener->strangers = 0;
    return n;
}

static void server_closed(void *ctx)
{
    struct partner_listener *l = ctx;

    l->closed = true;
}

void partner_listener_free(struct partner *p)
{
    struct partner_listener *l = p->listener;

    if (!l)
        return;
    partner_expect_nothing(p);
    if (l->server)
        corv_http_server_close(l->server, 0, server_closed, l);
    while (l->server && !l->closed)
        (void)uv_run(&p->loop, UV_RUN_ONCE);
    corv_tls_server_free(l->tls);
    free(l);
    p->listener = NULL;
}
