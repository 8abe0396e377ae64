/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking due deliveries, and the reading connection's questions in general. */
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/writer.h"

#define READS_MAX   16      /* questions under way */
#define PIECE_BYTES 4194304 /* larger payloads are read in pieces; also in the SQL */

/* Nothing is taken from a database that has not come as far as we know ($7, $8): put back under us,
 * it holds as waiting what we sent. The division fails then, as in the trail's own statement.
 * One index probe per lane and priority, so that what waits for later costs nothing. Locked but
 * left (too many bytes) is free again at the end of the statement. Everything else is met by key,
 * whatever the statistics say (settle.c). What was there when the database moved to another server
 * may have been sent, though nothing of that is left here: its first attempt counts as a second. */
const struct corv_pg_stmt corv_sql_lease = {"corv_lease",
    "WITH pick AS MATERIALIZED (SELECT d.* FROM unnest($1::text[], $2::integer[]) AS lane (party,"
    "  room) CROSS JOIN (SELECT 1 / count(*) AS here FROM audit_head WHERE chain = $7::integer"
    "   AND seq >= $8::bigint) known"
    "  CROSS JOIN LATERAL (SELECT x.* FROM unnest(ARRAY[0, 5]::smallint[]) AS p (priority)"
    "   CROSS JOIN LATERAL (SELECT message_id, no, priority, due_at, ctid AS place FROM delivery"
    "    WHERE party = lane.party AND state = 0 AND priority = p.priority"
    "     AND due_at <= $3::timestamptz ORDER BY due_at LIMIT lane.room"
    "    FOR UPDATE SKIP LOCKED) x LIMIT lane.room * known.here) d),"
    " sized AS MATERIALIZED (SELECT k.*, coalesce(m.kind, '') AS kind, coalesce(m.sender, '') AS"
    "  sender, coalesce(m.zender_org, '') AS zender_org, coalesce(m.zender_app, '') AS zender_app,"
    "  coalesce(m.zender_adm, '') AS zender_adm, coalesce(m.referentie, '') AS referentie,"
    "  coalesce(m.content_type, '') AS content_type, m.digest, coalesce(m.size, 0) AS size,"
    "  sum(coalesce(m.size, 0)) OVER (ORDER BY k.priority, k.due_at, k.message_id, k.no) AS upto"
    "  FROM pick k LEFT JOIN LATERAL (SELECT kind, sender, zender_org, zender_app, zender_adm,"
    "   referentie, content_type, digest, size FROM message WHERE id = k.message_id LIMIT 1) m"
    "   ON true),"
    " taken AS (UPDATE delivery d SET owner = $4::text, due_at = $5::timestamptz,"
    "  attempts = d.attempts + 1 + coalesce((d.attempts = 0 AND d.created_at <"
    "   (SELECT moved_at + interval '1 minute' FROM house))::integer, 0) FROM sized z WHERE d.ctid "
    "= z.place AND z.upto - z.size < "
    "$6::bigint"
    "  RETURNING z.*, d.route, d.party, d.attempts, d.created_at)"
    " SELECT t.message_id, t.no, t.kind, t.route, t.party, t.sender, t.zender_org, t.zender_app,"
    "  t.zender_adm, t.referentie, t.content_type, t.priority, t.attempts, t.created_at, t.digest,"
    "  CASE WHEN y.size <= 4194304 THEN y.sealed END, y.size"
    " FROM taken t LEFT JOIN LATERAL (SELECT sealed, octet_length(sealed) AS size FROM payload"
    "  WHERE id = t.message_id LIMIT 1) y"
    "  ON true"
    " ORDER BY t.priority, t.due_at, t.message_id, t.no"};
/* A large payload in one result would be in memory three times: libpq's buffer, its result, ours.
 * Its storage is EXTERNAL, so that a piece costs only that piece. */
const struct corv_pg_stmt corv_sql_piece = {"corv_piece",
    "SELECT substring(sealed FROM $2::integer FOR 4194304) FROM payload WHERE id = $1::uuid"};
/* ---- questions ----------------------------------------------------------------------------------
 */

static void answer(struct corv_read *r)
{
    corv_list_del(&r->node);
    r->q->reads_count--;
    r->answer(r);
}

static void found(void *ctx, const PGresult *res)
{
    struct corv_read *r = ctx;
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

    if (PQresultStatus(res) == PGRES_TUPLES_OK) {
        r->found(r, res);
        return;
    }
    r->failed = true;
    CORV_LOG(WARNING, "queue.read-failed", NULL, CORV_F(CODE, state ? state : "08006"));
    if (state &&
        strcmp(state, CORV_STATE_NOT_OURS) == 0) /* whether it did, the session's begin says */
        corv_pg_drop(r->q->writer, "audit-head-moved");
    if (corv_sql_trouble(state ? state : "") == CORV_SQL_STORE)
        corv_pg_drop(r->q->reader, state ? state : "08006");
}

