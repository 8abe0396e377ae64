/* SPDX-License-Identifier: EUPL-1.2 */
/* The rows a batch writes, for the whole batch through unnest: one statement for what messages
 * bring, one for the audit trail. Each statement costs PostgreSQL some 20 microseconds whatever it
 * does, which is what a sender that sends one by one waits for. */
#include <stdlib.h>

#include "daemon/base/random.h"
#include "queue/writer.h"

#define TEXT_CEILING (16u << 20) /* bytes of one column in one batch */
#define KEEP_BYTES   (2u << 20)  /* memory a column keeps between batches */
#define BIG_BYTES    (64u << 10) /* a payload this size goes by itself: one copy less */

/* The references of a straight batch (writer.h) are claimed along with it, and then all of them
 * must be new: else second_look() stops the transaction. */
const struct corv_pg_stmt corv_sql_store = {"corv_store",
    "WITH claimed AS (INSERT INTO dedup (key, content, message_id, at)"
    "  SELECT t.*, $38::timestamptz FROM unnest($1::bytea[], $2::bytea[], $3::uuid[]) AS t"
    "  ON CONFLICT DO NOTHING RETURNING 1),"
    " m AS (INSERT INTO message (id, received_at, parent_id, kind, variant, sender, zender_org,"
    "  zender_app, zender_adm, ontvanger_org, ontvanger_app, referentie, crossref, mandated_by,"
    "  responsible, zaak_key, decision, urgent, size, digest, content_type)"
    "  SELECT * FROM unnest($4::uuid[], $5::timestamptz[], $6::uuid[], $7::text[], $8::text[],"
    "  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],"
    "  $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::boolean[],"
    "  $22::bigint[], $23::bytea[], $24::text[])),"
    " p AS (INSERT INTO payload (id, sealed) SELECT * FROM unnest($25::uuid[], $26::bytea[])),"
    " d AS (INSERT INTO delivery (message_id, no, route, party, priority, state, due_at, owner,"
    "  attempts, held_code, held_question, created_at)"
    "  SELECT t.*, $38::timestamptz FROM unnest($27::uuid[], $28::smallint[], $29::text[],"
    "  $30::text[], $31::smallint[], $32::smallint[], $33::timestamptz[], $34::text[],"
    "  $35::integer[], $36::text[], $37::text[]) AS t)"
    " SELECT CASE WHEN count(*) < cardinality($1::bytea[]) THEN second_look() END FROM claimed"};
const struct corv_pg_stmt corv_sql_big = {
    "corv_big", "INSERT INTO payload (id, sealed) VALUES ($1::uuid, $2::bytea)"};
/* The lines, and the head they move. Nobody else may have moved it: that divides by zero too. */
const struct corv_pg_stmt corv_sql_audit = {"corv_audit",
    "WITH moved AS (UPDATE audit_head SET seq = $14::bigint, hash = $15::bytea"
    "  WHERE chain = $11::integer AND seq = $13::bigint RETURNING 1),"
    " lines AS (INSERT INTO audit (chain, at, seq, event, message_id, delivery, party, actor, code,"
    "  detail, salt, hash)"
    "  SELECT $11::integer, $12::timestamptz, t.* FROM unnest($1::bigint[], $2::text[],"
    "  $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[],"
    "  $10::bytea[]) AS t)"
    " SELECT 1 / count(*) FROM moved"};

static const enum corv_pg_type claim_types[CORV_CLAIM_COLUMNS] = {
    CORV_PG_BYTEA, CORV_PG_BYTEA, CORV_PG_UUID};
static const enum corv_pg_type message_types[CORV_MESSAGE_COLUMNS] = {CORV_PG_UUID, CORV_PG_TIME,
    CORV_PG_UUID, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT,
    CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT,
    CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_BOOL, CORV_PG_INT8, CORV_PG_BYTEA,
    CORV_PG_TEXT};
static const enum corv_pg_type delivery_types[CORV_DELIVERY_COLUMNS] = {CORV_PG_UUID, CORV_PG_INT2,
    CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_INT2, CORV_PG_INT2, CORV_PG_TIME, CORV_PG_TEXT,
    CORV_PG_INT4, CORV_PG_TEXT, CORV_PG_TEXT};
static const enum corv_pg_type audit_types[CORV_AUDIT_COLUMNS] = {CORV_PG_INT8, CORV_PG_TEXT,
    CORV_PG_UUID, CORV_PG_INT2, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT, CORV_PG_TEXT,
    CORV_PG_BYTEA, CORV_PG_BYTEA};

static void init_all(struct corv_pg_array *a, const enum corv_pg_type *types, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        corv_pg_array_init(&a[i], types ? types[i] : CORV_PG_BYTEA, TEXT_CEILING);
}

static void reset_all(struct corv_pg_array *a, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        corv_pg_array_reset(&a[i], KEEP_BYTES);
}

