/* SPDX-License-Identifier: EUPL-1.2 */
/* Items on their way into a batch and out of the queue. */
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "queue/writer.h"

#define RIDE        8  /* so many confirmations go along with the next message */
#define COMPANY     16 /* so many go by themselves */
#define ALONE_TIMES 3  /* company_ms until a few of them go by themselves */

/* ---- items ------------------------------------------------------------------------------------
 */

/* A quarter of the room is kept for what closes deliveries, so that a flood of new messages does
 * not keep old ones from being finished. */
static bool room_for(const struct corv_queue *q, enum corv_item_kind kind)
{
    unsigned room = q->o.backlog;

    if (kind == CORV_ITEM_RELEASE || kind == CORV_ITEM_GIVE_BACK)
        return true;
    if (kind == CORV_ITEM_PUT)
        room -= room / 4;
    return q->waiting < room;
}

corv_rc corv_writer_admit(struct corv_queue *q, enum corv_item_kind kind, struct corv_item **out)
{
    struct corv_item *item;

    if (q->closing || (kind == CORV_ITEM_PUT && !q->writer_up) || !room_for(q, kind))
        return CORV_AGAIN;
    item = calloc(1, sizeof *item);
    if (!item)
        return CORV_E_NOMEM;
    item->kind = kind;
    item->asked_us = corv_clock_mono_us();
    corv_list_init(&item->node);
    *out = item;
    return CORV_OK;
}

void corv_writer_add(struct corv_queue *q, struct corv_item *item)
{
    corv_list_add(&q->pending, &item->node);
    q->waiting++;
    corv_queue_kick(q);
}

static bool good(enum corv_fate fate)
{
    return fate == CORV_FATE_APPLIED || fate == CORV_FATE_BEFORE;
}

/* Calls back, once. */
static void answer(struct corv_item *item)
{
    if (item->answered)
        return;
    item->answered = true;
    if (item->kind == CORV_ITEM_PUT)
        corv_put_answer(item);
    else if (item->kind == CORV_ITEM_SETTLE)
        item->settle.cb(item->settle.ctx, good(item->fate));
    else if (item->kind != CORV_ITEM_GIVE_BACK && item->note.cb)
        item->note.cb(item->note.ctx, good(item->fate));
}

void corv_item_finish(struct corv_queue *q, struct corv_item *item)
{
    q->waiting--;
    item->orphan = item->orphan || (item->in_doubt && item->fate == CORV_FATE_LOST);
    answer(item);
    if (!corv_give_back_goes_on(q, item))
        free(item);
}

/* What gives leases back is waited for by nobody, and has all the time until they end. */
static bool may_wait(const struct corv_queue *q, const struct corv_item *item)
{
    return item->kind == CORV_ITEM_GIVE_BACK && !q->closing;
}

static void expire_list(struct corv_queue *q, struct corv_list *list, int64_t before_us)
{
    CORV_LIST_EACH(node, list)
    {
        struct corv_item *item = CORV_LIST_ITEM(node, struct corv_item, node);

        if (item->asked_us > before_us || may_wait(q, item))
            continue;
        corv_list_del(node);
        item->fate = CORV_FATE_LOST;
        corv_item_finish(q, item);
    }
}

/* What is in the batch stays there until it ends, but nobody waits for it any longer: its outcome
 * is unknown to whoever asked, and its memory is no longer ours to read. */
void corv_writer_expire(struct corv_queue *q, bool all)
{
    int64_t before = corv_clock_mono_us() - (int64_t)q->o.wait_ms * 1000;

    if (all)
        before = INT64_MAX;
    for (unsigned i = 0; i < q->batch.count; i++) {
        struct corv_item *item = q->batch.items[i];

        if (item->answered || item->asked_us > before || may_wait(q, item))
            continue;
        item->fate = CORV_FATE_LOST;
        answer(item);
    }
    expire_list(q, &q->suspects, before);
    expire_list(q, &q->pending, before);
}

