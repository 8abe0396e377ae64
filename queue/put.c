/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking messages in. The reference (dedup key) is claimed first: whoever gets it stores, and
 * whoever does not looks who was there before. */
#include <stdlib.h>

#include "queue/writer.h"

/* The keys come sorted, so that two nodes claiming the same ones wait in the same order. */
const struct corv_pg_stmt corv_sql_claim = {"corv_claim",
    "INSERT INTO dedup (key, content, message_id, at)"
    " SELECT t.*, $4::timestamptz FROM unnest($1::bytea[], $2::bytea[], $3::uuid[]) AS t"
    " ON CONFLICT DO NOTHING RETURNING key"};
const struct corv_pg_stmt corv_sql_look = {
    "corv_look", "SELECT key, content, message_id FROM dedup WHERE key = ANY ($1::bytea[])"};

static bool delivery_good(const struct corv_queue_delivery *d)
{
    bool held = d->state == CORV_DELIVERY_HELD;

    return (held || d->state == CORV_DELIVERY_WAITING) && (held || d->party) &&
           !(held && d->lease_now) && d->no > 0 && d->route &&
           (d->priority == CORV_PRIORITY_SPOED || d->priority == CORV_PRIORITY_NORMAL);
}

bool corv_message_good(const struct corv_queue_message *m)
{
    if (corv_id_is_null(&m->id) || !m->kind || !m->sender || !m->sealed.p)
        return false;
    for (unsigned i = 0; i < m->deliveries_count; i++)
        if (!delivery_good(&m->deliveries[i]))
            return false;
    return true;
}

corv_rc corv_queue_put(struct corv_queue *q, const struct corv_put *put)
{
    struct corv_item *item = NULL;
    bool some = put->messages_count > 0 && put->messages_count <= CORV_PUT_MESSAGES_MAX;
    corv_rc rc = some && put->cb ? CORV_OK : CORV_E_INVALID;

    for (unsigned i = 0; rc == CORV_OK && i < put->messages_count; i++)
        if (!corv_message_good(&put->messages[i]))
            rc = CORV_E_INVALID;
    if (rc == CORV_OK)
        rc = corv_writer_admit(q, CORV_ITEM_PUT, &item);
    if (rc != CORV_OK)
        return rc;
    item->put = *put;
    item->first = put->messages[0].id;
    memcpy(&item->key, put->dedup_key.b, sizeof item->key);
    item->own_count = put->messages_count;
    for (unsigned i = 0; i < put->messages_count; i++) {
        item->own[i] = put->messages[i].id;
        item->bytes += put->messages[i].sealed.n;
    }
    corv_writer_add(q, item);
    return CORV_OK;
}

static int by_key(const void *a, const void *b)
{
    const struct corv_item *const *x = a;
    const struct corv_item *const *y = b;

    return memcmp((*x)->put.dedup_key.b, (*y)->put.dedup_key.b, CORV_DIGEST);
}

static int key_is(const void *key, const void *member)
{
    const struct corv_item *const *item = member;

    return memcmp(key, (*item)->put.dedup_key.b, CORV_DIGEST);
}

/* The put whose key stands in column 0. */
struct corv_item *corv_put_find(struct corv_queue *q, const PGresult *r, int row)
{
    struct corv_batch *b = &q->batch;
    struct corv_view key = corv_pg_view(r, row, 0);
    struct corv_item **found;

    if (key.n != CORV_DIGEST)
        return NULL;
    found = bsearch(key.p, b->puts, b->puts_count, sizeof(struct corv_item *), key_is);
    return found ? *found : NULL;
}

static void claimed(struct corv_queue *q, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item *item = corv_put_find(q, r, row);

        if (item)
            item->fate = CORV_FATE_APPLIED;
    }
}

void corv_put_claim(struct corv_queue *q, struct corv_pg_array *key, struct corv_pg_array *content,
    struct corv_pg_array *id)
{
    struct corv_batch *b = &q->batch;

