/* SPDX-License-Identifier: EUPL-1.2 */
/* One file after the other: offer it, hear the answer, have it put away. */
#include <stdlib.h>
#include <string.h>

#include "adapters/dropdir/internal.h"

#define AGAIN_US 5000000 /* after a full disk, or when the daemon has no room and gives no time */

void dropdir_item_free(struct dropdir_item *item)
{
    if (!item)
        return;
    free(item->bytes);
    free(item->text);
    free(item->json);
    free(item);
}

static void end(struct dropdir_item *item)
{
    struct dropdir *d = item->dropdir;

    TAILQ_REMOVE(&d->items, item, entry);
    d->items_count--;
    dropdir_item_free(item);
}

static void wait_a_while(struct dropdir_item *item, int64_t us)
{
    item->not_before_us = item->dropdir->services->now_us(item->dropdir->host) + us;
}

/* ---- settling -------------------------------------------------------------------------------- */

static void settle_run(void *ctx)
{
    struct dropdir_item *item = ctx;

    item->trouble = dropdir_settle(item);
}

static void settled(void *ctx)
{
    struct dropdir_item *item = ctx;
    struct dropdir *d = item->dropdir;

    if (item->trouble == 0) {
        end(item);
        dropdir_scan(d); /* there may be more than fitted */
        return;
    }
    d->services->log(d->host, CORV_ALOG_ERROR, "dropdir.settle",
        "het antwoord op een bericht is niet weg te schrijven; corvd probeert het opnieuw");
    item->stage = DROPDIR_ANSWERED;
    wait_a_while(item, AGAIN_US);
}

static void settle(struct dropdir_item *item)
{
    struct dropdir *d = item->dropdir;

    free(item->bytes);
    item->bytes = NULL;
    item->stage = DROPDIR_SETTLING;
    if (d->services->work(d->host, settle_run, settled, item) != 0)
        item->stage = DROPDIR_ANSWERED; /* the next tick tries again */
}

/* ---- offering -------------------------------------------------------------------------------- */

static void refuse_here(struct dropdir_item *item)
{
    struct dropdir *d = item->dropdir;

    if (!dropdir_answer_too_large(item)) {
        wait_a_while(item, AGAIN_US);
        return;
    }
    d->services->log(d->host, CORV_ALOG_WARNING, "dropdir.too-large",
        "een bestand is groter dan max_bytes en is geweigerd");
    item->refused = true;
    settle(item);
}

static void offer(struct dropdir_item *item)
{
    struct dropdir *d = item->dropdir;
    const struct corv_incoming in = {.size = sizeof in,
        .bytes = {item->bytes, item->n},
        .content_type = "application/xml",
        .party = d->sender,
        .peer = "dropdir"};

    if (item->too_large) {
        refuse_here(item);
        return;
    }
    item->op = d->services->offer(d->host, &in);
    if (item->op != 0)
        item->stage = DROPDIR_OFFERED;
    else
        wait_a_while(item, AGAIN_US); /* unless we are woken before */
}

void dropdir_items_move_on(struct dropdir *d)
{
    int64_t now = d->services->now_us(d->host);
    struct dropdir_item *item = TAILQ_FIRST(&d->items);

    while (item) {
        struct dropdir_item *next = TAILQ_NEXT(item, entry);

        if (item->not_before_us <= now) {
            if (item->stage == DROPDIR_READ)
                offer(item);
            else if (item->stage == DROPDIR_ANSWERED)
                settle(item);
        }
        item = next;
    }
}

void dropdir_items_woken(struct dropdir *d)
{
    struct dropdir_item *item;

    TAILQ_FOREACH(item, &d->items, entry)
    if (item->stage == DROPDIR_READ && item->op == 0)
        item->not_before_us = 0;
    dropdir_items_move_on(d);
}

void dropdir_answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer)
{
    struct dropdir *d = instance;
    struct dropdir_item *item;

    TAILQ_FOREACH(item, &d->items, entry)
    if (item->stage == DROPDIR_OFFERED && item->op == op)
        break;
    if (!item)
        return;
    item->stage = DROPDIR_READ; /* still in our hands */
    if (answer->cls == CORV_INCOMING_UNAVAILABLE || !dropdir_answer_write(item, answer)) {
        wait_a_while(
            item, answer->retry_after_seconds ? answer->retry_after_seconds * 1000000LL : AGAIN_US);
        return;
    }
    item->refused = answer->cls != CORV_INCOMING_ACCEPTED && answer->cls != CORV_INCOMING_REPEAT;
    settle(item);
}

void dropdir_items_drop(struct dropdir *d)
{
    struct dropdir_item *item = TAILQ_FIRST(&d->items);

    while (item) {
        struct dropdir_item *next = TAILQ_NEXT(item, entry);

        dropdir_item_free(item);
        item = next;
    }
    TAILQ_INIT(&d->items);
    d->items_count = 0;
}