static void synced(void *ctx, const PGresult *res)
{
    struct corv_read *r = ctx;
    struct corv_queue *q = r->q;

    (void)res;
    answer(r);
    corv_queue_kick(q); /* closing may have waited for this */
}

corv_rc corv_read_ask(struct corv_queue *q, struct corv_read *r, const struct corv_pg_stmt *stmt,
    const struct corv_pg_params *p)
{
    corv_rc rc = p->rc;

    if (q->closing || !q->writer_up || !q->reader_up || q->reads_count >= READS_MAX)
        return CORV_AGAIN;
    if (rc == CORV_OK)
        rc = corv_pg_run(q->reader, stmt, p, found, r);
    if (rc != CORV_OK)
        return rc == CORV_E_IO ? CORV_AGAIN : rc;
    r->q = q;
    corv_list_add(&q->reads, &r->node);
    q->reads_count++;
    if (corv_pg_sync(q->reader, synced, r) != CORV_OK)
        corv_pg_drop(q->reader, "sync"); /* going down answers r */
    return CORV_OK;
}

void corv_reads_fail(struct corv_queue *q)
{
    CORV_LIST_EACH(node, &q->reads)
    {
        struct corv_read *r = CORV_LIST_ITEM(node, struct corv_read, node);

        r->failed = true;
        answer(r);
    }
}

/* ---- lease
 * ---------------------------------------------------------------------------------------- */

struct lease {
    struct corv_read read; /* first */
    corv_lease_cb cb;
    void *ctx;
    struct corv_leased **list; /* owned until given away */
    size_t count;
    size_t at;        /* of the large payload that is read in pieces */
    size_t filled;    /* bytes of it that are there */
    int64_t until_us; /* the lease's end: no other lease of ours has it */
};

void corv_leased_free(struct corv_leased *d)
{
    if (!d)
        return;
    free(d->kind);
    free(d->route);
    free(d->party);
    free(d->sender);
    free(d->zender_org);
    free(d->zender_app);
    free(d->zender_adm);
    free(d->referentie);
    free(d->content_type);
    free(d->sealed);
    free(d);
}

static bool read_texts(struct corv_leased *d, const PGresult *res, int row)
{
    char **const fields[] = {&d->kind, &d->route, &d->party, &d->sender, &d->zender_org,
        &d->zender_app, &d->zender_adm, &d->referentie, &d->content_type};

    for (int i = 0; i < (int)(sizeof fields / sizeof fields[0]); i++) {
        *fields[i] = corv_pg_text(res, row, 2 + i);
        if (!*fields[i])
            return false;
    }
    return true;
}

/* A payload that is gone (purged, or its key with it) comes as nothing: the asker settles it. A
 * large one comes as its size only, and is filled piece by piece. */
static bool read_sealed(struct corv_leased *d, struct corv_view sealed, int64_t size)
{
    if (size <= 0)
        return true;
    d->sealed = malloc((size_t)size);
    if (!d->sealed)
        return false;
    if (sealed.p)
        memcpy(d->sealed, sealed.p, sealed.n);
    d->sealed_size = (size_t)size;
    return true;
}

static struct corv_leased *read_leased(const PGresult *res, int row)
{
    struct corv_leased *d = calloc(1, sizeof *d);
    struct corv_view digest = corv_pg_view(res, row, 14);

    if (!d)
        return NULL;
    d->message = corv_pg_id(res, row, 0);
    d->no = (int)corv_pg_int(res, row, 1);
    d->priority = (int)corv_pg_int(res, row, 11);
    d->attempt = (int)corv_pg_int(res, row, 12);
    d->first_due_us = corv_pg_time(res, row, 13);
    if (digest.n == sizeof d->digest.b)
        memcpy(d->digest.b, digest.p, digest.n);
    if (!read_texts(d, res, row) ||
        !read_sealed(d, corv_pg_view(res, row, 15), corv_pg_int(res, row, 16))) {
        corv_leased_free(d);
        return NULL;
    }
    return d;
}

/* What cannot be read for want of memory stays leased, and is due again when the lease ends. */
static void lease_found(struct corv_read *r, const PGresult *res)
{
    struct lease *l = (struct lease *)(void *)r;
    int rows = PQntuples(res);

    if (rows == 0)
        return;
    l->list = calloc((size_t)rows, sizeof(struct corv_leased *));
    for (int row = 0; l->list && row < rows; row++) {
        struct corv_leased *d = read_leased(res, row);

        if (d)
            l->list[l->count++] = d;
    }
    if (l->count < (size_t)rows)
        CORV_LOG(ERROR, "queue.lease-no-memory", NULL, CORV_N(COUNT, (size_t)rows - l->count));
}

