/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/fence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/buf.h"
#include "daemon/base/replace.h"

#define PATH         4096
#define BATCH        500
#define TEXT_CEILING (1u << 20)

static const char question[] =
    "De database is teruggezet uit een kopie, of state_dir is nieuw. Heeft de ontvanger dit "
    "bericht "
    "al? Vraag het na; dan 'corvctl release' als het nog moet, of 'corvctl drop'.";

/* ---- the file ----------------------------------------------------------------------------- */

void corv_fence_set(
    struct corv_fence *f, const char *chain, int64_t seq, const struct corv_digest *hash)
{
    size_t i = 0;

    while (i < f->count && strcmp(f->marks[i].chain, chain) != 0)
        i++;
    if (i == CORV_FENCE_MARKS)
        return;
    if (i == f->count)
        f->count++;
    (void)snprintf(f->marks[i].chain, sizeof f->marks[i].chain, "%.*s",
        (int)sizeof f->marks[i].chain - 1, chain);
    f->marks[i].seq = seq;
    f->marks[i].hash = *hash;
}

/* A new installation writes this line and nothing else, before it takes its first message: a crash
 * right after that message must not look like a state folder that forgot. */
#define FIRST_LINE "# corvd heads\n"

static bool read_hash(const char *hex, struct corv_digest *out)
{
    for (size_t i = 0; i < sizeof out->b; i++) {
        const char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end = NULL;

        out->b[i] = (uint8_t)strtoul(byte, &end, 16);
        if (end != byte + 2)
            return false;
    }
    return hex[2 * sizeof out->b] == '\n';
}

/* "NAME SEQ HASH" */
static bool read_line(char *line, struct corv_fence *f)
{
    char *seq_text = strchr(line, ' ');
    char *end = NULL;
    struct corv_digest hash;
    int64_t seq;

    if (!seq_text)
        return false;
    *seq_text++ = '\0';
    seq = strtoll(seq_text, &end, 10);
    if (end == seq_text || *end != ' ' || strlen(end + 1) != 2 * sizeof hash.b + 1 ||
        !read_hash(end + 1, &hash))
        return false;
    corv_fence_set(f, line, seq, &hash);
    return true;
}

corv_rc corv_fence_read(const char *state_dir, struct corv_fence *out)
{
    char path[PATH];
    char line[256];
    corv_rc rc = CORV_OK;
    bool ours = false;
    FILE *f;

    *out = (struct corv_fence){.count = 0};
    (void)snprintf(path, sizeof path, "%s/%s", state_dir, CORV_FENCE_FILE);
    f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_IO;
    while (rc == CORV_OK && fgets(line, sizeof line, f))
        if (strcmp(line, FIRST_LINE) == 0)
            ours = true;
        else if (!read_line(line, out))
            rc = CORV_E_INVALID;
    if (rc == CORV_OK && ferror(f))
        rc = CORV_E_IO;
    (void)fclose(f);
    return rc == CORV_OK && out->count == 0 && !ours ? CORV_E_INVALID : rc;
}

corv_rc corv_fence_write(const char *state_dir, const struct corv_fence *f)
{
    struct corv_buf b;
    char hex[CORV_DIGEST_TEXT];
    corv_rc rc;

    corv_buf_init(&b, TEXT_CEILING);
    (void)corv_buf_add_str(&b, FIRST_LINE);
    for (size_t i = 0; i < f->count; i++)
        (void)corv_buf_addf(&b, "%s %" PRId64 " %s\n", f->marks[i].chain, f->marks[i].seq,
            corv_digest_text(&f->marks[i].hash, hex));
    rc = b.failed ? CORV_E_NOMEM
                  : corv_file_replace(state_dir, CORV_FENCE_FILE, corv_buf_view(&b), 0600);
    corv_buf_free(&b);
    return rc;
}

/* ---- judging ------------------------------------------------------------------------------ */

