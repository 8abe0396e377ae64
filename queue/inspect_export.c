/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail as a file. One snapshot for the whole, so that lines, heads and seals agree. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "queue/walk.h"

struct bundle {
    struct corv_inspect *i;
    FILE *out;
    uint64_t rows;
    struct corv_fault *fault;
};

static corv_rc put(struct bundle *b, json_t *row)
{
    corv_rc rc = CORV_OK;

    if (!row || json_dumpf(row, b->out, JSON_COMPACT | JSON_SORT_KEYS) != 0 ||
        fputc('\n', b->out) == EOF)
        rc = CORV_FAIL(b->fault, CORV_E_IO, CORV_FAULT_STORE, "export.write",
            "Het bestand kon niet worden geschreven. Is de schijf vol?");
    json_decref(row);
    b->rows += rc == CORV_OK;
    return rc;
}

/* Bytes come as \x…; a null and a broken one as they are. */
static const char *hex(const PGresult *r, int row, int col)
{
    const char *text = PQgetvalue(r, row, col);

    return strncmp(text, "\\x", 2) == 0 ? text + 2 : text;
}

static const char *text_or_null(const PGresult *r, int row, int col)
{
    return PQgetisnull(r, row, col) ? NULL : PQgetvalue(r, row, col);
}

static json_int_t number(const PGresult *r, int row, int col)
{
    return strtoll(PQgetvalue(r, row, col), NULL, 10);
}

/* ---- rows --------------------------------------------------------------------------------- */

static corv_rc put_line(struct bundle *b, int chain, const PGresult *r, int row)
{
    json_int_t seq = number(r, row, CORV_WALK_SEQ);
    json_int_t at = number(r, row, CORV_WALK_AT);

    if (!PQgetisnull(r, row, CORV_WALK_COMMITMENT))
        return put(b, json_pack("{s:s, s:i, s:I, s:I, s:s, s:s}", "type", "skeleton", "chain",
                          chain, "seq", seq, "at_us", at, "commitment",
                          hex(r, row, CORV_WALK_COMMITMENT), "hash", hex(r, row, CORV_WALK_HASH)));
    return put(b,
        json_pack("{s:s, s:i, s:I, s:I, s:s, s:s?, s:I, s:s?, s:s, s:s?, s:s?, s:s, s:s}", "type",
            "line", "chain", chain, "seq", seq, "at_us", at, "event",
            PQgetvalue(r, row, CORV_WALK_EVENT), "message", text_or_null(r, row, CORV_WALK_MESSAGE),
            "delivery", number(r, row, CORV_WALK_DELIVERY), "party",
            text_or_null(r, row, CORV_WALK_PARTY), "actor", PQgetvalue(r, row, CORV_WALK_ACTOR),
            "code", text_or_null(r, row, CORV_WALK_CODE), "detail",
            text_or_null(r, row, CORV_WALK_DETAIL), "salt", hex(r, row, CORV_WALK_SALT), "hash",
            hex(r, row, CORV_WALK_HASH)));
}

static corv_rc put_lines(struct bundle *b, int chain, int64_t after, int64_t upto)
{
    char seq[24];
    char at[24] = CORV_WALK_EARLY;
    corv_rc rc = CORV_OK;
    int rows = 1;

    (void)snprintf(seq, sizeof seq, "%" PRId64, after + 1);
    while (rc == CORV_OK && rows > 0) {
        PGresult *r = NULL;

        rc = corv_walk_rows(b->i, chain, upto, seq, at, &r, b->fault);
        rows = rc == CORV_OK ? PQntuples(r) : 0;
        for (int row = 0; row < rows && rc == CORV_OK; row++)
            rc = put_line(b, chain, r, row);
        if (rows > 0) {
            (void)snprintf(seq, sizeof seq, "%s", PQgetvalue(r, rows - 1, CORV_WALK_SEQ));
            (void)snprintf(at, sizeof at, "%s", PQgetvalue(r, rows - 1, CORV_WALK_AT));
        }
        PQclear(r);
    }
    return rc;
}

static corv_rc put_seals(struct bundle *b, const char *chain, const char *after, const char *upto)
{
    const char *params[] = {chain, after, upto};
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(b->i,
        "SELECT chain, seq, (extract(epoch FROM at) * 1000000)::bigint, hash, key, signature"
        " FROM audit_seal WHERE chain = $1::integer AND seq > $2::bigint"
        " AND ($3::bigint IS NULL OR seq <= $3::bigint) ORDER BY seq, key",
        3, params, &r, b->fault);

    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++)
        rc =
            put(b, json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:s}", "type", "seal", "chain",
                       number(r, row, 0), "seq", number(r, row, 1), "at_us", number(r, row, 2),
                       "hash", hex(r, row, 3), "key", hex(r, row, 4), "signature", hex(r, row, 5)));
    PQclear(r);
    return rc;
}

