/* SPDX-License-Identifier: EUPL-1.2 */
/* What a message belongs to, asked in the transaction that stores it.
 * An answer that names no receiver: whose message does its crossRefnummer name? Only a message that
 * the answering party got itself counts, and only when there is one filer: else the delivery waits
 * for a person. That step is taken only when there is such an answer.
 * A message about somebody's case (put.case_kind): did that case come by here? When it did not,
 * that is written down and the message goes on: the request may be older than the traffic data, or
 * have gone another way. Asked along with the claim of the references, so it costs no turn. An
 * answer in the same batch as its request would not see it; who answers has had the request after
 * its COMMIT. Test: tests/unit/test_correlate.c */
#include <stdio.h>

#include "queue/writer.h"

const struct corv_pg_stmt corv_sql_about = {"corv_about",
    "SELECT t.key, min(m.sender)"
    " FROM unnest($1::bytea[], $2::text[], $3::text[]) AS t(key, crossref, party)"
    " JOIN message m ON m.referentie = t.crossref AND m.parent_id IS NULL AND m.sender <> t.party"
    " WHERE EXISTS (SELECT FROM delivery d WHERE d.message_id = m.id AND d.party = t.party)"
    " OR EXISTS (SELECT FROM delivery_done d WHERE d.message_id = m.id AND d.party = t.party)"
    " GROUP BY t.key HAVING count(DISTINCT m.sender) = 1"};

/* A LATERAL of one row: each key is one look in the index, however the planner guesses. */
const struct corv_pg_stmt corv_sql_case = {"corv_case",
    "SELECT t.key FROM unnest($1::bytea[], $2::text[], $3::text[]) AS t(key, zaak, kind)"
    " CROSS JOIN LATERAL (SELECT FROM message m WHERE m.zaak_key = t.zaak AND m.kind = t.kind"
    " LIMIT 1) opened"};

static void case_found(struct corv_queue *q, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item *item = corv_put_find(q, r, row);

        if (item)
            item->case_unknown = false;
    }
}

static bool names_case(const struct corv_put *p)
{
    return p->case_kind && p->messages[0].zaak_key;
}

static bool names_request(const struct corv_put *p)
{
    const char *crossref = p->messages[0].crossref;

    return p->answer_of && crossref && crossref[0];
}

bool corv_correlate_wants(const struct corv_put *p)
{
    return names_case(p) || names_request(p);
}

corv_rc corv_correlate_ask(struct corv_queue *q)
{
    struct corv_batch *b = &q->batch;
    struct corv_pg_array *key = corv_rows_key(q, 0, CORV_PG_BYTEA);
    struct corv_pg_array *zaak = corv_rows_key(q, 1, CORV_PG_TEXT);
    struct corv_pg_array *kind = corv_rows_key(q, 2, CORV_PG_TEXT);
    struct corv_pg_params p = {0};

    for (unsigned i = 0; i < b->puts_count; i++) {
        struct corv_item *item = b->puts[i];
        const char *zaak_key = item->put.messages[0].zaak_key;

        item->case_unknown = names_case(&item->put);
        if (!item->case_unknown)
            continue;
        corv_pg_array_digest(key, &item->put.dedup_key);
        corv_pg_array_text(zaak, zaak_key);
        corv_pg_array_text(kind, item->put.case_kind);
    }
    if (key->count == 0)
        return CORV_OK;
    corv_pg_add_array(&p, key);
    corv_pg_add_array(&p, zaak);
    corv_pg_add_array(&p, kind);
    return corv_batch_ask(q, &corv_sql_case, &p, case_found);
}

static void found(struct corv_queue *q, const PGresult *r)
{
    for (int row = 0; row < PQntuples(r); row++) {
        struct corv_item *item = corv_put_find(q, r, row);
        struct corv_view filer = corv_pg_view(r, row, 1);

        if (item && filer.n < sizeof item->filer)
            (void)snprintf(item->filer, sizeof item->filer, "%.*s", (int)filer.n, filer.p);
    }
}

/* answered: its time was up while the claim was waited for, and what it points to is gone. */
static bool asks(const struct corv_item *item)
{
    return !item->answered && item->fate == CORV_FATE_APPLIED && names_request(&item->put);
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

    const struct corv_queue_event unknown = {.event = "message.case-unknown",
        .message = item->own[0],
        .detail = "{\"by\":\"zaaknummer\"}"};

    if (item->filer[0])
        corv_rows_event(q, &e);
    if (item->case_unknown)
        corv_rows_event(q, &unknown);
}
