/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTION "2000"

void corv_walk_begin(struct corv_walk *w, struct corv_inspect *i, int chain, int64_t seq,
    const struct corv_digest *hash)
{
    *w = (struct corv_walk){.i = i, .chain = chain, .seq = seq, .last_at = "0"};
    if (seq > 0)
        w->previous = *hash;
    /* all of the number after it, whatever their time */
    (void)snprintf(w->last_seq, sizeof w->last_seq, "%" PRId64, seq + 1);
    (void)snprintf(w->last_at, sizeof w->last_at, "%s", CORV_WALK_EARLY);
}

void corv_walk_broken(struct corv_walk *w, int64_t seq, const char *what)
{
    if (w->broken_seq)
        return;
    w->broken_seq = seq ? seq : 1;
    (void)snprintf(w->broken_what, sizeof w->broken_what, "%s", what);
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

bool corv_walk_bytes(const char *text, uint8_t *out, size_t n)
{
    if (strlen(text) != 2 + 2 * n || text[0] != '\\' || text[1] != 'x')
        return false;
    for (size_t k = 0; k < n; k++)
        out[k] = (uint8_t)(nibble(text[2 + 2 * k]) << 4 | nibble(text[3 + 2 * k]));
    return true;
}

/* ---- one line ----------------------------------------------------------------------------- */

static corv_rc commitment_of(const PGresult *r, int row, struct corv_audit_line *line,
    struct corv_digest *commitment, bool *readable)
{
    const char *message = PQgetvalue(r, row, CORV_WALK_MESSAGE);

    line->event = (struct corv_queue_event){
        .event = PQgetvalue(r, row, CORV_WALK_EVENT),
        .delivery = (int)strtol(PQgetvalue(r, row, CORV_WALK_DELIVERY), NULL, 10),
        .party = PQgetvalue(r, row, CORV_WALK_PARTY), /* NULL reads as "": the same here */
        .actor = PQgetvalue(r, row, CORV_WALK_ACTOR),
        .code = PQgetvalue(r, row, CORV_WALK_CODE),
        .detail = PQgetvalue(r, row, CORV_WALK_DETAIL),
    };
    *readable =
        corv_walk_bytes(PQgetvalue(r, row, CORV_WALK_SALT), line->salt, sizeof line->salt) &&
        (!*message || corv_id_read(message, &line->event.message) == CORV_OK);
    return *readable ? corv_audit_commitment(line, commitment) : CORV_OK;
}

static corv_rc sums(
    struct corv_walk *w, const PGresult *r, int row, struct corv_digest *hash, bool *readable)
{
    struct corv_audit_line line = {.chain = w->chain,
        .seq = w->seq + 1,
        .at_us = strtoll(PQgetvalue(r, row, CORV_WALK_AT), NULL, 10)};
    struct corv_digest commitment;
    corv_rc rc = CORV_OK;

    w->at_us = line.at_us;
    if (PQgetisnull(r, row, CORV_WALK_COMMITMENT)) {
        rc = commitment_of(r, row, &line, &commitment, readable);
    } else {
        *readable = corv_walk_bytes(
            PQgetvalue(r, row, CORV_WALK_COMMITMENT), commitment.b, sizeof commitment.b);
        w->skeletons++;
    }
    if (rc != CORV_OK || !*readable)
        return rc;
    return corv_audit_hash(&w->previous, &line, &commitment, hash);
}

static corv_rc check_line(struct corv_walk *w, const PGresult *r, int row, struct corv_fault *fault)
{
    int64_t seq = strtoll(PQgetvalue(r, row, CORV_WALK_SEQ), NULL, 10);
    struct corv_digest hash = {{0}};
    struct corv_digest stored = {{0}};
    bool readable = false;
    corv_rc rc;

    w->lines++;
    if (seq <= w->seq) {
        corv_walk_broken(w, seq, "Dit nummer staat er twee keer.");
        return CORV_OK;
    }
    if (seq != w->seq + 1) {
        corv_walk_broken(w, w->seq + 1, "Deze regel ontbreekt: er is er een gewist.");
        return CORV_OK;
    }
    rc = sums(w, r, row, &hash, &readable);
    if (rc != CORV_OK)
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    if (!readable ||
        !corv_walk_bytes(PQgetvalue(r, row, CORV_WALK_HASH), stored.b, sizeof stored.b) ||
        memcmp(hash.b, stored.b, sizeof hash.b) != 0) {
        corv_walk_broken(
            w, seq, "De inhoud van deze regel past niet bij haar zegel: zij is gewijzigd.");
        return CORV_OK;
    }
    w->previous = hash;
    w->seq = seq;
    w->verified++;
    return CORV_OK;
}

/* ---- the way ------------------------------------------------------------------------------ */

#define MICROS "(extract(epoch FROM at) * 1000000)::bigint"
#define RANGE                                                                                      \
    " WHERE chain = $1::integer AND seq <= $2::bigint AND (seq, at) > ($3::bigint,"                \
    "  'epoch'::timestamptz + $4::bigint * interval '1 microsecond') ORDER BY seq, at"             \
    " LIMIT " PORTION

/* Each half by its own index and bound; skeletons and lines may lie between one another. */
static const char portion_sql[] =
    "(SELECT seq, " MICROS " AS us, event, message_id, delivery, party, actor, code, detail, salt,"
    "  hash, NULL::bytea AS commitment FROM audit" RANGE ")"
    " UNION ALL (SELECT seq, " MICROS ", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, hash,"
    "  commitment FROM audit_skeleton" RANGE ")"
    " ORDER BY seq, us LIMIT " PORTION;

corv_rc corv_walk_rows(struct corv_inspect *i, int chain, int64_t upto, const char *last_seq,
    const char *last_at, PGresult **out, struct corv_fault *fault)
{
    char number[2][24];
    const char *params[] = {number[0], number[1], last_seq, last_at};

    (void)snprintf(number[0], sizeof number[0], "%d", chain);
    (void)snprintf(number[1], sizeof number[1], "%" PRId64, upto);
    return corv_inspect_query(i, portion_sql, 4, params, out, fault);
}

static corv_rc portion(struct corv_walk *w, int64_t upto, corv_walk_cb each, void *ctx, int *rows,
    struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_walk_rows(w->i, w->chain, upto, w->last_seq, w->last_at, &r, fault);

    *rows = rc == CORV_OK ? PQntuples(r) : 0;
    for (int row = 0; row < *rows && rc == CORV_OK && !w->broken_seq; row++) {
        rc = check_line(w, r, row, fault);
        if (rc == CORV_OK && !w->broken_seq && each)
            rc = each(ctx, w, r, row);
    }
    if (*rows > 0) {
        (void)snprintf(
            w->last_seq, sizeof w->last_seq, "%s", PQgetvalue(r, *rows - 1, CORV_WALK_SEQ));
        (void)snprintf(w->last_at, sizeof w->last_at, "%s", PQgetvalue(r, *rows - 1, CORV_WALK_AT));
    }
    PQclear(r);
    return rc;
}

corv_rc corv_walk_to(
    struct corv_walk *w, int64_t upto, corv_walk_cb each, void *ctx, struct corv_fault *fault)
{
    int rows = 0;
    corv_rc rc;

    do
        rc = portion(w, upto, each, ctx, &rows, fault);
    while (rc == CORV_OK && rows > 0 && !w->broken_seq);
    return rc;
}