/* The next large payload that is not whole yet, or NULL. */
static struct corv_leased *unfinished(struct lease *l)
{
    for (; l->at < l->count; l->at++, l->filled = 0) {
        struct corv_leased *d = l->list[l->at];

        if (d->sealed && d->sealed_size > PIECE_BYTES && l->filled < d->sealed_size)
            return d;
    }
    return NULL;
}

static void piece_found(struct corv_read *r, const PGresult *res)
{
    struct lease *l = (struct lease *)(void *)r;
    struct corv_leased *d = l->list[l->at];
    struct corv_view piece = PQntuples(res) == 1 ? corv_pg_view(res, 0, 0) : (struct corv_view){0};

    if (piece.n > 0 && piece.n <= d->sealed_size - l->filled) {
        memcpy(d->sealed + l->filled, piece.p, piece.n);
        l->filled += piece.n;
        return;
    }
    free(d->sealed); /* purged while we read it */
    d->sealed = NULL;
    d->sealed_size = 0;
}

static corv_rc ask_piece(struct corv_queue *q, struct lease *l, const struct corv_leased *d)
{
    struct corv_pg_params p = {0};

    corv_pg_add_view(&p, corv_view_of(d->message.b, sizeof d->message.b));
    corv_pg_add_int4(&p, (int32_t)l->filled + 1);
    l->read.found = piece_found;
    return corv_read_ask(q, &l->read, &corv_sql_piece, &p);
}

static void lease_answer(struct corv_read *r)
{
    struct lease *l = (struct lease *)(void *)r;
    struct corv_leased *large = r->failed ? NULL : unfinished(l);

    if (large && ask_piece(r->q, l, large) == CORV_OK)
        return; /* and here again */
    r->failed = r->failed || large != NULL;

    if (l->read.failed) {
        for (size_t i = 0; i < l->count; i++)
            corv_leased_free(l->list[i]);
        free(l->list);
        l->list = NULL;
        l->count = 0;
        corv_give_back_lost(r->q, l->until_us); /* it may have been committed all the same */
    }
    l->cb(l->ctx, l->list, l->count, l->read.failed);
    free(l);
}

static corv_rc lease_params(struct corv_queue *q, struct lease *l, struct corv_pg_params *p,
    struct corv_pg_array *party, struct corv_pg_array *room, uint64_t bytes)
{
    int64_t now = corv_clock_us();

    l->until_us = now + (int64_t)q->o.lease_seconds * 1000000;
    corv_pg_add_array(p, party);
    corv_pg_add_array(p, room);
    corv_pg_add_time(p, now);
    corv_pg_add_text(p, q->o.node);
    corv_pg_add_time(p, l->until_us);
    corv_pg_add_int8(p, bytes == 0 ? 1 : bytes > INT64_MAX ? INT64_MAX : (int64_t)bytes);
    corv_pg_add_int4(p, q->chain.chain);
    corv_pg_add_int8(p, q->chain.seq);
    return p->rc;
}

corv_rc corv_queue_lease(struct corv_queue *q, const struct corv_lease_lane *lanes, unsigned count,
    uint64_t bytes, corv_lease_cb cb, void *ctx)
{
    struct lease *l = calloc(1, sizeof *l);
    struct corv_pg_params p = {0};
    struct corv_pg_array party;
    struct corv_pg_array room;
    corv_rc rc = l ? CORV_OK : CORV_E_NOMEM;

    corv_queue_watch_clock(q);
    corv_pg_array_init(&party, CORV_PG_TEXT, 1u << 20);
    corv_pg_array_init(&room, CORV_PG_INT4, 1u << 20);
    for (unsigned i = 0; i < count; i++) {
        if (lanes[i].room == 0)
            continue;
        corv_pg_array_text(&party, lanes[i].party);
        corv_pg_array_int(&room, lanes[i].room);
    }
    if (rc == CORV_OK)
        rc = lease_params(q, l, &p, &party, &room, bytes);
    if (rc == CORV_OK) {
        l->read.found = lease_found;
        l->read.answer = lease_answer;
        l->cb = cb;
        l->ctx = ctx;
        rc = corv_read_ask(q, &l->read, &corv_sql_lease, &p);
    }
    if (rc != CORV_OK)
        free(l);
    corv_pg_array_free(&party);
    corv_pg_array_free(&room);
    return rc;
}
