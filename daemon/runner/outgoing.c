/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>

#include "daemon/runner/internal.h"
#include "daemon/runner/tell.h"

/* corvd holds the clock and says cancel; this one only has to be later. */
#define DEADLINE_MS (7u * 24 * 3600 * 1000)

static void carried_free(struct carried *c)
{
    corv_list_del(&c->node);
    free(c->body);
    free(c);
}

static void came_back(void *ctx, const struct corv_host_outcome *o)
{
    struct carried *c = ctx;

    c->told = true;
    corv_tell_outcome(c->op, o);
}

static void released(void *ctx)
{
    carried_free(ctx);
}

static void refuse(struct carried *c)
{
    static const struct corv_host_outcome not_now = {.cls = CORV_LATER,
        .code = "process.not-now",
        .text = "De adapter neemt geen uitgaande berichten aan."};

    corv_tell_outcome(c->op, &not_now);
    carried_free(c);
}

static bool read_spec(struct carried *c, struct wire_in *in)
{
    struct corv_outgoing_spec *s = &c->spec;

    c->op = wire_get_u64(in);
    s->attempt = wire_get_u32(in);
    s->message_id = wire_get_text(in);
    s->delivery_id = wire_get_text(in);
    s->kind = wire_get_text(in);
    s->to_party = wire_get_text(in);
    s->to_oin = wire_get_text(in);
    s->from_oin = wire_get_text(in);
    s->address = wire_get_text(in);
    s->content_type = wire_get_text(in);
    struct corv_text payload = wire_get_bytes(in);

    s->payload = corv_view_of(payload.p, payload.n);
    s->release = released;
    return wire_got_all(in);
}

bool bridge_deliver(struct bridge *b, struct wire_in *in)
{
    struct carried *c = calloc(1, sizeof *c);

    if (!c)
        return false;
    corv_list_init(&c->node);
    c->bridge = b;
    if (!read_spec(c, in)) {
        free(c);
        return false;
    }
    c->body = wire_take_body(&b->in);
    corv_list_add(&b->carried, &c->node);
    if (corv_hosts_deliver(b->hosts, b->name, &c->spec, DEADLINE_MS, came_back, c) != CORV_OK)
        refuse(c);
    return true;
}

bool bridge_cancel(struct bridge *b, struct wire_in *in)
{
    uint64_t op = wire_get_u64(in);

    if (!wire_got_all(in))
        return false;
    CORV_LIST_EACH(node, &b->carried)
    {
        const struct carried *c = CORV_LIST_ITEM(node, struct carried, node);

        if (c->op != op || c->told)
            continue;
        corv_hosts_cancel(b->hosts, c);
        break;
    }
    return true;
}

void bridge_cancel_all(struct bridge *b)
{
    CORV_LIST_EACH(node, &b->carried)
    {
        const struct carried *c = CORV_LIST_ITEM(node, struct carried, node);

        if (!c->told)
            corv_hosts_cancel(b->hosts, c);
    }
}
