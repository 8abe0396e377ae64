/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/purge.h"

#include <endian.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#define HOUR_US   INT64_C(3600000000)
#define MINUTE_US INT64_C(60000000)
#define LEAD_US   (15 * MINUTE_US) /* done so long before it has to be */
/* Nothing sealed under an hour's key is still on its way to the database so long after its end: a
 * put waits 15 s at most. */
#define SETTLED_US (30 * MINUTE_US)
#define BATCH      256
#define RESEAL     64 /* in one COMMIT: a large one takes its time */
#define SEALED_AS  7  /* bytes in front: which form, and the hour of its key */
#define HOUR_BYTES 4  /* the last of them, whatever the form (vault.h) */

struct pass {
    struct corv_keeper *k;
    const struct corv_purge_order *o;
    struct corv_purge_report *report;
    struct corv_fault *fault;
    unsigned batch;
    int64_t final_before_us; /* what was final before this goes */
    struct corv_id after;    /* where the next look begins */
    struct corv_pg_array gone;
};

int64_t corv_purge_key_due_us(uint32_t hour, unsigned payload_hours)
{
    return ((int64_t)hour + payload_hours) * HOUR_US - LEAD_US;
}

static char *key_name(uint32_t hour, char out[16])
{
    char text[CORV_TIME_TEXT];

    (void)corv_clock_text((int64_t)hour * HOUR_US, text);
    (void)snprintf(out, 16, "%.4s%.2s%.2s%.2s", text, text + 5, text + 8, text + 11);
    return out;
}

static uint32_t hour_of(struct corv_view begin)
{
    const uint8_t *p = (const uint8_t *)begin.p;

    if (begin.n != SEALED_AS)
        return 0;
    return (uint32_t)p[3] << 24 | (uint32_t)p[4] << 16 | (uint32_t)p[5] << 8 | p[6];
}

/* "purge-deleted", "purge-key-begun", "purge-key-gone": not all is written down yet. */
static void crash_point(const struct pass *p, const char *name)
{
    if (p->o->at)
        p->o->at(name);
}

static corv_rc stopped(struct pass *p)
{
    return p->o->stop && atomic_load(p->o->stop) ? CORV_AGAIN : CORV_OK;
}

/* ---- looking ------------------------------------------------------------------------------ */

/* Younger than the time we keep cannot be due, whatever became of it: only what is older is
 * looked at, and of that only what has no open delivery. A row without any delivery is final since
 * it came. */
static const char look_sql[] =
    "SELECT p.id, (SELECT max(done_at) FROM delivery_done f WHERE f.message_id = p.id)"
    " FROM payload p WHERE p.id > $1::uuid AND p.id < id_at($2::timestamptz)"
    "  AND NOT EXISTS (SELECT FROM delivery d WHERE d.message_id = p.id)"
    " ORDER BY p.id LIMIT $3::bigint";

static void judge(struct pass *p, const PGresult *r, int row)
{
    struct corv_id id = corv_pg_id(r, row, 0);
    int64_t done = PQgetisnull(r, row, 1) ? corv_id_ms(&id) * 1000 : corv_pg_time(r, row, 1);
    int64_t late = p->o->now_us - done - p->o->payload_hours * HOUR_US;

    if (late > 0 && (uint64_t)(late / 1000000) > p->report->payload_late_s)
        p->report->payload_late_s = (uint64_t)(late / 1000000);
    if (done < p->final_before_us)
        corv_pg_array_id(&p->gone, &id);
    p->after = id;
}

static corv_rc look(struct pass *p, int *rows)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_array_reset(&p->gone, SIZE_MAX);
    corv_pg_add_view(&params, corv_view_of(p->after.b, sizeof p->after.b));
    corv_pg_add_time(&params, p->final_before_us);
    corv_pg_add_int8(&params, p->batch);
    rc = corv_keeper_run(p->k, look_sql, &params, &r, p->fault);
    *rows = rc == CORV_OK ? PQntuples(r) : 0;
    for (int row = 0; row < *rows; row++)
        judge(p, r, row);
    PQclear(r);
    return rc;
}

