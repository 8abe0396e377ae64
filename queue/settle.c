/* SPDX-License-Identifier: EUPL-1.2 */
/* What became of a delivery. A confirmation is a fact and always counts while the delivery is
 * still open; everything else counts only for whoever holds the lease it was taken on. */
#include <stdlib.h>

#include "queue/writer.h"

/* First all rows are locked, in the order of their keys: whoever is changing one now is waited for,
 * and what follows sees it as it then is. Rows are met by key, one by one, and changed where they
 * lie: written as a join between the list and the table, a plan made while the table was empty
 * would read all of it. */
const struct corv_pg_stmt corv_sql_lock = {"corv_lock_deliveries",
    "SELECT count(*) FROM (SELECT FROM unnest($1::uuid[], $2::smallint[]) AS s (message_id, no)"
    " CROSS JOIN LATERAL (SELECT FROM delivery"
    "  WHERE message_id = s.message_id AND no = s.no FOR UPDATE) k) l"};
#define END                                                                                        \
    "WITH pick AS MATERIALIZED (SELECT s.*, k.place FROM unnest($1::uuid[], $2::smallint[],"       \
    "  $3::smallint[], $4::integer[], $5::text[], $6::integer[], $7::bytea[])"                     \
    "  AS s (message_id, no, state, attempt, code, status, receipt)"                               \
    "  CROSS JOIN LATERAL (SELECT ctid AS place FROM delivery"                                     \
    "   WHERE message_id = s.message_id AND no = s.no AND (s.state = 3"                            \
    "    OR (owner = $8::text AND attempts = s.attempt AND state = 0)) LIMIT 1) k),"               \
    " gone AS (DELETE FROM delivery d USING pick WHERE d.ctid = pick.place"                        \
    "  RETURNING d.message_id, d.no, d.route, d.party, d.priority, pick.state, d.attempts,"        \
    "   d.created_at, pick.code, pick.status, pick.receipt),"                                      \
    " done AS (INSERT INTO delivery_done (message_id, no, route, party, priority, state, "         \
    "attempts,"                                                                                    \
    "  created_at, code, status, receipt, done_at) SELECT gone.*, $9::timestamptz FROM gone)"
const struct corv_pg_stmt corv_sql_end = {"corv_end", END " SELECT message_id, no FROM gone"};
/* For a straight batch: all of them, or second_look() stops the transaction. Nothing is locked
 * first: a row that somebody is changing is waited for, found changed, and counts as missing. */
const struct corv_pg_stmt corv_sql_end_all = {"corv_end_all",
    END " SELECT CASE WHEN count(*) < cardinality($1::uuid[]) THEN second_look() END FROM gone"};
const struct corv_pg_stmt corv_sql_move = {"corv_move",
    "WITH pick AS MATERIALIZED (SELECT s.*, k.place FROM unnest($1::uuid[], $2::smallint[],"
    "  $3::smallint[], $4::integer[], $5::timestamptz[], $6::text[], $7::text[], $8::integer[])"
    "  AS s (message_id, no, state, attempt, due, code, text, status)"
    "  CROSS JOIN LATERAL (SELECT ctid AS place FROM delivery"
    "   WHERE message_id = s.message_id AND no = s.no AND owner IS NOT DISTINCT FROM $9::text"
    "    AND attempts = s.attempt AND state = 0 LIMIT 1) k)"
    " UPDATE delivery d SET state = pick.state, owner = NULL, last_at = $10::timestamptz,"
    "  due_at = CASE WHEN pick.state = 0 THEN pick.due ELSE $10::timestamptz END,"
    "  last_code = pick.code, last_text = pick.text, last_status = pick.status,"
    "  held_code = CASE WHEN pick.state = 1 THEN pick.code END,"
    "  held_question = CASE WHEN pick.state = 1 THEN pick.text END"
    " FROM pick WHERE d.ctid = pick.place RETURNING d.message_id, d.no"};

