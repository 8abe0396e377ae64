/* SPDX-License-Identifier: EUPL-1.2 */
/* Leases that nobody works on are given back, so that what they hold is delivered now and not when
 * they end:
 *  - at the start, all that this node held before it died;
 *  - of a put that was answered "not committed as far as we know" and whose COMMIT went through
 *    after all: its deliveries were stored as leased by us, and whoever was to deliver them is
 * gone;
 *  - of a lease whose answer never came: it may have been committed all the same.
 * The last two name exactly the rows they mean, so they may share a batch and be run again: a lease
 * stored with its message ends lease_seconds after the message's own time, to the microsecond, and
 * no two leases of this node are taken in the same one.
 *
 * And when the clock goes back, what the fast one put off is due so much sooner: else a message
 * would wait for as long as the clock was wrong, and show nowhere as late. It shows by what
 * happened later than now, so whoever was not there to see the clock go back sees it at the start.
 * In pieces: behind a partner that is away there may be more than one statement has the time for.
 */
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/writer.h"

#define JUMP_US 1000000 /* less is a clock that is being kept right */
#define PIECE   5000    /* deliveries brought back in one batch */

const struct corv_pg_stmt corv_sql_release = {"corv_release",
    "UPDATE delivery SET owner = NULL, due_at = $2::timestamptz"
    " WHERE owner = $1::text AND state = 0"};
const struct corv_pg_stmt corv_sql_give_back = {"corv_give_back",
    "UPDATE delivery SET owner = NULL, due_at = $2::timestamptz"
    " WHERE owner = $1::text AND state = 0 AND (due_at = ANY ($3::timestamptz[])"
    "  OR (message_id = ANY ($4::uuid[]) AND attempts = 1"
    "   AND due_at = created_at + make_interval(secs => $5::integer)))"
    " RETURNING message_id"};

/* Now, unless ours is the clock that is wrong: then what the others wrote is not of later. */
#define NOW "greatest($1::timestamptz, now())"
#define LATER                                                                                      \
    " WHERE owner IS NULL AND state = 0 AND due_at > " NOW                                         \
    " AND coalesce(last_at, created_at) > " NOW " + interval '1 second'"
const struct corv_pg_stmt corv_sql_from_ahead = {"corv_from_ahead",
    "WITH piece AS MATERIALIZED (SELECT ctid AS place, coalesce(last_at, created_at) - " NOW
    "  AS ahead FROM delivery" LATER " LIMIT $2::integer FOR UPDATE SKIP LOCKED),"
    " moved AS (UPDATE delivery d SET due_at = greatest(" NOW ", d.due_at - piece.ahead),"
    "  last_at = CASE WHEN d.last_at > " NOW " THEN " NOW " ELSE d.last_at END"
    "  FROM piece WHERE d.ctid = piece.place RETURNING 1)"
    " SELECT count(*) FROM moved"};

/* ---- all of them, at the start ------------------------------------------------------------- */

static void released(struct corv_queue *q, const PGresult *r)
{
    (void)q;
    (void)r;
}

corv_rc corv_release_ask(struct corv_queue *q)
{
    struct corv_pg_params p = {0};

    corv_pg_add_text(&p, q->o.node);
    corv_pg_add_time(&p, q->batch.now_us);
    return corv_batch_ask(q, &corv_sql_release, &p, released);
}

corv_rc corv_queue_release_own(struct corv_queue *q, corv_done_cb cb, void *ctx)
{
    struct corv_item *item = NULL;
    corv_rc rc = corv_writer_admit(q, CORV_ITEM_RELEASE, &item);

    if (rc != CORV_OK)
        return rc;
    item->note.cb = cb;
    item->note.ctx = ctx;
    corv_writer_add(q, item);
    return CORV_OK;
}

/* ---- those that were lost on the way -------------------------------------------------------- */

/* The put's own item goes on as this one, and one that has more to do goes on as itself: nothing
 * has to be allocated, so nothing can fail. */
bool corv_give_back_goes_on(struct corv_queue *q, struct corv_item *item)
{
    bool orphan = item->kind == CORV_ITEM_PUT && item->orphan;

    if (q->closing || (!orphan && !item->more))
        return false; /* closing: the next start gives all of them back */
    if (orphan)
        item->lost_until_us = 0;
    item->more = false;
    item->kind = CORV_ITEM_GIVE_BACK;
    item->fate = CORV_FATE_OPEN;
    item->key = 0;
    item->bytes = 0;
    item->suspect = item->answered = false;
    corv_list_init(&item->node);
    corv_writer_add(q, item);
    return true;
}