static corv_rc has_line(
    struct corv_keeper *k, const struct corv_audit_mark *m, bool *has, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_text(&p, m->chain);
    corv_pg_add_int8(&p, m->seq);
    corv_pg_add_view(&p, corv_view_of(m->hash.b, sizeof m->hash.b));
    rc = corv_keeper_run(k,
        "SELECT FROM audit_chain c JOIN audit_head h USING (chain) WHERE c.name = $1::text"
        " AND h.seq >= $2::bigint AND ($2::bigint = 0"
        "  OR EXISTS (SELECT FROM audit a WHERE a.chain = c.chain AND a.seq = $2::bigint"
        "   AND a.hash = $3::bytea)"
        "  OR EXISTS (SELECT FROM audit_skeleton s WHERE s.chain = c.chain AND s.seq = $2::bigint"
        "   AND s.hash = $3::bytea))",
        &p, &r, fault);
    *has = rc == CORV_OK && PQntuples(r) == 1;
    PQclear(r);
    return rc;
}

static corv_rc knows_us(struct corv_keeper *k, bool *knows, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_text(&p, k->actor); /* "node:NAME" is the chain's name too */
    rc = corv_keeper_run(k,
        "SELECT FROM audit_chain c JOIN audit_head h USING (chain)"
        " WHERE c.name = $1::text AND h.seq > 0",
        &p, &r, fault);
    *knows = rc == CORV_OK && PQntuples(r) > 0;
    PQclear(r);
    return rc;
}

corv_rc corv_fence_holds(
    struct corv_keeper *k, const struct corv_fence *f, bool *holds, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;

    *holds = true;
    for (size_t i = 0; i < f->count && rc == CORV_OK && *holds; i++)
        rc = has_line(k, &f->marks[i], holds, fault);
    return rc;
}

corv_rc corv_fence_check(struct corv_keeper *k, const char *state_dir, enum corv_fence_verdict *out,
    struct corv_fault *fault)
{
    struct corv_fence f;
    corv_rc file = corv_fence_read(state_dir, &f);
    corv_rc rc = CORV_OK;
    bool yes = true;

    if (file == CORV_E_IO)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "fence.unreadable",
            "Het bestand heads in state_dir is niet te lezen. Kijk naar de rechten.");
    if (file != CORV_OK) {
        rc = knows_us(k, &yes, fault);
        *out = yes || file == CORV_E_INVALID ? CORV_FENCE_LOST : CORV_FENCE_FIRST;
        return rc;
    }
    rc = corv_fence_holds(k, &f, &yes, fault);
    *out = yes ? CORV_FENCE_SAME : CORV_FENCE_OLDER;
    return rc;
}

/* ---- holding ------------------------------------------------------------------------------ */

static corv_rc tell_held(struct corv_keeper *k, struct corv_act *act, const PGresult *r)
{
    corv_rc rc = CORV_OK;

    for (int row = 0; row < PQntuples(r) && rc == CORV_OK; row++) {
        char *party = PQgetisnull(r, row, 2) ? NULL : corv_pg_text(r, row, 2);
        struct corv_queue_event e = {.event = "delivery.held",
            .message = corv_pg_id(r, row, 0),
            .delivery = (int)corv_pg_int(r, row, 1),
            .party = party,
            .actor = k->actor,
            .code = CORV_FENCE_CODE};

        rc = corv_act_append(act, &e);
        free(party);
    }
    return rc;
}

