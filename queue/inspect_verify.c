/* SPDX-License-Identifier: EUPL-1.2 */
/* Verifies the audit chains: every sum again (walk.c), every seal, and what the state folder
 * remembers of the ends. A chain's head is read first; what is appended meanwhile comes after it
 * and is for the next time. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "queue/seal.h"
#include "queue/walk.h"

#define SEALS         "2000"
#define FIRST_SEAL_US INT64_C(900000000) /* a chain older than this has a seal */

struct check { /* of one chain */
    struct corv_inspect *i;
    const struct corv_audit_trust *trust; /* may be NULL */
    struct corv_audit_report *report;
    struct corv_fault *fault;
    struct corv_walk w;
    const char *name;
    int64_t head_seq; /* -1: no head */
    struct corv_digest head;
    PGresult *seals; /* owned: a portion of them */
    int seal_row;
    bool seals_end;
    int64_t sealed_seq; /* by a key that is trusted */
    int64_t sealed_us;
};

/* ---- seals -------------------------------------------------------------------------------- */

static corv_rc more_seals(struct check *c)
{
    char chain[16];
    char after[24] = "-9223372036854775808";
    char key[2 * CORV_SEAL_KEY + 1] = "";
    const char *params[] = {chain, after, key};
    int rows = c->seals ? PQntuples(c->seals) : 0;
    corv_rc rc;

    (void)snprintf(chain, sizeof chain, "%d", c->w.chain);
    if (rows > 0) {
        (void)snprintf(after, sizeof after, "%s", PQgetvalue(c->seals, rows - 1, 0));
        (void)snprintf(key, sizeof key, "%s", PQgetvalue(c->seals, rows - 1, 3) + 2);
    }
    PQclear(c->seals);
    c->seals = NULL;
    c->seal_row = 0;
    rc = corv_inspect_query(c->i,
        "SELECT seq, (extract(epoch FROM at) * 1000000)::bigint, hash, key, signature"
        " FROM audit_seal WHERE chain = $1::integer"
        " AND (seq, key) > ($2::bigint, decode($3, 'hex')) ORDER BY seq, key LIMIT " SEALS,
        3, params, &c->seals, c->fault);
    c->seals_end = rc != CORV_OK || PQntuples(c->seals) == 0;
    return rc;
}

/* The seal the walk has not come to yet; seq INT64_MAX: none. */
static corv_rc next_seal_seq(struct check *c, int64_t *seq)
{
    corv_rc rc = CORV_OK;

    if (!c->seals_end && (!c->seals || c->seal_row == PQntuples(c->seals)))
        rc = more_seals(c);
    *seq = c->seals_end ? INT64_MAX : strtoll(PQgetvalue(c->seals, c->seal_row, 0), NULL, 10);
    return rc;
}

static bool trusted(const struct check *c, const uint8_t key[CORV_SEAL_KEY])
{
    for (size_t i = 0; i < c->trust->keys_count; i++)
        if (memcmp(c->trust->keys[i], key, CORV_SEAL_KEY) == 0)
            return true;
    return false;
}

static corv_rc judge_seal(struct check *c)
{
    const PGresult *r = c->seals;
    int row = c->seal_row;
    struct corv_seal seal = {
        .chain = c->w.chain, .seq = c->w.seq, .at_us = strtoll(PQgetvalue(r, row, 1), NULL, 10)};
    bool ours = c->trust && c->trust->keys_count > 0;
    corv_rc rc = CORV_E_INVALID;

    c->report->seals++;
    if (corv_walk_bytes(PQgetvalue(r, row, 2), seal.hash.b, sizeof seal.hash.b) &&
        corv_walk_bytes(PQgetvalue(r, row, 3), seal.key, sizeof seal.key) &&
        corv_walk_bytes(PQgetvalue(r, row, 4), seal.signature, sizeof seal.signature))
        rc = corv_seal_check(&seal);
    if (rc == CORV_E_NOMEM)
        return rc;
    if (rc != CORV_OK)
        corv_walk_broken(
            &c->w, seal.seq, "Het zegel op deze regel is vals: de handtekening klopt niet.");
    else if (ours && !trusted(c, seal.key))
        corv_walk_broken(&c->w, seal.seq,
            "Het zegel op deze regel is gezet met een sleutel die niet in audit.pub staat.");
    else if (memcmp(seal.hash.b, c->w.previous.b, sizeof seal.hash.b) != 0)
        corv_walk_broken(&c->w, seal.seq,
            "Tot en met deze regel is de keten herschreven: het zegel hoort bij een andere "
            "inhoud.");
    c->sealed_seq = seal.seq;
    c->sealed_us = seal.at_us;
    return CORV_OK;
}