static bool fault_good(const struct corv_queue_message *m)
{
    for (unsigned i = 0; i < m->deliveries_count; i++)
        if (m->deliveries[i].lease_now)
            return false; /* the asker would not know whether it was stored at all */
    return corv_message_good(m);
}

corv_rc corv_queue_settle(struct corv_queue *q, const struct corv_settle *s)
{
    struct corv_item *item = NULL;
    corv_rc rc = CORV_E_INVALID;
    uint64_t key;

    if (s->cb && s->event && corv_delivery_may_move(CORV_DELIVERY_WAITING, s->state) &&
        (!s->fault || fault_good(s->fault)))
        rc = corv_writer_admit(q, CORV_ITEM_SETTLE, &item);
    if (rc != CORV_OK)
        return rc;
    item->settle = *s;
    item->ahead_us = corv_wall_ahead_us();
    item->bytes = s->fault ? s->fault->sealed.n : 0;
    memcpy(&key, s->message.b + 8, sizeof key);
    item->key = key + (uint64_t)s->no;
    corv_writer_add(q, item);
    return CORV_OK;
}

static int compare(const struct corv_id *a, int a_no, const struct corv_id *b, int b_no)
{
    int order = memcmp(a->b, b->b, sizeof a->b);

    return order ? order : (a_no > b_no) - (a_no < b_no);
}

static int by_delivery(const void *a, const void *b)
{
    const struct corv_settle *x = &(*(const struct corv_item *const *)a)->settle;
    const struct corv_settle *y = &(*(const struct corv_item *const *)b)->settle;

    return compare(&x->message, x->no, &y->message, y->no);
}

static void settled(struct corv_queue *q, const PGresult *r)
{
    struct corv_batch *b = &q->batch;

    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item wanted = {
            .settle = {.message = corv_pg_id(r, row, 0), .no = (int)corv_pg_int(r, row, 1)}};
        struct corv_item *key = &wanted;
        struct corv_item **found =
            bsearch(&key, b->settles, b->settles_count, sizeof(struct corv_item *), by_delivery);

        if (found)
            (*found)->fate = CORV_FATE_APPLIED;
    }
}

bool corv_settle_ends(const struct corv_settle *s)
{
    return s->state == CORV_DELIVERY_CONFIRMED || s->state == CORV_DELIVERY_DROPPED;
}

/* When the clock jumped while it waited for its batch, it waits as long as was meant. */
static int64_t due_us(const struct corv_queue *q, const struct corv_item *item)
{
    return item->settle.due_us + (q->ahead_us - item->ahead_us);
}

static const char *text_or_null(const char *s)
{
    return s && *s ? s : NULL;
}

static void add_status(struct corv_pg_array *a, int status)
{
    if (status)
        corv_pg_array_int(a, status);
    else
        corv_pg_array_null(a);
}

/* Those that end: out of the hot table, into delivery_done. False: there are none. */
static bool end_params(struct corv_queue *q, struct corv_pg_params *p)
{
    static const enum corv_pg_type types[] = {CORV_PG_UUID, CORV_PG_INT2, CORV_PG_INT2,
        CORV_PG_INT4, CORV_PG_TEXT, CORV_PG_INT4, CORV_PG_BYTEA};
    struct corv_pg_array *a[7];

    for (int i = 0; i < 7; i++)
        a[i] = corv_rows_key(q, i, types[i]);
    for (unsigned i = 0; i < q->batch.settles_count; i++) {
        const struct corv_settle *s = &q->batch.settles[i]->settle;

        if (!corv_settle_ends(s))
            continue;
        corv_pg_array_id(a[0], &s->message);
        corv_pg_array_int(a[1], s->no);
        corv_pg_array_int(a[2], (int)s->state);
        corv_pg_array_int(a[3], s->attempt);
        corv_pg_array_clean(a[4], text_or_null(s->code));
        add_status(a[5], s->status);
        if (s->receipt.p && s->receipt.n)
            corv_pg_array_bytes(a[6], s->receipt.p, s->receipt.n);
        else
            corv_pg_array_null(a[6]);
    }
    if (a[0]->count == 0 && !a[0]->b.failed)
        return false;
    for (int i = 0; i < 7; i++)
        corv_pg_add_array(p, a[i]);
    corv_pg_add_text(p, q->o.node);
    corv_pg_add_time(p, q->batch.now_us);
    return true;
}