    qsort(b->puts, b->puts_count, sizeof(struct corv_item *), by_key);
    for (unsigned i = 0; i < b->puts_count; i++) {
        corv_pg_array_digest(key, &b->puts[i]->put.dedup_key);
        corv_pg_array_digest(content, &b->puts[i]->put.content);
        corv_pg_array_id(id, &b->puts[i]->put.messages[0].id);
    }
}

corv_rc corv_put_ask(struct corv_queue *q)
{
    struct corv_pg_array *key = corv_rows_key(q, 0, CORV_PG_BYTEA);
    struct corv_pg_array *content = corv_rows_key(q, 1, CORV_PG_BYTEA);
    struct corv_pg_array *id = corv_rows_key(q, 2, CORV_PG_UUID);
    struct corv_pg_params p = {0};

    if (q->batch.puts_count == 0)
        return CORV_OK;
    corv_put_claim(q, key, content, id);
    corv_pg_add_array(&p, key);
    corv_pg_add_array(&p, content);
    corv_pg_add_array(&p, id);
    corv_pg_add_time(&p, q->batch.now_us);
    return corv_batch_ask(q, &corv_sql_claim, &p, claimed);
}

/* Our own number there means that an earlier COMMIT of this very put went through. */
static void looked(struct corv_queue *q, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item *item = corv_put_find(q, r, row);
        struct corv_view content = corv_pg_view(r, row, 1);
        struct corv_id id = corv_pg_id(r, row, 2);

        if (!item)
            continue;
        if (corv_id_eq(&id, &item->own[0]))
            item->fate = CORV_FATE_BEFORE;
        else if (corv_view_eq(content, corv_view_of(item->put.content.b, CORV_DIGEST)))
            item->fate = CORV_FATE_REPEAT;
        else
            item->fate = CORV_FATE_CONFLICT;
        item->first = id;
    }
}

corv_rc corv_put_look(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_array *key = corv_rows_key(q, 0, CORV_PG_BYTEA);
    struct corv_pg_params p = {0};

    for (unsigned i = 0; i < b->puts_count; i++)
        if (b->puts[i]->fate == CORV_FATE_OPEN)
            corv_pg_array_digest(key, &b->puts[i]->put.dedup_key);
    if (key->count == 0)
        return CORV_OK;
    corv_pg_add_array(&p, key);
    return corv_batch_ask(q, &corv_sql_look, &p, looked);
}

void corv_put_write(struct corv_queue *q, struct corv_item *item)
{
    const struct corv_put *put = &item->put;

    if (item->fate == CORV_FATE_REPEAT && put->on_repeat)
        corv_rows_event(q, put->on_repeat);
    if (item->fate == CORV_FATE_CONFLICT && put->on_conflict)
        corv_rows_event(q, put->on_conflict);
    if (item->fate != CORV_FATE_APPLIED)
        return;
    for (unsigned i = 0; i < put->messages_count; i++)
        corv_rows_message(q, &put->messages[i], i == 0 && item->filer[0] ? item->filer : NULL);
    for (unsigned i = 0; i < put->events_count; i++)
        corv_rows_event(q, &put->events[i]);
    corv_correlate_write(q, item);
}

void corv_put_answer(struct corv_item *item)
{
    static const enum corv_put_result results[] = {
        [CORV_FATE_OPEN] = CORV_PUT_UNAVAILABLE,
        [CORV_FATE_APPLIED] = CORV_PUT_STORED,
        [CORV_FATE_BEFORE] = CORV_PUT_STORED,
        [CORV_FATE_REPEAT] = CORV_PUT_REPEAT,
        [CORV_FATE_CONFLICT] = CORV_PUT_CONFLICT,
        [CORV_FATE_REJECTED] = CORV_PUT_REJECTED,
        [CORV_FATE_LOST] = CORV_PUT_UNAVAILABLE,
    };
    struct corv_put_answer answer = {results[item->fate], item->first, item->case_unknown};

    item->put.cb(item->put.ctx, &answer);
}
