/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "daemon/runner/internal.h"
#include "daemon/runner/tell.h"
#include "daemon/stuf_say.h"

/* ---- offers -------------------------------------------------------------------------------- */

static uint64_t *slot_of(struct bridge *b, uint64_t offer)
{
    for (size_t i = 0; i < WIRE_OFFERS_MAX; i++)
        if (b->offers[i] == offer)
            return &b->offers[i];
    return NULL;
}

static bool take_in(void *ctx, uint64_t offer, const struct corv_host_incoming *in)
{
    struct bridge *b = ctx;
    uint64_t *slot = b->room && !b->leaving ? slot_of(b, 0) : NULL;

    if (!slot)
        return false;
    *slot = offer;
    corv_tell_offer(offer, in);
    return true;
}

/* ---- answers ------------------------------------------------------------------------------- */

static corv_rc say_in_stuf(void *ctx, const struct corv_host_answer *a,
    const struct corv_stuf_reply *how, struct corv_buf *b)
{
    const struct bridge *bridge = ctx;

    return corv_stuf_say(bridge->own_oin, bridge->own_application, a, how, b);
}

static const char *text(struct wire_in *in)
{
    const char *s = wire_get_text(in);

    return s ? s : "";
}

static struct corv_incoming_address address(struct wire_in *in)
{
    struct corv_incoming_address a;

    a.organisatie = text(in);
    a.applicatie = text(in);
    a.administratie = text(in);
    a.gebruiker = text(in);
    return a;
}

#define NUMBER_OF(what, names, last)                                                               \
    static int what(const char *name)                                                              \
    {                                                                                              \
        for (int i = 0; i <= (last); i++)                                                          \
            if (strcmp(names((unsigned)i), name) == 0)                                             \
                return i;                                                                          \
        return 0;                                                                                  \
    }
NUMBER_OF(layer_of, corv_layer_name, CORV_LAYER_CONFIG)
NUMBER_OF(severity_of, corv_severity_name, CORV_SEV_WARNING)
NUMBER_OF(actor_of, corv_actor_name, CORV_ACT_PARTNER)

static void read_finding(struct wire_in *in, struct corv_findings *list)
{
    struct corv_finding f = {0};

    f.layer = (enum corv_layer)layer_of(text(in));
    f.severity = (enum corv_severity)severity_of(text(in));
    (void)snprintf(f.code, sizeof f.code, "%s", text(in));
    (void)snprintf(f.path, sizeof f.path, "%s", text(in));
    (void)snprintf(f.text, sizeof f.text, "%s", text(in));
    f.actor = (enum corv_actor)actor_of(text(in));
    (void)snprintf(f.article, sizeof f.article, "%s", text(in));
    f.line = (int)wire_get_u32(in);
    f.column = (int)wire_get_u32(in);
    if (!in->bad)
        corv_findings_add(list, &f);
}

static void read_answer(struct wire_in *in, struct corv_incoming_answer *a)
{
    a->cls = wire_get_u32(in);
    a->status = wire_get_u32(in);
    a->retry_after_seconds = wire_get_u32(in);
    a->message_id = text(in);
    a->stored_us = (int64_t)wire_get_u64(in);
    a->code = text(in);
    a->stuf_code = text(in);
    a->server_fault = wire_get_u32(in);
    a->title = text(in);
    a->text = text(in);
    a->next = text(in);
    a->kind = text(in);
    a->zender = address(in);
    a->ontvanger = address(in);
    a->referentienummer = text(in);
    a->crossrefnummer = text(in);
    a->tijdstip = text(in);
}

static void answer_one(struct bridge *b, uint64_t offer, struct corv_host_answer *a)
{
    uint64_t *slot = offer ? slot_of(b, offer) : NULL;

    if (slot)
        *slot = 0;
    if (slot)
        corv_hosts_answer(b->hosts, offer, a);
}

bool bridge_answer(struct bridge *b, struct wire_in *in)
{
    uint64_t offer = wire_get_u64(in);
    bool closed = wire_get_u32(in) != 0;
    struct corv_host_answer a = {.pub = {0}};
    struct corv_findings list;

    read_answer(in, &a.pub);
    corv_findings_init(&list);
    list.dropped = wire_get_u32(in);
    uint32_t findings = wire_get_u32(in);

    for (uint32_t i = 0; i < findings && i < WIRE_FINDINGS_MAX; i++)
        read_finding(in, &list);
    bool good = wire_got_all(in);

    a.lists[0] = &list;
    b->room = b->room && !closed;
    if (good)
        answer_one(b, offer, &a);
    corv_findings_free(&list);
    return good;
}

void bridge_answer_all(struct bridge *b)
{
    for (size_t i = 0; i < WIRE_OFFERS_MAX; i++) {
        struct corv_host_answer a = {.pub = {.cls = CORV_INCOMING_UNAVAILABLE,
                                         .status = 503,
                                         .message_id = "",
                                         .code = "receive.draining",
                                         .stuf_code = "StUF058",
                                         .server_fault = 1,
                                         .title = "",
                                         .text = "",
                                         .next = "",
                                         .kind = "unknown",
                                         .zender = {"", "", "", ""},
                                         .ontvanger = {"", "", "", ""},
                                         .referentienummer = "",
                                         .crossrefnummer = "",
                                         .tijdstip = ""}};

        answer_one(b, b->offers[i], &a);
    }
}

void bridge_incoming_start(struct bridge *b)
{
    b->room = true;
    corv_hosts_on_offer(b->hosts, take_in, b);
    corv_hosts_on_stuf(b->hosts, say_in_stuf, b);
}
