/* SPDX-License-Identifier: EUPL-1.2 */
/* An answer that names no receiver: whose message does its crossRefnummer name? Only a message that
 * the answering party got itself counts, and only when there is one filer: else the delivery waits
 * for a person. Asked in the transaction that stores the answer. Test: tests/unit/test_queue.c */
#include <stdio.h>

#include "queue/writer.h"

const struct corv_pg_stmt corv_sql_about = {"corv_about",
    "SELECT t.key, min(m.sender)"
    " FROM unnest($1::bytea[], $2::text[], $3::text[]) AS t(key, crossref, party)"
    " JOIN message m ON m.referentie = t.crossref AND m.parent_id IS NULL AND m.sender <> t.party"
    " WHERE EXISTS (SELECT FROM delivery d WHERE d.message_id = m.id AND d.party = t.party)"
    " OR EXISTS (SELECT FROM delivery_done d WHERE d.message_id = m.id AND d.party = t.party)"
    " GROUP BY t.key HAVING count(DISTINCT m.sender) = 1"};

static void found(struct corv_queue *q, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item *item = corv_put_find(q, r, row);
        struct corv_view filer = corv_pg_view(r, row, 1);

        if (item && filer.n < sizeof item->filer)
            (void)snprintf(item->filer, sizeof item->filer, "%.*s", (int)filer.n, filer.p);
    }
}

static bool asks(const struct corv_item *item)
{
    return item->fate == CORV_FATE_APPLIED && item->put.answer_of &&
           item->put.messages[0].crossref && item->put.messages[0].crossref[0];
}

corv_rc corv_correlate_look(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_array *key = corv_rows_key(q, 1, CORV_PG_BYTEA); /* 0 is corv_put_look's */
    struct corv_pg_array *crossref = corv_rows_key(q, 2, CORV_PG_TEXT);
    struct corv_pg_array *party = corv_rows_key(q, 3, CORV_PG_TEXT);
    struct corv_pg_params p = {0};

    for (unsigned i = 0; i < b->puts_count; i++) {
        struct corv_item *item = b->puts[i];

        item->filer[0] = '\0';
        if (!asks(item))
            continue;
        corv_pg_array_digest(key, &item->put.dedup_key);
        corv_pg_array_text(crossref, item->put.messages[0].crossref);
        corv_pg_array_text(party, item->put.answer_of);
    }
    if (key->count == 0)
        return CORV_OK;
    corv_pg_add_array(&p, key);
    corv_pg_add_array(&p, crossref);
    corv_pg_add_array(&p, party);
    return corv_batch_ask(q, &corv_sql_about, &p, found);
}

void corv_correlate_write(struct corv_queue *q, const struct corv_item *item)
{
    const struct corv_queue_event e = {.event = "delivery.correlated",
        .message = item->own[0],
        .delivery = 1,
        .party = item->filer,
        .detail = "{\"by\":\"crossRefnummer\"}"};

    if (item->filer[0])
        corv_rows_event(q, &e);
}