static void free_all(struct corv_pg_array *a, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        corv_pg_array_free(&a[i]);
}

corv_rc corv_rows_init(struct corv_rows *rows, uint64_t batch_bytes)
{
    init_all(rows->claim, claim_types, CORV_CLAIM_COLUMNS);
    init_all(rows->message, message_types, CORV_MESSAGE_COLUMNS);
    init_all(rows->delivery, delivery_types, CORV_DELIVERY_COLUMNS);
    init_all(rows->audit, audit_types, CORV_AUDIT_COLUMNS);
    init_all(rows->key, NULL, CORV_KEY_COLUMNS);
    corv_pg_array_init(&rows->payload[0], CORV_PG_UUID, TEXT_CEILING);
    corv_pg_array_init(&rows->payload[1], CORV_PG_BYTEA, (size_t)batch_bytes + TEXT_CEILING);
    return CORV_OK;
}

void corv_rows_free(struct corv_rows *rows)
{
    free_all(rows->claim, CORV_CLAIM_COLUMNS);
    free_all(rows->message, CORV_MESSAGE_COLUMNS);
    free_all(rows->delivery, CORV_DELIVERY_COLUMNS);
    free_all(rows->audit, CORV_AUDIT_COLUMNS);
    free_all(rows->key, CORV_KEY_COLUMNS);
    free_all(rows->payload, 2);
    free(rows->big);
    rows->big = NULL;
}

void corv_rows_begin(struct corv_queue *q)
{
    struct corv_rows *rows = &q->rows;

    reset_all(rows->claim, CORV_CLAIM_COLUMNS);
    reset_all(rows->message, CORV_MESSAGE_COLUMNS);
    reset_all(rows->delivery, CORV_DELIVERY_COLUMNS);
    reset_all(rows->audit, CORV_AUDIT_COLUMNS);
    reset_all(rows->payload, 2);
    rows->big_count = 0;
    rows->head = q->chain;
    rows->rc = CORV_OK;
}

struct corv_pg_array *corv_rows_key(struct corv_queue *q, int col, enum corv_pg_type type)
{
    struct corv_pg_array *a = &q->rows.key[col];

    a->type = type;
    corv_pg_array_reset(a, KEEP_BYTES);
    return a;
}

static const char *present(const char *s)
{
    return s ? s : "";
}

static void add_big(struct corv_rows *rows, const struct corv_queue_message *m)
{
    if (rows->big_count == rows->big_size) {
        unsigned size = rows->big_size ? rows->big_size * 2 : 16;
        const struct corv_queue_message **big =
            realloc(rows->big, size * sizeof(struct corv_queue_message *));

        if (!big) {
            rows->rc = CORV_E_NOMEM;
            return;
        }
        rows->big = big;
        rows->big_size = size;
    }
    rows->big[rows->big_count++] = m;
}

static void add_payload(struct corv_rows *rows, const struct corv_queue_message *m)
{
    if (m->sealed.n >= BIG_BYTES) {
        add_big(rows, m);
        return;
    }
    corv_pg_array_id(&rows->payload[0], &m->id);
    corv_pg_array_bytes(&rows->payload[1], m->sealed.p, m->sealed.n);
}

static void add_delivery(struct corv_queue *q, const struct corv_queue_message *m,
    const struct corv_queue_delivery *d, const char *to)
{
    struct corv_pg_array *a = q->rows.delivery;
    bool held = d->state == CORV_DELIVERY_HELD && !to;
    int64_t lease = d->lease_now ? (int64_t)q->o.lease_seconds * 1000000 : 0;

    corv_pg_array_id(a++, &m->id);
    corv_pg_array_int(a++, d->no);
    corv_pg_array_text(a++, d->route);
    corv_pg_array_text(a++, to ? to : d->party);
    corv_pg_array_int(a++, d->priority);
    corv_pg_array_int(a++, (int)(to ? CORV_DELIVERY_WAITING : d->state));
    corv_pg_array_time(a++, q->batch.now_us + lease);
    corv_pg_array_text(a++, d->lease_now ? q->o.node : NULL);
    corv_pg_array_int(a++, d->lease_now ? 1 : 0);
    corv_pg_array_text(a++, held ? d->held_code : NULL);
    corv_pg_array_text(a, held ? d->held_question : NULL);
}