/* ---- destroying --------------------------------------------------------------------------- */

/* Asked once more whether it is final: between the look and now an operator may have acted. */
static const char destroy_sql[] =
    "WITH gone AS (DELETE FROM payload p WHERE p.id = ANY ($1::uuid[])"
    "  AND NOT EXISTS (SELECT FROM delivery d WHERE d.message_id = p.id)"
    "  RETURNING p.id, substring(p.sealed FROM 1 FOR 7) AS begin, octet_length(p.sealed) AS size)"
    " SELECT gone.id, gone.begin, gone.size, m.digest FROM gone"
    " LEFT JOIN message m ON m.id = gone.id ORDER BY gone.id";

static corv_rc tell_destroyed(struct pass *p, struct corv_act *act, const PGresult *r, int row)
{
    char detail[200];
    char digest[CORV_DIGEST_TEXT] = "";
    char name[16];
    struct corv_view d = corv_pg_view(r, row, 3);
    struct corv_queue_event e = {.event = "payload.destroyed",
        .message = corv_pg_id(r, row, 0),
        .actor = p->k->actor,
        .code = "retention.payload",
        .detail = detail};

    if (d.n == CORV_DIGEST)
        (void)corv_hex(d.p, d.n, digest);
    (void)snprintf(detail, sizeof detail,
        "{\"key\":\"%s\",\"sealed\":%" PRId64 ",\"sha256\":\"%s\"}",
        key_name(hour_of(corv_pg_view(r, row, 1)), name), corv_pg_int(r, row, 2), digest);
    return corv_act_append(act, &e);
}

static corv_rc destroy(struct pass *p)
{
    struct corv_pg_params params = {0};
    struct corv_act act;
    PGresult *r = NULL;
    int rows = 0;
    corv_rc rc;

    if (p->gone.count == 0)
        return CORV_OK;
    corv_pg_add_array(&params, &p->gone);
    rc = corv_keeper_begin(p->k, &act, p->o->now_us, p->fault);
    if (rc != CORV_OK)
        return rc;
    rc = corv_keeper_run(p->k, destroy_sql, &params, &r, p->fault);
    rows = rc == CORV_OK ? PQntuples(r) : 0;
    for (int row = 0; row < rows && rc == CORV_OK; row++)
        rc = tell_destroyed(p, &act, r, row);
    PQclear(r);
    crash_point(p, "purge-deleted");
    rc = corv_act_end(&act, rc);
    if (rc == CORV_OK)
        p->report->destroyed += (uint64_t)rows;
    return rc;
}

/* ---- sealing anew ------------------------------------------------------------------------- */

static corv_rc store_anew(
    struct pass *p, const struct corv_id *id, struct corv_view begin, struct corv_view sealed)
{
    struct corv_pg_params params = {0};

    corv_pg_add_view(&params, corv_view_of(id->b, sizeof id->b));
    corv_pg_add_view(&params, begin);
    corv_pg_add_view(&params, sealed);
    return corv_keeper_run(p->k,
        "UPDATE payload SET sealed = $3::bytea"
        " WHERE id = $1::uuid AND substring(sealed FROM 1 FOR 7) = $2::bytea",
        &params, NULL, p->fault);
}

/* The content is in memory for as long as two ciphers take, and wiped. */
static corv_rc seal_anew(struct pass *p, const struct corv_id *id, struct corv_view old)
{
    char *plain = NULL;
    char *sealed = NULL;
    size_t size = 0;
    size_t sealed_size = 0;
    corv_rc rc = corv_vault_open_sealed(p->k->vault, id, old, &plain, &size);

    if (rc == CORV_E_NOTFOUND || rc == CORV_E_INVALID) {
        CORV_LOG(ERROR, "purge.unreadable", id, CORV_F(CODE, corv_rc_name(rc)));
        p->report->unreadable++;
        return CORV_OK;
    }
    if (rc == CORV_OK)
        rc = corv_vault_seal(p->k->vault, id, corv_view_of(plain, size), &sealed, &sealed_size);
    if (rc == CORV_OK) {
        rc = store_anew(p, id, corv_view_of(old.p, SEALED_AS), corv_view_of(sealed, sealed_size));
        p->report->resealed += rc == CORV_OK;
    } else {
        (void)CORV_FAIL(p->fault, rc, CORV_FAULT_STORE, "purge.seal",
            "Een bericht dat moet blijven kon niet opnieuw worden versleuteld.");
    }
    if (plain)
        OPENSSL_cleanse(plain, size);
    free(plain);
    free(sealed);
    return rc;
}