/* ---- chains ------------------------------------------------------------------------------- */

/* Per chain: which lines lie in the time asked for, and the hash of the line before the first. A
 * line without its forerunner begins a chain of its own for whoever verifies. $1 from, $2 to */
#define BOTH                                                                                       \
    "(SELECT chain, seq, at, hash FROM audit UNION ALL"                                            \
    " SELECT chain, seq, at, hash FROM audit_skeleton)"
static const char chains_sql[] =
    "SELECT c.chain, c.name, coalesce(s.first - 1, h.seq, 0), coalesce(s.last, h.seq, 0), h.hash,"
    " (SELECT x.hash FROM " BOTH " x WHERE x.chain = c.chain AND x.seq = s.first - 1 LIMIT 1),"
    " (SELECT x.hash FROM " BOTH " x WHERE x.chain = c.chain AND x.seq = s.last LIMIT 1),"
    " coalesce(h.seq, 0)"
    " FROM audit_chain c LEFT JOIN audit_head h USING (chain)"
    " LEFT JOIN LATERAL (SELECT min(b.seq) AS first, max(b.seq) AS last FROM " BOTH " b"
    "  WHERE b.chain = c.chain"
    "   AND ($1::text IS NULL OR b.at >= $1::date::timestamp AT TIME ZONE 'UTC')"
    "   AND ($2::text IS NULL OR b.at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC')) s ON true"
    " ORDER BY c.chain";

static corv_rc put_chain(struct bundle *b, const PGresult *r, int row, bool to_the_end)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    int chain = (int)number(r, row, 0);
    int64_t after = number(r, row, 2);
    int64_t upto = to_the_end ? number(r, row, 7) : number(r, row, 3);
    const char *end_hash = hex(r, row, to_the_end || PQgetisnull(r, row, 6) ? 4 : 6);
    const char *after_hash = PQgetisnull(r, row, 5) ? zeros : hex(r, row, 5);
    corv_rc rc;

    if (PQgetisnull(r, row, 6)) /* no line in that time */
        after_hash = number(r, row, 7) ? hex(r, row, 4) : zeros;
    rc = put(b, json_pack("{s:s, s:i, s:s, s:{s:I, s:s}, s:{s:I, s:s}}", "type", "chain", "chain",
                    chain, "name", PQgetvalue(r, row, 1), "after", "seq", (json_int_t)after, "hash",
                    after_hash, "end", "seq", (json_int_t)upto, "hash", end_hash));
    if (rc == CORV_OK)
        rc = put_lines(b, chain, after, upto);
    return rc != CORV_OK ? rc
                         : put_seals(b, PQgetvalue(r, row, 0), PQgetvalue(r, row, 2),
                               to_the_end ? NULL : PQgetvalue(r, row, 3));
}

static corv_rc put_all(struct bundle *b, const char *from, const char *to)
{
    const char *params[] = {from, to};
    char now[CORV_TIME_TEXT];
    PGresult *r = NULL;
    corv_rc rc = put(b, json_pack("{s:s, s:i, s:s, s:s, s:s?, s:s?}", "type", "corvd-audit",
                            "version", 1, "made", corv_clock_text(corv_clock_us(), now), "program",
                            CORV_VERSION, "from", from, "to", to));

    if (rc == CORV_OK)
        rc = corv_inspect_query(b->i, chains_sql, 2, params, &r, b->fault);
    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++)
        rc = put_chain(b, r, row, !to);
    PQclear(r);
    if (rc == CORV_OK)
        rc = put(b, json_pack("{s:s, s:I}", "type", "end", "rows", (json_int_t)b->rows));
    return rc;
}

corv_rc corv_inspect_export(struct corv_inspect *i, const char *from, const char *to, FILE *out,
    uint64_t *rows, struct corv_fault *fault)
{
    struct bundle b = {.i = i, .out = out, .fault = fault};
    corv_rc rc = corv_inspect_query(
        i, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL, NULL, fault);

    if (rc == CORV_OK)
        rc = put_all(&b, from, to);
    PQclear(PQexec(i->c, "ROLLBACK")); /* nothing was changed */
    *rows = b.rows;
    return rc;
}