void corv_give_back_lost(struct corv_queue *q, int64_t until_us)
{
    struct corv_item *item = NULL;

    if (!q->reader_up) { /* its old session may still be at it: after the next one has begun */
        q->lease_lost_us = until_us;
        return;
    }
    q->lease_lost_us = 0;
    if (until_us == 0 || corv_writer_admit(q, CORV_ITEM_GIVE_BACK, &item) != CORV_OK)
        return; /* it ends by itself */
    item->lost_until_us = until_us;
    corv_writer_add(q, item);
}

static void given_back(struct corv_queue *q, const PGresult *r)
{
    (void)q;
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_id id = corv_pg_id(r, row, 0);

        CORV_LOG(INFO, "queue.lease-given-back", &id);
    }
}

/* ---- put off by a clock that was ahead --------------------------------------------------------
 */

void corv_queue_bring_back(struct corv_queue *q)
{
    struct corv_item *item = NULL;

    if (corv_writer_admit(q, CORV_ITEM_GIVE_BACK, &item) != CORV_OK)
        return; /* the next start does it */
    item->ahead = true;
    corv_writer_add(q, item);
}

int64_t corv_wall_ahead_us(void)
{
    return corv_clock_us() - corv_clock_mono_us();
}

/* Asked before any time goes into the database. */
void corv_queue_watch_clock(struct corv_queue *q)
{
    int64_t ahead_us = corv_wall_ahead_us();
    int64_t by_us = q->ahead_us ? ahead_us - q->ahead_us : 0;

    q->ahead_us = ahead_us;
    if (by_us > -JUMP_US && by_us < JUMP_US)
        return;
    CORV_LOG(WARNING, "clock.jumped", NULL, CORV_F(WHAT, by_us < 0 ? "back" : "ahead"),
        CORV_N(MS, (by_us < 0 ? -by_us : by_us) / 1000));
    if (by_us < 0)
        corv_queue_bring_back(q);
}

static void brought_back(struct corv_queue *q, const PGresult *r)
{
    struct corv_batch *b = &q->batch;
    int64_t count = corv_pg_int(r, 0, 0);

    if (count > 0)
        CORV_LOG(WARNING, "queue.clock-was-ahead", NULL, CORV_N(COUNT, count),
            CORV_F(REASON, "Zo veel bezorgingen waren uitgesteld door een klok die voorliep; zij "
                           "zijn nu aan de beurt. Kijk of de tijd op elke node klopt (NTP)."));
    for (unsigned i = 0; i < b->count; i++)
        b->items[i]->more = b->items[i]->ahead && count == PIECE;
}

static corv_rc ask_ahead(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_params p = {0};
    bool any = false;

    for (unsigned i = 0; i < b->count; i++) {
        any = any || b->items[i]->ahead;
        b->items[i]->more = false;
    }
    if (!any)
        return CORV_OK;
    corv_pg_add_time(&p, b->now_us);
    corv_pg_add_int4(&p, PIECE);
    return corv_batch_ask(q, &corv_sql_from_ahead, &p, brought_back);
}

corv_rc corv_give_back_ask(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_array *until = corv_rows_key(q, 0, CORV_PG_TIME);
    struct corv_pg_array *id = corv_rows_key(q, 1, CORV_PG_UUID);
    struct corv_pg_params p = {0};
    corv_rc rc;

    for (unsigned i = 0; i < b->count; i++) {
        const struct corv_item *item = b->items[i];

        if (item->kind != CORV_ITEM_GIVE_BACK || item->ahead)
            continue;
        if (item->lost_until_us)
            corv_pg_array_time(until, item->lost_until_us);
        for (unsigned n = 0; !item->lost_until_us && n < item->own_count; n++)
            corv_pg_array_id(id, &item->own[n]);
    }
    if (until->count == 0 && id->count == 0)
        return ask_ahead(q);
    corv_pg_add_text(&p, q->o.node);
    corv_pg_add_time(&p, b->now_us);
    corv_pg_add_array(&p, until);
    corv_pg_add_array(&p, id);
    corv_pg_add_int4(&p, (int32_t)q->o.lease_seconds);
    rc = corv_batch_ask(q, &corv_sql_give_back, &p, given_back);
    return rc != CORV_OK ? rc : ask_ahead(q);
}