static corv_rc reseal_one(struct pass *p, const struct corv_id *id)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_view(&params, corv_view_of(id->b, sizeof id->b));
    rc = corv_keeper_run(
        p->k, "SELECT sealed FROM payload WHERE id = $1::uuid", &params, &r, p->fault);
    if (rc == CORV_OK && PQntuples(r) == 1)
        rc = seal_anew(p, id, corv_pg_view(r, 0, 0));
    PQclear(r);
    return rc;
}

/* One COMMIT for as many as one look found, with one line. */
static corv_rc reseal_rows(struct pass *p, uint32_t hour, const PGresult *found)
{
    uint64_t before = p->report->resealed;
    char detail[64];
    char name[16];
    struct corv_act act;
    struct corv_queue_event e = {.event = "payload.resealed",
        .actor = p->k->actor,
        .code = "retention.key",
        .detail = detail};
    corv_rc rc = corv_keeper_begin(p->k, &act, p->o->now_us, p->fault);

    if (rc != CORV_OK)
        return rc;
    for (int row = 0; row < PQntuples(found) && rc == CORV_OK; row++) {
        p->after = corv_pg_id(found, row, 0);
        rc = reseal_one(p, &p->after);
    }
    (void)snprintf(detail, sizeof detail, "{\"key\":\"%s\",\"count\":%" PRIu64 "}",
        key_name(hour, name), p->report->resealed - before);
    if (rc == CORV_OK && p->report->resealed > before)
        rc = corv_act_append(&act, &e);
    rc = corv_act_end(&act, rc);
    if (rc != CORV_OK)
        p->report->resealed = before;
    return rc;
}

/* Everything that is still under the key of this hour. Reads the whole table, in the order of its
 * numbers: once for every hour. */
static corv_rc reseal_hour(struct pass *p, uint32_t hour)
{
    const uint32_t key = htobe32(hour); /* as it stands in what is sealed */
    corv_rc rc = CORV_OK;
    int rows = RESEAL;

    p->after = (struct corv_id){{0}};
    while (rc == CORV_OK && rows == RESEAL) {
        struct corv_pg_params params = {0};
        PGresult *r = NULL;

        corv_pg_add_view(&params, corv_view_of(p->after.b, sizeof p->after.b));
        corv_pg_add_view(&params, corv_view_of(&key, sizeof key));
        corv_pg_add_int8(&params, RESEAL);
        rc = stopped(p);
        if (rc == CORV_OK)
            rc = corv_keeper_run(p->k,
                "SELECT id FROM payload WHERE id > $1::uuid"
                " AND substring(sealed FROM 4 FOR 4) = $2::bytea ORDER BY id LIMIT $3::bigint",
                &params, &r, p->fault);
        rows = rc == CORV_OK ? PQntuples(r) : 0;
        if (rows > 0)
            rc = reseal_rows(p, hour, r);
        PQclear(r);
    }
    return rc;
}

/* ---- keys --------------------------------------------------------------------------------- */

static corv_rc key_event(struct pass *p, struct corv_act *act, const char *event, uint32_t hour)
{
    char name[16];
    char detail[48];
    struct corv_queue_event e = {
        .event = event, .actor = p->k->actor, .code = "retention.key", .detail = detail};

    (void)snprintf(detail, sizeof detail, "{\"key\":\"%s\"}", key_name(hour, name));
    return corv_act_append(act, &e);
}

