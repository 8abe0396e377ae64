/* SPDX-License-Identifier: EUPL-1.2 */
/* Walks the audit chains and does every sum again. A chain's head is read first, then its lines in
 * portions, each a statement of its own: no long transaction holds up the vacuum of the delivery
 * table, and what is appended meanwhile comes after the head and is for the next time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/audit.h"
#include "queue/inspect_rows.h"

#define PORTION "2000"

struct walk {
    struct corv_inspect *i;
    struct corv_audit_report *report;
    struct corv_fault *fault;
    int chain;
    int64_t head_seq; /* -1: no head */
    struct corv_digest head;
    struct corv_digest previous;
    int64_t seq;       /* last one that was right */
    char last_seq[24]; /* where the next portion begins: a number may be there twice */
    char last_at[24];
};

static void broken(struct walk *w, int64_t seq, const char *what)
{
    if (w->report->broken.seq)
        return;
    w->report->broken.chain = w->chain;
    w->report->broken.seq = seq ? seq : 1;
    (void)snprintf(w->report->broken.what, sizeof w->report->broken.what, "%s", what);
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* \x… of exactly n bytes, as the session's bytea_output gives it. */
static bool read_bytes(const char *text, uint8_t *out, size_t n)
{
    if (strlen(text) != 2 + 2 * n || text[0] != '\\' || text[1] != 'x')
        return false;
    for (size_t k = 0; k < n; k++)
        out[k] = (uint8_t)(nibble(text[2 + 2 * k]) << 4 | nibble(text[3 + 2 * k]));
    return true;
}

enum { SEQ, AT, EVENT, MESSAGE, DELIVERY, PARTY, ACTOR, CODE, DETAIL, SALT, HASH };

static corv_rc sums(
    const struct walk *w, const PGresult *r, int row, struct corv_digest *hash, bool *readable)
{
    struct corv_audit_line line = {
        .chain = w->chain, .seq = w->seq + 1, .at_us = strtoll(PQgetvalue(r, row, AT), NULL, 10)};
    struct corv_digest commitment;
    const char *message = PQgetvalue(r, row, MESSAGE);
    corv_rc rc;

    line.event = (struct corv_queue_event){
        .event = PQgetvalue(r, row, EVENT),
        .delivery = (int)strtol(PQgetvalue(r, row, DELIVERY), NULL, 10),
        .party = PQgetvalue(r, row, PARTY), /* SQL NULL reads as "", which is the same here */
        .actor = PQgetvalue(r, row, ACTOR),
        .code = PQgetvalue(r, row, CODE),
        .detail = PQgetvalue(r, row, DETAIL),
    };
    *readable = read_bytes(PQgetvalue(r, row, SALT), line.salt, sizeof line.salt) &&
                (!*message || corv_id_read(message, &line.event.message) == CORV_OK);
    if (!*readable)
        return CORV_OK;
    rc = corv_audit_commitment(&line, &commitment);
    return rc != CORV_OK ? rc : corv_audit_hash(&w->previous, &line, &commitment, hash);
}

static corv_rc check_line(struct walk *w, const PGresult *r, int row)
{
    int64_t seq = strtoll(PQgetvalue(r, row, SEQ), NULL, 10);
    struct corv_digest hash = {{0}};
    struct corv_digest stored = {{0}};
    bool readable = false;
    corv_rc rc;

    w->report->lines++;
    if (seq <= w->seq) {
        broken(w, seq, "Dit nummer staat er twee keer.");
        return CORV_OK;
    }
    if (seq != w->seq + 1) {
        broken(w, w->seq + 1, "Deze regel ontbreekt: er is er een gewist.");
        return CORV_OK;
    }
    rc = sums(w, r, row, &hash, &readable);
    if (rc != CORV_OK)
        return CORV_FAIL(
            w->fault, rc, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    if (!readable || !read_bytes(PQgetvalue(r, row, HASH), stored.b, sizeof stored.b) ||
        memcmp(hash.b, stored.b, sizeof hash.b) != 0) {
        broken(w, seq, "De inhoud van deze regel past niet bij haar zegel: zij is gewijzigd.");
        return CORV_OK;
    }
    w->previous = hash;
    w->seq = seq;
    w->report->verified++;
    return CORV_OK;
}

static const char portion_sql[] =
    "SELECT seq, (extract(epoch FROM at) * 1000000)::bigint, event, message_id, delivery, party,"
    " actor, code, detail, salt, hash FROM audit"
    " WHERE chain = $1::integer AND seq <= $2::bigint AND (seq, at) > ($3::bigint,"
    "  'epoch'::timestamptz + $4::bigint * interval '1 microsecond')"
    " ORDER BY seq, at LIMIT " PORTION;

static corv_rc portion(struct walk *w, int *rows)
{
    char chain[16];
    char head[24];
    const char *params[] = {chain, head, w->last_seq, w->last_at};
    PGresult *r = NULL;
    corv_rc rc;

    (void)snprintf(chain, sizeof chain, "%d", w->chain);
    (void)snprintf(head, sizeof head, "%" PRId64, w->head_seq);
    rc = corv_inspect_query(w->i, portion_sql, 4, params, &r, w->fault);
    *rows = rc == CORV_OK ? PQntuples(r) : 0;
    for (int row = 0; row < *rows && rc == CORV_OK && !w->report->broken.seq; row++)
        rc = check_line(w, r, row);
    if (*rows > 0) {
        (void)snprintf(w->last_seq, sizeof w->last_seq, "%s", PQgetvalue(r, *rows - 1, SEQ));
        (void)snprintf(w->last_at, sizeof w->last_at, "%s", PQgetvalue(r, *rows - 1, AT));
    }
    PQclear(r);
    return rc;
}

/* Head and last line in one statement, so that a chain that is growing agrees with itself. */
static corv_rc check_end(struct walk *w)
{
    char chain[16];
    const char *params[] = {chain};
    PGresult *r = NULL;
    corv_rc rc;

    (void)snprintf(chain, sizeof chain, "%d", w->chain);
    rc = corv_inspect_query(w->i,
        "SELECT coalesce((SELECT seq FROM audit_head WHERE chain = $1::integer), -1),"
        " coalesce((SELECT max(seq) FROM audit WHERE chain = $1::integer), 0),"
        " coalesce((SELECT min(seq) FROM audit WHERE chain = $1::integer), 1)",
        1, params, &r, w->fault);
    if (rc != CORV_OK)
        return rc;
    int64_t head = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    int64_t last = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
    int64_t first = strtoll(PQgetvalue(r, 0, 2), NULL, 10);

    PQclear(r);
    if (head < w->head_seq)
        broken(w, w->seq + 1, "Het einde van deze keten (audit_head) is teruggezet of gewist.");
    else if (last > head)
        broken(w, head + 1, "Deze regel staat na het einde van de keten (audit_head).");
    else if (first < 1)
        broken(w, 1, "Voor de eerste regel van deze keten staat er nog een.");
    return CORV_OK;
}

static corv_rc walk_chain(struct walk *w)
{
    int rows = 0;
    corv_rc rc = CORV_OK;

    if (w->head_seq < 0) {
        broken(w, 1, "Van deze keten ontbreekt het einde (audit_head).");
        return CORV_OK;
    }
    do
        rc = portion(w, &rows);
    while (rc == CORV_OK && rows > 0 && !w->report->broken.seq);
    if (rc != CORV_OK || w->report->broken.seq)
        return rc;
    if (w->seq < w->head_seq)
        broken(w, w->seq + 1, "Deze regel ontbreekt: het einde van de keten is gewist.");
    else if (memcmp(w->previous.b, w->head.b, sizeof w->head.b) != 0)
        broken(
            w, w->seq, "Het einde van deze keten (audit_head) past niet bij haar laatste regel.");
    return check_end(w);
}

/* Every chain that is anywhere: with a name, with a head, or with lines only. The lines are asked
 * by jumping from chain to chain along the index. */
static const char chains_sql[] =
    "WITH RECURSIVE used AS (SELECT min(chain) AS chain FROM audit UNION ALL"
    "  SELECT (SELECT min(a.chain) FROM audit a WHERE a.chain > used.chain) FROM used"
    "  WHERE used.chain IS NOT NULL),"
    " every AS (SELECT chain FROM used WHERE chain IS NOT NULL UNION SELECT chain FROM audit_chain)"
    " SELECT chain, coalesce(h.seq, -1), h.hash FROM every LEFT JOIN audit_head h USING (chain)"
    " ORDER BY chain";

corv_rc corv_inspect_verify(
    struct corv_inspect *i, struct corv_audit_report *out, struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(i, chains_sql, 0, NULL, &r, fault);
    int chains = rc == CORV_OK ? PQntuples(r) : 0;

    *out = (struct corv_audit_report){0};
    for (int n = 0; n < chains && rc == CORV_OK && !out->broken.seq; n++) {
        struct walk w = {.i = i,
            .report = out,
            .fault = fault,
            .chain = (int)strtol(PQgetvalue(r, n, 0), NULL, 10),
            .head_seq = strtoll(PQgetvalue(r, n, 1), NULL, 10),
            .last_seq = "0",
            .last_at = "0"};

        out->chains++;
        if (w.head_seq >= 0 && !read_bytes(PQgetvalue(r, n, 2), w.head.b, sizeof w.head.b))
            broken(&w, w.head_seq, "Het einde van deze keten (audit_head) is onleesbaar.");
        else
            rc = walk_chain(&w);
    }
    PQclear(r);
    return rc;
}
