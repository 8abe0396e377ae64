/* SPDX-License-Identifier: EUPL-1.2 */
/* The proof that content is gone (docs/bewaren.md). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/walk.h"

static const struct corv_column purge_columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_purge, received),
    CORV_COLUMN(BOOL, struct corv_inspect_purge, there),
    CORV_COLUMN(UINT, struct corv_inspect_purge, open),
    CORV_COLUMN(TEXT, struct corv_inspect_purge, final),
    CORV_COLUMN(TEXT, struct corv_inspect_purge, destroyed),
    CORV_COLUMN(INT, struct corv_inspect_purge, chain),
    CORV_COLUMN(I64, struct corv_inspect_purge, seq),
    CORV_COLUMN(TEXT, struct corv_inspect_purge, sealed),
    CORV_COLUMN(TEXT, struct corv_inspect_purge, key),
    CORV_COLUMN(TEXT, struct corv_inspect_purge, key_destroyed),
    CORV_COLUMN(UINT, struct corv_inspect_purge, keys),
    CORV_COLUMN(UINT, struct corv_inspect_purge, keys_left),
};
static const struct corv_table purge_table = {purge_columns,
    sizeof purge_columns / sizeof purge_columns[0], sizeof(struct corv_inspect_purge)};

/* Names for what would else be nested too deep to read. */
#define SQL_FINAL                                                                                  \
    CORV_SQL_TIME("(SELECT max(done_at) FROM delivery_done f WHERE f.message_id = $1::uuid)")
#define SQL_SEALED                                                                                 \
    CORV_SQL_TIME("(SELECT s.at FROM audit_seal s WHERE s.chain = d.chain AND s.seq >= d.seq"      \
                  "    ORDER BY s.seq LIMIT 1)")
#define SQL_KEY_DESTROYED                                                                          \
    CORV_SQL_TIME("(SELECT max(k.destroyed_at) FROM key_hour k WHERE k.hour = h.last)")
#define SQL_LAST      CORV_SQL_TIME("(SELECT max(at) FROM gone WHERE event = 'payload.destroyed')")
#define SQL_RECEIVED  CORV_SQL_TIME("m.received_at")
#define SQL_DESTROYED CORV_SQL_TIME("d.at")

/* A message sealed anew may have been under every key from its receipt to its end; a key without a
 * row was never made here, or is still there: only what is known to be destroyed counts. An hour
 * in which nothing at all was sealed has no key and no row, so those are asked of the rows. */
static const char purge_sql[] =
    "WITH d AS (SELECT chain, seq, at, detail::json ->> 'key' AS key FROM audit"
    "  WHERE message_id = $1::uuid AND event = 'payload.destroyed' ORDER BY at DESC LIMIT 1),"
    " h AS (SELECT (('x' || substr(replace($1::uuid::text, '-', ''), 1, 12))::bit(48)::bigint"
    " / 3600000)::integer   AS first,"
    " (extract(epoch FROM to_timestamp(d.key || '+00', 'YYYYMMDDHH24TZH')) / 3600)::integer"
    "   AS last FROM d)"
    " SELECT " SQL_RECEIVED ","
    "  EXISTS (SELECT FROM payload p WHERE p.id = $1::uuid),"
    "  (SELECT count(*) FROM delivery o WHERE o.message_id = $1::uuid),"
    "  " SQL_FINAL ","
    "  " SQL_DESTROYED ", coalesce(d.chain, 0), coalesce(d.seq, 0),"
    "  " SQL_SEALED ","
    "  d.key, " SQL_KEY_DESTROYED ","
    "  (SELECT count(*) FROM key_hour k WHERE k.hour BETWEEN h.first AND h.last),"
    "  (SELECT count(*) FROM key_hour k WHERE k.hour BETWEEN h.first AND h.last"
    "    AND k.destroyed_at IS NULL)"
    "   + (h.last IS NOT NULL AND NOT EXISTS"
    " (SELECT FROM key_hour k WHERE k.hour = h.last))::integer"
    " FROM (SELECT) one LEFT JOIN d ON true LEFT JOIN h ON true"
    " LEFT JOIN message m ON m.id = $1::uuid";

/* The one line: does its hash follow from the one before? */
static corv_rc check_line(
    struct corv_inspect *i, struct corv_inspect_purge *p, struct corv_fault *fault)
{
    char chain[16];
    char seq[24];
    const char *params[] = {chain, seq};
    struct corv_digest before = {{0}};
    struct corv_walk w;
    PGresult *r = NULL;
    corv_rc rc;

    (void)snprintf(chain, sizeof chain, "%d", p->chain);
    (void)snprintf(seq, sizeof seq, "%" PRId64, p->seq - 1);
    rc = corv_inspect_query(i,
        "SELECT hash FROM audit WHERE chain = $1::integer AND seq = $2::bigint UNION ALL"
        " SELECT hash FROM audit_skeleton WHERE chain = $1::integer AND seq = $2::bigint",
        2, params, &r, fault);
    if (rc != CORV_OK)
        return rc;
    if (p->seq == 1 ||
        (PQntuples(r) == 1 && corv_walk_bytes(PQgetvalue(r, 0, 0), before.b, sizeof before.b))) {
        corv_walk_begin(&w, i, p->chain, p->seq - 1, &before);
        rc = corv_walk_to(&w, p->seq, NULL, NULL, fault);
        p->line_right = rc == CORV_OK && !w.broken_seq && w.seq == p->seq;
    }
    PQclear(r);
    return rc;
}