/* ---- marks: what the state folder remembers ------------------------------------------------ */

static void judge_mark(struct check *c)
{
    for (size_t i = 0; c->trust && i < c->trust->marks_count; i++) {
        const struct corv_audit_mark *m = &c->trust->marks[i];

        if (m->seq == c->w.seq && strcmp(m->chain, c->name) == 0 &&
            memcmp(m->hash.b, c->w.previous.b, sizeof m->hash.b) != 0)
            corv_walk_broken(&c->w, m->seq,
                "Tot en met deze regel is de keten herschreven: state_dir kent een andere inhoud.");
    }
}

static int64_t marked(const struct check *c)
{
    int64_t most = 0;

    for (size_t i = 0; c->trust && i < c->trust->marks_count; i++)
        if (strcmp(c->trust->marks[i].chain, c->name) == 0 && c->trust->marks[i].seq > most)
            most = c->trust->marks[i].seq;
    return most;
}

/* ---- the chain ---------------------------------------------------------------------------- */

static corv_rc at_line(void *ctx, struct corv_walk *w, const PGresult *r, int row)
{
    struct check *c = ctx;
    int64_t seq = 0;
    corv_rc rc;

    (void)r;
    (void)row;
    judge_mark(c);
    while ((rc = next_seal_seq(c, &seq)) == CORV_OK && seq <= w->seq && !w->broken_seq) {
        if (seq < w->seq)
            corv_walk_broken(w, seq > 0 ? seq : 1, "Er is een zegel op een regel die er niet is.");
        else
            rc = judge_seal(c);
        if (rc != CORV_OK)
            return CORV_FAIL(
                c->fault, rc, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
        c->seal_row++;
    }
    return rc;
}

/* Head, lines and seals in one statement, so that a chain that is growing agrees with itself. */
static corv_rc check_end(struct check *c)
{
    char chain[16];
    const char *params[] = {chain};
    PGresult *r = NULL;
    corv_rc rc;

    (void)snprintf(chain, sizeof chain, "%d", c->w.chain);
    rc = corv_inspect_query(c->i,
        "SELECT coalesce((SELECT seq FROM audit_head WHERE chain = $1::integer), -1),"
        " coalesce((SELECT max(seq) FROM audit WHERE chain = $1::integer), 0),"
        " least((SELECT min(seq) FROM audit WHERE chain = $1::integer),"
        "  (SELECT min(seq) FROM audit_skeleton WHERE chain = $1::integer), 1),"
        " coalesce((SELECT max(seq) FROM audit_seal WHERE chain = $1::integer), 0)",
        1, params, &r, c->fault);
    if (rc != CORV_OK)
        return rc;
    int64_t head = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    int64_t last = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
    int64_t first = strtoll(PQgetvalue(r, 0, 2), NULL, 10);
    int64_t sealed = strtoll(PQgetvalue(r, 0, 3), NULL, 10);

    PQclear(r);
    if (head < c->head_seq)
        corv_walk_broken(
            &c->w, c->w.seq + 1, "Het einde van deze keten (audit_head) is teruggezet of gewist.");
    else if (last > head)
        corv_walk_broken(
            &c->w, head + 1, "Deze regel staat na het einde van de keten (audit_head).");
    else if (first < 1)
        corv_walk_broken(&c->w, 1, "Voor de eerste regel van deze keten staat er nog een.");
    else if (sealed > head)
        corv_walk_broken(&c->w, head + 1,
            "Deze regel ontbreekt: een zegel bewijst dat er hierna nog regels waren.");
    else if (marked(c) > head)
        corv_walk_broken(&c->w, head + 1,
            "Deze regel ontbreekt: state_dir weet dat er hierna nog regels waren.");
    return CORV_OK;
}

static void check_sealed(struct check *c)
{
    int64_t now = corv_clock_us();

    c->report->unsealed += (uint64_t)(c->w.seq - c->sealed_seq);
    if (c->sealed_us > c->report->sealed_us)
        c->report->sealed_us = c->sealed_us;
    if (c->trust && c->trust->keys_count > 0 && c->w.seq > 0 && c->sealed_seq == 0 &&
        now - c->w.at_us > FIRST_SEAL_US)
        corv_walk_broken(&c->w, c->w.seq, "Deze keten heeft geen enkel zegel; die zijn gewist.");
}

static corv_rc check_chain(struct check *c)
{
    corv_rc rc;

    if (c->head_seq < 0) {
        corv_walk_broken(&c->w, 1, "Van deze keten ontbreekt het einde (audit_head).");
        return CORV_OK;
    }
    rc = corv_walk_to(&c->w, c->head_seq, at_line, c, c->fault);
    if (rc != CORV_OK || c->w.broken_seq)
        return rc;
    if (c->w.seq < c->head_seq)
        corv_walk_broken(
            &c->w, c->w.seq + 1, "Deze regel ontbreekt: het einde van de keten is gewist.");
    else if (memcmp(c->w.previous.b, c->head.b, sizeof c->head.b) != 0)
        corv_walk_broken(&c->w, c->w.seq,
            "Het einde van deze keten (audit_head) past niet bij haar laatste regel.");
    rc = check_end(c);
    if (rc == CORV_OK && !c->w.broken_seq)
        check_sealed(c);
    return rc;
}

/* ---- all chains --------------------------------------------------------------------------- */

/* Every chain that is anywhere: with a name, with a head, or with lines only. The lines are asked
 * by jumping from chain to chain along the index. */
static const char chains_sql[] =
    "WITH RECURSIVE used AS (SELECT min(chain) AS chain FROM audit UNION ALL"
    "  SELECT (SELECT min(a.chain) FROM audit a WHERE a.chain > used.chain) FROM used"
    "  WHERE used.chain IS NOT NULL),"
    " every AS (SELECT chain FROM used WHERE chain IS NOT NULL UNION SELECT chain FROM audit_chain"
    "  UNION SELECT DISTINCT chain FROM audit_seal)"
    " SELECT chain, coalesce(h.seq, -1), h.hash, coalesce(n.name, '') FROM every"
    " LEFT JOIN audit_head h USING (chain) LEFT JOIN audit_chain n USING (chain) ORDER BY chain";

static void take_over(struct corv_audit_report *out, const struct corv_walk *w)
{
    out->lines += w->lines;
    out->verified += w->verified;
    out->skeletons += w->skeletons;
    out->broken.seq = w->broken_seq;
    out->broken.chain = w->chain;
    (void)snprintf(out->broken.what, sizeof out->broken.what, "%s", w->broken_what);
}

/* A mark of a chain that is gone altogether, name and all. */
static void check_names(
    const PGresult *r, const struct corv_audit_trust *trust, struct corv_audit_report *out)
{
    for (size_t i = 0; trust && i < trust->marks_count && !out->broken.seq; i++) {
        bool found = false;

        for (int n = 0; n < PQntuples(r); n++)
            found = found || strcmp(PQgetvalue(r, n, 3), trust->marks[i].chain) == 0;
        if (found || trust->marks[i].seq == 0)
            continue;
        out->broken.seq = 1;
        out->broken.chain = 0;
        (void)snprintf(out->broken.what, sizeof out->broken.what,
            "De keten '%s' is er niet meer; state_dir weet dat zij er was.", trust->marks[i].chain);
    }
}

corv_rc corv_inspect_verify_by(struct corv_inspect *i, const struct corv_audit_trust *trust,
    struct corv_audit_report *out, struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(i, chains_sql, 0, NULL, &r, fault);
    int chains = rc == CORV_OK ? PQntuples(r) : 0;

    *out = (struct corv_audit_report){0};
    for (int n = 0; n < chains && rc == CORV_OK && !out->broken.seq; n++) {
        struct check c = {.i = i,
            .trust = trust,
            .report = out,
            .fault = fault,
            .name = PQgetvalue(r, n, 3),
            .head_seq = strtoll(PQgetvalue(r, n, 1), NULL, 10)};

        corv_walk_begin(&c.w, i, (int)strtol(PQgetvalue(r, n, 0), NULL, 10), 0, NULL);
        out->chains++;
        if (c.head_seq >= 0 && !corv_walk_bytes(PQgetvalue(r, n, 2), c.head.b, sizeof c.head.b))
            corv_walk_broken(
                &c.w, c.head_seq, "Het einde van deze keten (audit_head) is onleesbaar.");
        else
            rc = check_chain(&c);
        PQclear(c.seals);
        take_over(out, &c.w);
    }
    if (rc == CORV_OK)
        check_names(r, trust, out);
    PQclear(r);
    return rc;
}

corv_rc corv_inspect_verify(
    struct corv_inspect *i, struct corv_audit_report *out, struct corv_fault *fault)
{
    return corv_inspect_verify_by(i, NULL, out, fault);
}
