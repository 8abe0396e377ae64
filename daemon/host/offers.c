/* SPDX-License-Identifier: EUPL-1.2 */
/* The way in: an adapter offers a message, the daemon takes it or not now, and what became of it
 * goes back to the adapter under its number - once, never from inside the offer, never after
 * stop. An answer for an adapter that is gone is normal. */
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/host/internal.h"

#define OIN_DIGITS 20

void corv_hosts_on_offer(struct corv_hosts *h, corv_host_intake cb, void *ctx)
{
    h->intake = cb;
    h->intake_ctx = ctx;
}

/* ---- offering ------------------------------------------------------------------------------- */

static bool is_oin(const char *oin)
{
    return strspn(oin, "0123456789") == OIN_DIGITS && oin[OIN_DIGITS] == '\0';
}

/* What breaks the contract is the adapter's bug: named, and never taken in. */
static const char *broken_rule(const struct corv_host *host, const struct corv_incoming *in)
{
    if (!in || in->size < sizeof *in)
        return "offer.size";
    if (!(host->api->kind & CORV_ADAPTER_INBOUND) || host->api->abi_minor < 1)
        return "offer.kind";
    if ((in->oin != NULL) == (in->party != NULL))
        return "offer.sender";
    if (in->oin && !is_oin(in->oin))
        return "offer.oin";
    return in->bytes.n > 0 && !in->bytes.p ? "offer.bytes" : NULL;
}

static struct offer *offer_new(struct corv_host *host, const struct corv_incoming *in)
{
    struct offer *o = calloc(1, sizeof *o);
    struct corv_hosts *h = host->all;

    if (!o)
        return NULL;
    corv_list_init(&o->node);
    o->host = host;
    o->quiet = in->no_answer != 0;
    uv_mutex_lock(&h->mutex);
    o->number = ++h->serial << HOST_SLOT_BITS; /* no operation of the way out has this one */
    uv_mutex_unlock(&h->mutex);
    corv_list_add(&h->offers, &o->node);
    return o;
}

static void offer_end(struct offer *o)
{
    struct corv_hosts *h = o->host->all;

    corv_list_del(&o->node);
    o->host->stats.offers--;
    free(o);
    corv__hosts_idle(h);
}

static uint64_t not_now(struct corv_host *host)
{
    host->wants_room = true;
    host->stats.not_now++;
    return 0;
}

uint64_t corv__offer(struct corv_host *host, const struct corv_incoming *in)
{
    struct corv_hosts *h = host->all;
    struct offer *o;

    if (!corv__on_loop(host, "offer"))
        return 0;
    const char *broken = broken_rule(host, in);

    if (broken) {
        CORV_LOG(
            ERROR, "host.broken-rule", NULL, CORV_F(ADAPTER, host->name), CORV_F(CODE, broken));
        return 0;
    }
    o = h->intake && h->phase == HOSTS_OPEN && host->started ? offer_new(host, in) : NULL;
    if (!o)
        return not_now(host);
    const struct corv_host_incoming given = {.adapter = host->name,
        .bytes = corv_view_of(in->bytes.p, in->bytes.n),
        .content_type = in->content_type,
        .oin = in->oin,
        .party = in->party,
        .peer = in->peer ? in->peer : ""};
    uint64_t number = o->number;

    host->stats.offers++;
    o->inside = true;
    bool taken = h->intake(h->intake_ctx, number, &given) && !o->over;

    o->inside = false;
    if (!taken) {
        offer_end(o);
        return not_now(host);
    }
    host->stats.offered++;
    return number;
}

void corv_hosts_room(struct corv_hosts *h)
{
    bool any = false;

    if (!h || h->phase != HOSTS_OPEN)
        return;
    CORV_LIST_EACH(node, &h->hosts)
    {
        struct corv_host *host = CORV_LIST_ITEM(node, struct corv_host, node);

        if (!host->wants_room)
            continue;
        host->wants_room = false;
        atomic_store(&host->wake_wanted, true);
        any = true;
    }
    if (any)
        (void)uv_async_send(&h->async);
}

/* ---- answering ------------------------------------------------------------------------------ */

static struct offer *find(struct corv_hosts *h, uint64_t number)
{
    CORV_LIST_EACH(node, &h->offers)
    {
        struct offer *o = CORV_LIST_ITEM(node, struct offer, node);

        if (o->number == number)
            return o;
    }
    return NULL;
}

static void count_findings(struct corv_host_answer *a)
{
    a->pub.size = sizeof a->pub;
    for (size_t i = 0; i < 2; i++)
        if (a->lists[i]) {
            a->pub.findings += (uint32_t)a->lists[i]->count;
            a->pub.findings_more += (uint32_t)a->lists[i]->dropped;
        }
}

void corv_hosts_answer(struct corv_hosts *h, uint64_t offer, struct corv_host_answer *a)
{
    struct offer *o = h ? find(h, offer) : NULL;

    if (!o)
        return;
    if (o->inside) {
        o->over = true;
        return;
    }
    struct corv_host *host = o->host;
    bool quiet = o->quiet;

    offer_end(o);
    if (quiet || !host->started)
        return;
    count_findings(a);
    int64_t began = corv__call_begin();

    host->api->answered(host->instance, offer, &a->pub);
    corv__call_end(host, "answered", began);
}

int corv__finding(
    const struct corv_incoming_answer *a, uint32_t i, struct corv_incoming_finding *out)
{
    const struct corv_host_answer *mine = (const void *)a;

    for (size_t l = 0; l < 2; l++) {
        const struct corv_findings *list = mine->lists[l];

        if (!list || i >= list->count) {
            i -= list ? (uint32_t)list->count : 0;
            continue;
        }
        const struct corv_finding *f = &list->list[i];

        *out = (struct corv_incoming_finding){.layer = corv_layer_name(f->layer),
            .severity = corv_severity_name(f->severity),
            .code = f->code,
            .path = f->path,
            .text = f->text,
            .actor = corv_actor_name(f->actor),
            .article = f->article,
            .line = f->line,
            .column = f->column};
        return 0;
    }
    return 1;
}

void corv_hosts_on_stuf(struct corv_hosts *h, corv_host_stuf cb, void *ctx)
{
    h->stuf = cb;
    h->stuf_ctx = ctx;
}

struct corv_text corv__stuf_answer(
    struct corv_host *host, const struct corv_incoming_answer *a, const struct corv_stuf_reply *how)
{
    struct corv_hosts *h = host->all;

    if (!corv__on_loop(host, "stuf_answer") || !how || how->size < sizeof *how || !h->stuf)
        return (struct corv_text){"", 0};
    corv_buf_free(&host->said);
    if (h->stuf(h->stuf_ctx, (const void *)a, how, &host->said) != CORV_OK)
        corv_buf_free(&host->said);
    return (struct corv_text){host->said.p ? host->said.p : "", host->said.n};
}

void corv__offers_forget(struct corv_hosts *h, struct corv_host *host)
{
    CORV_LIST_EACH(node, &h->offers)
    {
        struct offer *o = CORV_LIST_ITEM(node, struct offer, node);

        if (o->host == host)
            offer_end(o);
    }
}