static corv_rc ask_ends(struct corv_queue *q)
{
    struct corv_pg_params p = {0};

    return end_params(q, &p) ? corv_batch_ask(q, &corv_sql_end, &p, settled) : CORV_OK;
}

/* Those that stay: later, held, dead. */
static corv_rc ask_moves(struct corv_queue *q)
{
    static const enum corv_pg_type types[] = {CORV_PG_UUID, CORV_PG_INT2, CORV_PG_INT2,
        CORV_PG_INT4, CORV_PG_TIME, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_INT4};
    struct corv_pg_array *a[8];
    struct corv_pg_params p = {0};

    for (int i = 0; i < 8; i++)
        a[i] = corv_rows_key(q, i, types[i]);
    for (unsigned i = 0; i < q->batch.settles_count; i++) {
        const struct corv_settle *s = &q->batch.settles[i]->settle;

        if (corv_settle_ends(s))
            continue;
        corv_pg_array_id(a[0], &s->message);
        corv_pg_array_int(a[1], s->no);
        corv_pg_array_int(a[2], (int)s->state);
        corv_pg_array_int(a[3], s->attempt);
        corv_pg_array_time(a[4], due_us(q, q->batch.settles[i]));
        corv_pg_array_clean(a[5], text_or_null(s->code));
        corv_pg_array_clean(a[6], text_or_null(s->text));
        add_status(a[7], s->status);
    }
    if (a[0]->count == 0)
        return CORV_OK;
    for (int i = 0; i < 8; i++)
        corv_pg_add_array(&p, a[i]);
    corv_pg_add_text(&p, q->o.node);
    corv_pg_add_time(&p, q->batch.now_us);
    return corv_batch_ask(q, &corv_sql_move, &p, settled);
}

static corv_rc lock(struct corv_queue *q)
{
    struct corv_pg_array *id = corv_rows_key(q, 0, CORV_PG_UUID);
    struct corv_pg_array *no = corv_rows_key(q, 1, CORV_PG_INT2);
    struct corv_pg_params p = {0};

    for (unsigned i = 0; i < q->batch.settles_count; i++) {
        corv_pg_array_id(id, &q->batch.settles[i]->settle.message);
        corv_pg_array_int(no, q->batch.settles[i]->settle.no);
    }
    corv_pg_add_array(&p, id);
    corv_pg_add_array(&p, no);
    return corv_batch_run(q, &corv_sql_lock, &p);
}

static void sort(struct corv_batch *b)
{
    qsort(b->settles, b->settles_count, sizeof(struct corv_item *), by_delivery);
}

corv_rc corv_settle_ask(struct corv_queue *q)
{
    corv_rc rc;

    if (q->batch.settles_count == 0)
        return CORV_OK;
    sort(&q->batch);
    rc = lock(q);
    if (rc == CORV_OK)
        rc = ask_ends(q);
    return rc != CORV_OK ? rc : ask_moves(q);
}

corv_rc corv_settle_straight(struct corv_queue *q)
{
    struct corv_pg_params p = {0};

    sort(&q->batch);
    return end_params(q, &p) ? corv_batch_run(q, &corv_sql_end_all, &p) : CORV_OK;
}

void corv_settle_write(struct corv_queue *q, struct corv_item *item)
{
    if (item->fate != CORV_FATE_APPLIED) {
        item->fate = CORV_FATE_BEFORE;
        return;
    }
    corv_rows_event(q, item->settle.event);
    if (item->settle.fault)
        corv_rows_message(q, item->settle.fault, NULL);
}