/* One row of key_hour and its line, in one COMMIT. $1 node, $2 hour, $3 now */
static corv_rc note_key(struct pass *p, const char *sql, const char *event, uint32_t hour)
{
    struct corv_pg_params params = {0};
    struct corv_act act;
    corv_rc rc = corv_keeper_begin(p->k, &act, p->o->now_us, p->fault);

    if (rc != CORV_OK)
        return rc;
    corv_pg_add_text(&params, p->k->node);
    corv_pg_add_int4(&params, (int32_t)hour);
    corv_pg_add_time(&params, p->o->now_us);
    rc = corv_keeper_run(p->k, sql, &params, NULL, p->fault);
    if (rc == CORV_OK)
        rc = key_event(p, &act, event, hour);
    return corv_act_end(&act, rc);
}

static corv_rc finish_key(struct pass *p, uint32_t hour)
{
    corv_rc rc = corv_vault_destroy_hour(p->k->vault, hour);

    if (rc != CORV_OK)
        return CORV_FAIL(p->fault, rc, CORV_FAULT_STORE, "purge.key",
            "Een sleutel in state_dir/keys kon niet worden vernietigd. Kijk naar de rechten.");
    crash_point(p, "purge-key-gone");
    rc = note_key(p,
        "UPDATE key_hour SET destroyed_at = $3::timestamptz"
        /* whoever began it */
        " WHERE $1::text IS NOT NULL AND hour = $2::integer AND destroyed_at IS NULL",
        "key.destroyed", hour);
    p->report->keys_destroyed += rc == CORV_OK;
    return rc;
}

/* What an earlier pass wrote down: also one of before a crash, or of another node. */
static corv_rc finish_keys(struct pass *p)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_time(&params, p->o->now_us - (int64_t)p->o->grace_ms * 1000);
    rc = corv_keeper_run(p->k,
        "SELECT DISTINCT hour FROM key_hour WHERE destroyed_at IS NULL"
        " AND destroying_at <= $1::timestamptz ORDER BY hour",
        &params, &r, p->fault);
    for (int row = 0; rc == CORV_OK && row < PQntuples(r); row++)
        rc = finish_key(p, (uint32_t)corv_pg_int(r, row, 0));
    PQclear(r);
    return rc;
}

static corv_rc key_in_use(struct pass *p, uint32_t hour, bool *used)
{
    const uint32_t key = htobe32(hour); /* as it stands in what is sealed */
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_view(&params, corv_view_of(&key, sizeof key));
    rc = corv_keeper_run(p->k,
        "SELECT EXISTS (SELECT FROM payload"
        " WHERE substring(sealed FROM 4 FOR 4) = $1::bytea)::integer",
        &params, &r, p->fault);
    *used = rc != CORV_OK || corv_pg_int(r, 0, 0) != 0;
    PQclear(r);
    return rc;
}

static corv_rc begin_key(struct pass *p, uint32_t hour)
{
    int64_t late = (p->o->now_us - ((int64_t)hour + p->o->payload_hours) * HOUR_US) / 1000000;
    bool used = false;
    corv_rc rc = reseal_hour(p, hour);

    if (rc == CORV_OK)
        rc = key_in_use(p, hour, &used);
    if (late > 0 && (uint64_t)late > p->report->key_late_s)
        p->report->key_late_s = (uint64_t)late;
    if (rc != CORV_OK || used)
        return rc;
    /* a key that came back (a copy of the folder was put back) goes again */
    rc = note_key(p,
        "INSERT INTO key_hour AS k (node, hour, destroying_at)"
        " VALUES ($1::text, $2::integer, $3::timestamptz)"
        " ON CONFLICT (node, hour) DO UPDATE SET destroying_at = $3::timestamptz,"
        "  destroyed_at = NULL",
        "key.destroying", hour);
    p->report->keys_begun += rc == CORV_OK;
    crash_point(p, "purge-key-begun");
    return rc;
}

static corv_rc is_begun(struct pass *p, uint32_t hour, bool *begun)
{
    struct corv_pg_params params = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_int4(&params, (int32_t)hour);
    rc = corv_keeper_run(p->k,
        "SELECT FROM key_hour WHERE hour = $1::integer AND destroyed_at IS NULL", &params, &r,
        p->fault);
    *begun = rc == CORV_OK && PQntuples(r) > 0;
    PQclear(r);
    return rc;
}