corv_rc corv_inspect_purge(struct corv_inspect *i, const char *id, struct corv_inspect_purge *out,
    struct corv_fault *fault)
{
    struct corv_inspect_message m;
    struct corv_inspect_purge *rows = NULL;
    struct corv_fault here = {0};
    struct corv_id whole;
    const char *params[] = {id};
    size_t count = 0;
    corv_rc rc = corv_inspect_message(i, id, &m, &here);

    if (rc == CORV_OK)
        params[0] = m.id;
    else if (rc == CORV_E_NOTFOUND && corv_id_read(id, &whole) == CORV_OK)
        rc = CORV_OK; /* traffic data gone; the rest may still prove it */
    if (rc != CORV_OK) {
        if (fault && fault->cls == CORV_FAULT_NONE)
            *fault = here;
        return rc;
    }
    rc = corv_inspect_select(i, purge_sql, 1, params, &purge_table, &rows, &count, fault);
    if (rc == CORV_OK) {
        *out = rows[0];
        (void)snprintf(out->message, sizeof out->message, "%s", params[0]);
        if (!out->received[0] && !out->there && out->chain == 0)
            rc = CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SENDER, "message.unknown",
                "Over dit nummer is niets (meer) bekend.");
        else if (out->chain)
            rc = check_line(i, out, fault);
    }
    corv_inspect_free(rows);
    return rc;
}

/* ---- how it stands ------------------------------------------------------------------------ */

static const struct corv_column state_columns[] = {
    CORV_COLUMN(U64, struct corv_inspect_purge_state, payloads),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, waiting),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, late),
    CORV_COLUMN(DOUBLE, struct corv_inspect_purge_state, late_seconds),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, destroyed_day),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, keys_destroyed),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, keys_begun),
    CORV_COLUMN(TEXT, struct corv_inspect_purge_state, last),
    CORV_COLUMN(U64, struct corv_inspect_purge_state, months),
};
static const struct corv_table state_table = {state_columns,
    sizeof state_columns / sizeof state_columns[0], sizeof(struct corv_inspect_purge_state)};

/* $1 hours, $2 days. Only what is older than the hours can be late. */
static const char state_sql[] =
    "WITH old AS (SELECT coalesce((SELECT max(done_at) FROM delivery_done f"
    "   WHERE f.message_id = p.id), (SELECT received_at FROM message m WHERE m.id = p.id)) AS final"
    "  FROM payload p WHERE p.id < id_at(now() - $1::bigint * interval '1 hour')"
    "   AND NOT EXISTS (SELECT FROM delivery d WHERE d.message_id = p.id)),"
    " late AS (SELECT now() - final - $1::bigint * interval '1 hour' AS by FROM old"
    "  WHERE final < now() - $1::bigint * interval '1 hour'),"
    " gone AS (SELECT at, event FROM audit a JOIN audit_chain c USING (chain)"
    "  WHERE c.name = 'keeper' AND at > now() - interval '24 hours'"
    "   AND event IN ('payload.destroyed', 'key.destroyed'))"
    " SELECT (SELECT count(*) FROM payload),"
    "  (SELECT count(DISTINCT message_id) FROM delivery), (SELECT count(*) FROM late),"
    "  (SELECT coalesce(extract(epoch FROM max(by)), 0) FROM late),"
    "  (SELECT count(*) FROM gone WHERE event = 'payload.destroyed'),"
    "  (SELECT count(*) FROM gone WHERE event = 'key.destroyed'),"
    "  (SELECT count(*) FROM key_hour WHERE destroyed_at IS NULL),"
    "  " SQL_LAST ","
    "  (SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    "    WHERE i.inhparent = 'corv.message'::regclass AND c.relname ~ '_[0-9]{6}$'"
    "     AND to_date(right(c.relname, 6), 'YYYYMM')::timestamp AT TIME ZONE 'UTC'"
    "      < now() - $2::bigint * interval '1 day' - interval '1 day')";

corv_rc corv_inspect_purge_state(struct corv_inspect *i, unsigned payload_hours,
    unsigned traffic_days, struct corv_inspect_purge_state *out, struct corv_fault *fault)
{
    struct corv_inspect_purge_state *rows = NULL;
    char number[2][16];
    const char *params[] = {number[0], number[1]};
    size_t count = 0;
    corv_rc rc;

    (void)snprintf(number[0], sizeof number[0], "%u", payload_hours);
    (void)snprintf(number[1], sizeof number[1], "%u", traffic_days);
    rc = corv_inspect_select(i, state_sql, 2, params, &state_table, &rows, &count, fault);
    if (rc == CORV_OK)
        *out = rows[0];
    corv_inspect_free(rows);
    return rc;
}
