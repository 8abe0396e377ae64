/* SPDX-License-Identifier: EUPL-1.2 */
/* A batch in one turn to the database. With one sender that sends one by one, a turn is a fifth of
 * the time until its yes; with many, the writer waits less and carries more.
 * Only what is plain goes so: new messages that ask nothing of the database, deliveries that end,
 * audit lines. What came back from a transaction of unknown outcome, or is suspected, does not. */
#include "queue/writer.h"

#define CAREFUL 64 /* batches after a miss */

static bool plain(const struct corv_item *item)
{
    if (item->suspect || item->in_doubt)
        return false;
    if (item->kind == CORV_ITEM_PUT)
        return !corv_correlate_wants(&item->put);
    if (item->kind == CORV_ITEM_SETTLE)
        return corv_settle_ends(&item->settle);
    return item->kind == CORV_ITEM_NOTE;
}

bool corv_straight_may(struct corv_queue *q)
{
    const struct corv_batch *b = &q->batch;

    if (q->careful > 0) {
        q->careful--;
        return false;
    }
    for (unsigned i = 0; i < b->count; i++)
        if (!plain(b->items[i]))
            return false;
    return true;
}

void corv_straight_begin(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;

    for (unsigned i = 0; i < b->count; i++) {
        b->items[i]->fate = CORV_FATE_APPLIED;
        b->items[i]->case_unknown = false;
        b->items[i]->filer[0] = '\0';
    }
}

void corv_straight_missed(struct corv_queue *q)
{
    q->careful = CAREFUL;
    q->stats.second_looks++;
}