static corv_rc begin_keys(struct pass *p)
{
    uint32_t *hours = NULL;
    size_t count = 0;
    bool begun = false;
    corv_rc rc = corv_vault_hours(p->k->vault, &hours, &count);

    if (rc != CORV_OK)
        rc = CORV_FAIL(p->fault, rc, CORV_FAULT_STORE, "purge.keys",
            "De map met sleutels (state_dir/keys) is niet te lezen.");
    for (size_t n = 0; n < count && rc == CORV_OK; n++) {
        if (p->o->now_us < corv_purge_key_due_us(hours[n], p->o->payload_hours) ||
            p->o->now_us < ((int64_t)hours[n] + 1) * HOUR_US + SETTLED_US)
            continue;
        rc = is_begun(p, hours[n], &begun);
        if (rc == CORV_OK && !begun)
            rc = begin_key(p, hours[n]);
    }
    free(hours);
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static corv_rc drop_days(struct pass *p)
{
    struct corv_pg_params params = {0};
    struct corv_fault here = {0};
    PGresult *r = NULL;
    corv_rc rc;

    corv_pg_add_time(&params, p->o->now_us);
    rc = corv_keeper_run(p->k, "SELECT forget_payload_days($1::timestamptz)", &params, &r, &here);
    if (rc == CORV_OK)
        p->report->partitions = (uint64_t)corv_pg_int(r, 0, 0);
    else if (strcmp(here.code, "store.locked") == 0)
        rc = CORV_OK; /* busy: the next pass */
    else if (p->fault && p->fault->cls == CORV_FAULT_NONE)
        *p->fault = here;
    PQclear(r);
    return rc;
}

static corv_rc payloads(struct pass *p)
{
    corv_rc rc = CORV_OK;
    int rows = 0;

    do {
        rc = stopped(p);
        if (rc == CORV_OK)
            rc = look(p, &rows);
        if (rc == CORV_OK)
            rc = destroy(p);
    } while (rc == CORV_OK && rows == (int)p->batch);
    return rc;
}

/* One node at a time: the others would only find what it is busy with. The lock ends with the
 * keeper's session, whatever becomes of it. */
static corv_rc take_turn(struct corv_keeper *k, bool *ours, struct corv_fault *fault)
{
    struct corv_pg_params none = {0};
    PGresult *r = NULL;
    corv_rc rc = corv_keeper_run(k,
        "SELECT pg_try_advisory_lock(hashtextextended('corv.retention', 0))::integer", &none, &r,
        fault);

    *ours = rc == CORV_OK && corv_pg_int(r, 0, 0) != 0;
    PQclear(r);
    return rc;
}

corv_rc corv_purge(struct corv_keeper *k, const struct corv_purge_order *o,
    struct corv_purge_report *out, struct corv_fault *fault)
{
    bool ours = false;
    int64_t keep = (int64_t)(o->payload_hours - 1) * HOUR_US - LEAD_US;
    struct pass p = {.k = k,
        .o = o,
        .report = out,
        .fault = fault,
        .batch = o->batch ? o->batch : BATCH,
        .final_before_us = o->now_us - keep};
    corv_rc rc;

    *out = (struct corv_purge_report){0};
    if (o->payload_hours < 2)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_BUG, "purge.hours",
            "Minder dan 2 uur bewaren kan niet.");
    rc = take_turn(k, &ours, fault);
    if (rc != CORV_OK || !ours)
        return rc != CORV_OK ? rc : CORV_AGAIN;
    corv_pg_array_init(&p.gone, CORV_PG_UUID, 1u << 20);
    rc = finish_keys(&p);
    if (rc == CORV_OK)
        rc = payloads(&p);
    if (rc == CORV_OK)
        rc = begin_keys(&p);
    if (rc == CORV_OK)
        rc = drop_days(&p);
    corv_pg_array_free(&p.gone);
    return rc;
}
