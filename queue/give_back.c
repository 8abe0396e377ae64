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
 * And when the clock goes back, what was put off by the fast one is due so much sooner: else a
 * message would wait for as long as the clock was wrong, and show nowhere as late. Whoever was not
 * there to see it go back sees it at the start: by what happened later than now. */
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/writer.h"

#define JUMP_US 1000000 /* less is a clock that is being kept right */

const struct corv_pg_stmt corv_sql_release = {"corv_release",
    "UPDATE delivery SET owner = NULL, due_at = $2::timestamptz"
    " WHERE owner = $1::text AND state = 0"};
const struct corv_pg_stmt corv_sql_give_back = {"corv_give_back",
    "UPDATE delivery SET owner = NULL, due_at = $2::timestamptz"
    " WHERE owner = $1::text AND state = 0 AND (due_at = ANY ($3::timestamptz[])"
    "  OR (message_id = ANY ($4::uuid[]) AND attempts = 1"
    "   AND due_at = created_at + make_interval(secs => $5::integer)))"
    " RETURNING message_id"};

const struct corv_pg_stmt corv_sql_sooner = {"corv_sooner",
    "UPDATE delivery SET due_at = greatest($1::timestamptz,"
    " due_at - $2::bigint * interval '1 microsecond')"
    " WHERE owner IS NULL AND state = 0 AND due_at > $1::timestamptz"};

/* due_at minus how far ahead the clock was that wrote it. */
const struct corv_pg_stmt corv_sql_from_ahead = {"corv_from_ahead",
    "UPDATE delivery SET due_at = greatest($1::timestamptz,"
    " due_at - (greatest(created_at, last_at) - $1::timestamptz))"
    " WHERE owner IS NULL AND state = 0 AND due_at > $1::timestamptz"
    " AND greatest(created_at, last_at) > $1::timestamptz + interval '1 second'"
    " RETURNING message_id"};

/* ---- all of them, at the start ------------------------------------------------------------- */

static void released(struct corv_queue *q, const PGresult *r)
{
    (void)q;
    (void)r;
}

static void brought_back(struct corv_queue *q, const PGresult *r)
{
    (void)q;
    if (PQntuples(r) > 0)
        CORV_LOG(WARNING, "queue.clock-was-ahead", NULL, CORV_N(COUNT, PQntuples(r)));
}

corv_rc corv_release_ask(struct corv_queue *q)
{
    struct corv_pg_params p = {0};

    struct corv_pg_params now = {0};
    corv_rc rc;

    corv_pg_add_text(&p, q->o.node);
    corv_pg_add_time(&p, q->batch.now_us);
    corv_pg_add_time(&now, q->batch.now_us);
    rc = corv_batch_ask(q, &corv_sql_release, &p, released);
    return rc != CORV_OK ? rc : corv_batch_ask(q, &corv_sql_from_ahead, &now, brought_back);
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

/* The put's own item goes on as this one: nothing has to be allocated, so nothing can fail. */
bool corv_give_back_orphans(struct corv_queue *q, struct corv_item *item)
{
    if (item->kind != CORV_ITEM_PUT || !item->orphan || q->closing)
        return false; /* closing: the next start gives all of them back */
    item->kind = CORV_ITEM_GIVE_BACK;
    item->fate = CORV_FATE_OPEN;
    item->key = 0;
    item->bytes = 0;
    item->suspect = item->answered = false;
    item->lost_until_us = 0;
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

/* Asked before any time goes into the database. */
void corv_queue_watch_clock(struct corv_queue *q)
{
    int64_t ahead_us = corv_clock_us() - corv_clock_mono_us();
    int64_t by_us = q->ahead_us ? ahead_us - q->ahead_us : 0;
    struct corv_item *item = NULL;

    q->ahead_us = ahead_us;
    if (by_us > -JUMP_US && by_us < JUMP_US)
        return;
    CORV_LOG(WARNING, "clock.jumped", NULL, CORV_F(WHAT, by_us < 0 ? "back" : "ahead"),
        CORV_N(MS, (by_us < 0 ? -by_us : by_us) / 1000));
    if (by_us > 0 || corv_writer_admit(q, CORV_ITEM_GIVE_BACK, &item) != CORV_OK)
        return;
    item->sooner_us = -by_us;
    corv_writer_add(q, item);
}

static corv_rc ask_sooner(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_params p = {0};
    int64_t by_us = 0;

    for (unsigned i = 0; i < b->count; i++)
        if (b->items[i]->kind == CORV_ITEM_GIVE_BACK)
            by_us += b->items[i]->sooner_us;
    if (by_us == 0)
        return CORV_OK;
    corv_pg_add_time(&p, b->now_us);
    corv_pg_add_int8(&p, by_us);
    return corv_batch_ask(q, &corv_sql_sooner, &p, released);
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

        if (item->kind != CORV_ITEM_GIVE_BACK)
            continue;
        if (item->lost_until_us)
            corv_pg_array_time(until, item->lost_until_us);
        for (unsigned n = 0; !item->lost_until_us && n < item->own_count; n++)
            corv_pg_array_id(id, &item->own[n]);
    }
    if (until->count == 0 && id->count == 0)
        return ask_sooner(q);
    corv_pg_add_text(&p, q->o.node);
    corv_pg_add_time(&p, b->now_us);
    corv_pg_add_array(&p, until);
    corv_pg_add_array(&p, id);
    corv_pg_add_int4(&p, (int32_t)q->o.lease_seconds);
    rc = corv_batch_ask(q, &corv_sql_give_back, &p, given_back);
    return rc != CORV_OK ? rc : ask_sooner(q);
}