#ifdef CORV_CRASH_POINTS
void corv_plant_early_yes(struct corv_queue *q)
{
    const char *order = getenv("CORVD_PLANT");

    if (!order || strcmp(order, "yes-before-commit") != 0)
        return;
    for (unsigned i = 0; i < q->batch.count; i++)
        if (q->batch.items[i]->kind == CORV_ITEM_PUT)
            answer(q->batch.items[i]);
}
#endif

/* ---- into a batch -------------------------------------------------------------------------------
 */

/* False when an item of the same key is in the batch already. */
static bool claim_key(struct corv_batch *b, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (b->keys_size - 1);

    if (key == 0)
        return true;
    for (; b->keys[at] != 0; at = (at + 1) & (b->keys_size - 1))
        if (b->keys[at] == key)
            return false;
    b->keys[at] = key;
    return true;
}

static void take_item(struct corv_batch *b, struct corv_item *item)
{
    corv_list_del(&item->node);
    item->fate = CORV_FATE_OPEN;
    b->items[b->count++] = item;
    if (item->kind == CORV_ITEM_PUT) {
        item->first = item->own[0]; /* whatever an earlier run found */
        b->puts[b->puts_count++] = item;
    }
    if (item->kind == CORV_ITEM_SETTLE)
        b->settles[b->settles_count++] = item;
}

/* Nobody waits for it, and what it tells has happened already. */
static bool is_patient(const struct corv_item *item)
{
    return item->kind == CORV_ITEM_SETTLE && item->settle.state == CORV_DELIVERY_CONFIRMED;
}

/* A sender that sends one after the other hears its yes sooner when the confirmation of the message
 * before does not go first, nor each along with the next message: a few of them together cost one
 * statement. So they wait a while for each other, and then for a message to share its COMMIT with.
 * How long those that are pending can still wait, in milliseconds; times: so often company_ms.
 * 0: not any longer, or there are none. */
static unsigned patience_ms(const struct corv_queue *q, unsigned times, unsigned enough)
{
    int64_t until = INT64_MAX, now = corv_clock_mono_us();
    unsigned count = 0;

    if (q->closing || !corv_list_empty(&q->suspects))
        return 0;
    CORV_LIST_EACH(node, &q->pending)
    {
        const struct corv_item *item = CORV_LIST_ITEM(node, struct corv_item, node);
        int64_t end = item->asked_us + (int64_t)q->o.company_ms * 1000 * times;

        if (!is_patient(item))
            continue;
        if (++count >= enough)
            return 0;
        until = end < until ? end : until;
    }
    return count > 0 && until > now ? (unsigned)((until - now + 999) / 1000) : 0;
}

unsigned corv_batch_company_ms(const struct corv_queue *q)
{
    CORV_LIST_EACH(node, &q->pending)
    {
        if (!is_patient(CORV_LIST_ITEM(node, const struct corv_item, node)))
            return 0;
    }
    return patience_ms(q, ALONE_TIMES, COMPANY);
}

/* Giving the node's old leases back goes alone, so that running it again after an unknown outcome
 * never takes the lease of something stored beside it. */
void corv_batch_take(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    bool suspects = !corv_list_empty(&q->suspects);
    unsigned limit = suspects && q->suspect_limit ? q->suspect_limit : q->o.batch_items;
    bool patience = patience_ms(q, 1, RIDE) > 0;
    uint64_t bytes = 0;

    memset(b->keys, 0, b->keys_size * sizeof b->keys[0]);
    CORV_LIST_EACH(node, suspects ? &q->suspects : &q->pending)
    {
        struct corv_item *item = CORV_LIST_ITEM(node, struct corv_item, node);
        bool alone = item->kind == CORV_ITEM_RELEASE;

        if (b->count == limit ||
            (b->count > 0 && (alone || bytes + item->bytes > q->o.batch_bytes)))
            break;
        if ((patience && is_patient(item)) || !claim_key(b, item->key))
            continue;
        bytes += item->bytes;
        take_item(b, item);
        if (alone)
            break;
    }
}
