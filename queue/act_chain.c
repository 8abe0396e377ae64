/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/act_chain.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "queue/pg_wait.h"

#define ZEROS "decode(repeat('00', 32), 'hex')"

static const char make_sql[] =
    "WITH c AS (INSERT INTO audit_chain (name) VALUES ($1)"
    "  ON CONFLICT (name) DO NOTHING RETURNING chain)"
    " INSERT INTO audit_head (chain, seq, hash) SELECT chain, 0, " ZEROS " FROM c";
static const char head_sql[] =
    "SELECT h.chain, h.seq, encode(h.hash, 'hex'),"
    " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    " FROM audit_head h JOIN audit_chain c USING (chain) WHERE c.name = $1::text"
    " FOR UPDATE OF h";

static corv_rc read_head(struct corv_act *act, bool *found)
{
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(act->i, head_sql, 1, &act->name, &r, act->fault);

    *found = rc == CORV_OK && PQntuples(r) == 1 && PQgetlength(r, 0, 2) == 2 * CORV_DIGEST;
    if (*found) {
        const char *hex = PQgetvalue(r, 0, 2);

        act->chain = (int)strtol(PQgetvalue(r, 0, 0), NULL, 10);
        act->seq = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
        if (!act->at_us)
            act->at_us = strtoll(PQgetvalue(r, 0, 3), NULL, 10);
        for (int k = 0; k < CORV_DIGEST; k++) {
            const char byte[] = {hex[2 * k], hex[2 * k + 1], '\0'};

            act->hash.b[k] = (uint8_t)strtoul(byte, NULL, 16);
        }
    }
    PQclear(r);
    return rc;
}

corv_rc corv_act_begin_on(struct corv_inspect *i, struct corv_act *act, const char *chain,
    int64_t at_us, struct corv_fault *fault)
{
    bool found = false;
    corv_rc rc;

    *act = (struct corv_act){.i = i, .name = chain, .at_us = at_us, .fault = fault};
    rc = corv_inspect_query(i, "BEGIN READ WRITE", 0, NULL, NULL, fault);
    if (rc == CORV_OK)
        rc = read_head(act, &found);
    if (rc == CORV_OK && !found) { /* the first action ever; asked first, a number is precious */
        rc = corv_inspect_query(i, make_sql, 1, &act->name, NULL, fault);
        if (rc == CORV_OK)
            rc = read_head(act, &found);
        if (rc == CORV_OK && !found)
            rc = CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "audit.no-head",
                "De keten '%s' in het auditspoor is beschadigd. Voer 'corvctl audit verify' uit.",
                chain);
    }
    return rc == CORV_OK ? rc : corv_act_end(act, rc);
}

corv_rc corv_act_begin(struct corv_inspect *i, struct corv_act *act, struct corv_fault *fault)
{
    return corv_act_begin_on(i, act, "operator", 0, fault);
}

corv_rc corv_act_append(struct corv_act *act, const struct corv_queue_event *e)
{
    struct corv_audit_line line = {
        .chain = act->chain, .seq = act->seq + 1, .at_us = act->at_us, .event = *e};
    struct corv_digest commitment;
    char id[CORV_ID_TEXT];
    char number[5][32];
    char hex[2][CORV_DIGEST_TEXT];
    const char *params[] = {number[0], number[1], number[2], e->event,
        corv_id_is_null(&e->message) ? NULL : corv_id_text(&e->message, id), number[3], e->party,
        e->actor, e->code, e->detail, hex[0], hex[1]};

    if (RAND_bytes(line.salt, sizeof line.salt) != 1 ||
        corv_audit_commitment(&line, &commitment) != CORV_OK ||
        corv_audit_hash(&act->hash, &line, &commitment, &act->hash) != CORV_OK)
        return CORV_FAIL(act->fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory",
            "Er is te weinig geheugen.");
    act->seq = line.seq;
    (void)snprintf(number[0], sizeof number[0], "%d", line.chain);
    (void)snprintf(number[1], sizeof number[1], "%" PRId64, line.seq);
    (void)corv_clock_text(line.at_us, number[2]);
    (void)snprintf(number[3], sizeof number[3], "%d", e->delivery);
    corv_hex(line.salt, sizeof line.salt, hex[0]);
    corv_digest_text(&act->hash, hex[1]);
    return corv_inspect_query(act->i,
        "INSERT INTO audit (chain, seq, at, event, message_id, delivery, party, actor, code,"
        " detail, salt, hash) VALUES ($1::integer, $2::bigint, $3::timestamptz, $4, $5::uuid,"
        " $6::smallint, $7, $8, $9, $10, decode($11, 'hex'), decode($12, 'hex'))",
        12, params, NULL, act->fault);
}

static corv_rc move_head(struct corv_act *act)
{
    char number[2][32];
    char hex[CORV_DIGEST_TEXT];
    const char *params[] = {number[0], number[1], corv_digest_text(&act->hash, hex)};

    (void)snprintf(number[0], sizeof number[0], "%d", act->chain);
    (void)snprintf(number[1], sizeof number[1], "%" PRId64, act->seq);
    return corv_inspect_query(act->i,
        "UPDATE audit_head SET seq = $2::bigint, hash = decode($3, 'hex')"
        " WHERE chain = $1::integer",
        3, params, NULL, act->fault);
}

corv_rc corv_act_end(struct corv_act *act, corv_rc rc)
{
    if (rc == CORV_OK)
        rc = move_head(act);
    if (rc == CORV_OK)
        return corv_inspect_query(act->i, "COMMIT", 0, NULL, NULL, act->fault);
    /* the reason is known; that a broken connection cannot roll back changes nothing */
    PQclear(corv_pg_wait_exec(act->i->c, "ROLLBACK"));
    return rc;
}