void corv_rows_message(struct corv_queue *q, const struct corv_queue_message *m, const char *to)
{
    const char *const required[] = {m->kind, m->variant, m->sender, m->zender_org, m->zender_app,
        m->zender_adm, m->ontvanger_org, m->ontvanger_app, m->referentie, m->crossref};
    const char *const optional[] = {m->mandated_by, m->responsible, m->zaak_key, m->decision};
    struct corv_pg_array *a = q->rows.message;

    corv_pg_array_id(a++, &m->id);
    corv_pg_array_time(a++, m->received_us);
    corv_pg_array_id(a++, &m->parent);
    for (unsigned i = 0; i < sizeof required / sizeof required[0]; i++)
        corv_pg_array_text(a++, present(required[i]));
    for (unsigned i = 0; i < sizeof optional / sizeof optional[0]; i++)
        corv_pg_array_text(a++, optional[i]);
    corv_pg_array_bool(a++, m->urgent);
    corv_pg_array_int(a++, (int64_t)m->size);
    corv_pg_array_digest(a++, &m->digest);
    corv_pg_array_text(a, present(m->content_type));
    add_payload(&q->rows, m);
    for (unsigned i = 0; i < m->deliveries_count; i++)
        add_delivery(q, m, &m->deliveries[i], to);
}

/* An audit line: its place in the chain is taken here, and becomes ours with the COMMIT. */
void corv_rows_event(struct corv_queue *q, const struct corv_queue_event *e)
{
    struct corv_rows *rows = &q->rows;
    struct corv_audit_line line = {.chain = rows->head.chain,
        .seq = rows->head.seq + 1,
        .at_us = q->batch.now_us,
        .event = *e};
    struct corv_digest commitment;
    struct corv_pg_array *a = rows->audit;

    if (!line.event.actor)
        line.event.actor = q->actor;
    if (corv_random(line.salt, sizeof line.salt) != CORV_OK ||
        corv_audit_commitment(&line, &commitment) != CORV_OK ||
        corv_audit_hash(&rows->head.hash, &line, &commitment, &rows->head.hash) != CORV_OK) {
        rows->rc = CORV_E_NOMEM;
        return;
    }
    rows->head.seq = line.seq;
    corv_pg_array_int(a++, line.seq);
    corv_pg_array_text(a++, e->event);
    corv_pg_array_id(a++, &e->message);
    corv_pg_array_int(a++, e->delivery);
    corv_pg_array_text(a++, e->party);
    corv_pg_array_text(a++, line.event.actor);
    corv_pg_array_text(a++, e->code);
    corv_pg_array_text(a++, e->detail);
    corv_pg_array_bytes(a++, line.salt, sizeof line.salt);
    corv_pg_array_digest(a, &rows->head.hash);
}

static void add_all(struct corv_pg_params *p, struct corv_pg_array *columns, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        corv_pg_add_array(p, &columns[i]);
}

static corv_rc send_messages(struct corv_queue *q)
{
    struct corv_rows *rows = &q->rows;
    struct corv_pg_params p = {0};

    if (rows->message[0].count == 0 && !rows->message[0].b.failed)
        return CORV_OK;
    add_all(&p, rows->claim, CORV_CLAIM_COLUMNS);
    add_all(&p, rows->message, CORV_MESSAGE_COLUMNS);
    add_all(&p, rows->payload, 2);
    add_all(&p, rows->delivery, CORV_DELIVERY_COLUMNS);
    corv_pg_add_time(&p, q->batch.now_us);
    return corv_batch_run(q, &corv_sql_store, &p);
}

static corv_rc send_big(struct corv_queue *q)
{
    corv_rc rc = CORV_OK;

    for (unsigned i = 0; rc == CORV_OK && i < q->rows.big_count; i++) {
        const struct corv_queue_message *m = q->rows.big[i];
        struct corv_pg_params p = {0};

        corv_pg_add_view(&p, corv_view_of(m->id.b, sizeof m->id.b));
        corv_pg_add_view(&p, m->sealed);
        rc = corv_batch_run(q, &corv_sql_big, &p);
    }
    return rc;
}

static corv_rc send_audit(struct corv_queue *q, bool touch)
{
    struct corv_rows *rows = &q->rows;
    struct corv_pg_params p = {0};

    if (rows->head.seq == q->chain.seq && !touch)
        return CORV_OK;
    add_all(&p, rows->audit, CORV_AUDIT_COLUMNS);
    corv_pg_add_int4(&p, rows->head.chain);
    corv_pg_add_time(&p, q->batch.now_us);
    corv_pg_add_int8(&p, q->chain.seq);
    corv_pg_add_int8(&p, rows->head.seq);
    corv_pg_add_view(&p, corv_view_of(rows->head.hash.b, sizeof rows->head.hash.b));
    return corv_batch_run(q, &corv_sql_audit, &p);
}

corv_rc corv_rows_send(struct corv_queue *q, bool touch)
{
    corv_rc rc = q->rows.rc;

    if (rc == CORV_OK)
        rc = send_messages(q);
    if (rc == CORV_OK)
        rc = send_big(q);
    if (rc == CORV_OK &&
        q->batch.straight) /* after the claims, as step by step: one order of locks */
        rc = corv_settle_straight(q);
    return rc != CORV_OK ? rc : send_audit(q, touch);
}