static corv_rc hold_some(
    struct corv_keeper *k, int64_t now_us, uint64_t *held, bool *more, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    struct corv_act act;
    PGresult *r = NULL;
    corv_rc rc = corv_keeper_begin(k, &act, now_us, fault);

    if (rc != CORV_OK)
        return rc;
    corv_pg_add_text(&p, CORV_FENCE_CODE);
    corv_pg_add_text(&p, question);
    corv_pg_add_int8(&p, BATCH);
    rc = corv_keeper_run(k,
        "UPDATE delivery SET state = 1, owner = NULL, held_code = $1::text,"
        " held_question = $2::text WHERE (message_id, no) IN (SELECT message_id, no FROM delivery"
        "  WHERE state = 0 ORDER BY message_id, no LIMIT $3::bigint FOR UPDATE)"
        " RETURNING message_id, no, party",
        &p, &r, fault);
    *more = rc == CORV_OK && PQntuples(r) == BATCH;
    if (rc == CORV_OK)
        rc = tell_held(k, &act, r);
    rc = corv_act_end(&act, rc);
    if (rc == CORV_OK)
        *held += (uint64_t)PQntuples(r);
    PQclear(r);
    return rc;
}

static corv_rc tell_restored(struct corv_keeper *k, enum corv_fence_verdict verdict, int64_t now_us,
    uint64_t held, const struct corv_fence *known, struct corv_fault *fault)
{
    char detail[400];
    char hex[CORV_DIGEST_TEXT] = "";
    struct corv_act act;
    int64_t seq = 0;
    struct corv_queue_event e = {.event = "database.restored",
        .actor = k->actor,
        .code = verdict == CORV_FENCE_LOST ? "fence.lost" : "fence.older",
        .detail = detail};
    corv_rc rc;

    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->marks[i].chain, k->actor) == 0) {
            seq = known->marks[i].seq;
            (void)corv_digest_text(&known->marks[i].hash, hex);
        }
    (void)snprintf(detail, sizeof detail,
        "{\"held\":%" PRIu64 ",\"known_seq\":%" PRId64 ",\"known_hash\":\"%s\"}", held, seq, hex);
    rc = corv_keeper_begin(k, &act, now_us, fault);
    return rc != CORV_OK ? rc : corv_act_end(&act, corv_act_append(&act, &e));
}

static corv_rc take_heads(struct corv_keeper *k, struct corv_fence *f, struct corv_fault *fault)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    corv_rc rc;

    *f = (struct corv_fence){.count = 0};
    corv_pg_add_text(&p, k->actor);
    rc = corv_keeper_run(k,
        "SELECT c.name, h.seq, h.hash FROM audit_chain c JOIN audit_head h USING (chain)"
        " WHERE c.name IN ($1::text, 'operator', '" CORV_KEEPER_CHAIN "')",
        &p, &r, fault);
    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++) {
        struct corv_digest hash = {{0}};
        char *name = corv_pg_text(r, row, 0);

        if (corv_pg_view(r, row, 2).n == sizeof hash.b)
            memcpy(hash.b, corv_pg_view(r, row, 2).p, sizeof hash.b);
        if (name)
            corv_fence_set(f, name, corv_pg_int(r, row, 1), &hash);
        free(name);
    }
    PQclear(r);
    return rc;
}

corv_rc corv_fence_accept(struct corv_keeper *k, const char *state_dir,
    enum corv_fence_verdict verdict, int64_t now_us, uint64_t *held, struct corv_fault *fault)
{
    struct corv_fence f = {.count = 0};
    bool more = verdict == CORV_FENCE_OLDER || verdict == CORV_FENCE_LOST;
    bool restored = more;
    corv_rc rc = CORV_OK;

    *held = 0;
    while (more && rc == CORV_OK)
        rc = hold_some(k, now_us, held, &more, fault);
    if (restored && rc == CORV_OK) {
        if (corv_fence_read(state_dir, &f) != CORV_OK)
            f.count = 0;
        rc = tell_restored(k, verdict, now_us, *held, &f, fault);
    }
    if (rc == CORV_OK)
        rc = take_heads(k, &f, fault);
    if (rc != CORV_OK)
        return rc;
    if (corv_fence_write(state_dir, &f) != CORV_OK)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "fence.write",
            "Het bestand heads in state_dir kan niet worden geschreven. Kijk naar ruimte en "
            "rechten.");
    return CORV_OK;
}
