/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/digest.h"
#include "daemon/base/log.h"
#include "queue/pg_sync.h"
#include "queue/pg_wait.h"

extern const struct corv_embedded corv_embedded_sql[]; /* made by cmake from queue/sql */

/* Any fixed number will do; every corvd must use this one. */
#define LOCK "SELECT pg_advisory_xact_lock(4811686548871021)"
/* Another node may be migrating: that may take a while, so it is tried more than once. A migration
 * itself must not keep the traffic of a running node waiting behind its locks. */
#define BEGIN_LOCKED "BEGIN; SET LOCAL lock_timeout = '5s'; " LOCK
#define TRIES        12
#define MARK         "-- expand-only"

struct migration {
    const struct corv_embedded *file;
    int number;
    bool expand_only; /* older programs may go on using the database */
    char digest[CORV_DIGEST_TEXT];
};

static bool marked_expand_only(const struct corv_embedded *file)
{
    const char *p = (const char *)file->bytes;
    const char *end = p + file->size;

    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((eol ? eol : end) - p);

        if (n >= strlen(MARK) && memcmp(p, MARK, strlen(MARK)) == 0)
            return true;
        p += n + 1;
    }
    return false;
}

static corv_rc read_file(
    const struct corv_embedded *file, struct migration *m, struct corv_fault *fault)
{
    struct corv_view text = corv_view_of(file->bytes, file->size);
    struct corv_digest digest;
    char *end = NULL;
    long number = strtol(file->name, &end, 10);

    if (end != file->name + 3 || *end != '_' || number < 1)
        return CORV_FAIL(fault, CORV_E_INTERNAL, CORV_FAULT_BUG, "migrate.name",
            "Migratie %s heeft geen goede naam (NNN_naam.sql).", file->name);
    if (corv_digest_of(&text, 1, &digest) != CORV_OK)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "migrate.memory", "Er is te weinig geheugen.");
    *m = (struct migration){file, (int)number, marked_expand_only(file), ""};
    corv_digest_text(&digest, m->digest);
    return CORV_OK;
}

static int by_number(const void *a, const void *b)
{
    const struct migration *x = a;
    const struct migration *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static corv_rc read_files(const struct corv_embedded *files, struct migration **out, size_t *count,
    struct corv_fault *fault)
{
    size_t n = 0;

    while (files[n].name)
        n++;
    *out = calloc(n + 1, sizeof **out);
    if (!*out)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "migrate.memory", "Er is te weinig geheugen.");
    for (size_t i = 0; i < n; i++) {
        corv_rc rc = read_file(&files[i], &(*out)[i], fault);

        if (rc != CORV_OK)
            return rc;
    }
    qsort(*out, n, sizeof **out, by_number);
    *count = n;
    return CORV_OK;
}

/* ---- what the database knows -------------------------------------------------------------- */

static corv_rc make_table(PGconn *c, struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_pg_sync_query(
        c, "SELECT to_regclass('corv_meta.corv_migration') IS NOT NULL", 0, NULL, &r, fault);
    bool there = rc == CORV_OK && PQntuples(r) == 1 && *PQgetvalue(r, 0, 0) == 't';

    PQclear(r);
    if (rc != CORV_OK || there) /* asked first: the daemon's role may lack CREATE */
        return rc;
    return corv_pg_sync_exec(c,
        "CREATE SCHEMA IF NOT EXISTS corv_meta;"
        "CREATE TABLE corv_meta.corv_migration ("
        "  number      integer PRIMARY KEY,"
        "  name        text NOT NULL,"
        "  sha256      text NOT NULL,"
        "  expand_only boolean NOT NULL,"
        "  program     text NOT NULL," /* version of the corvd that applied it */
        "  applied_at  timestamptz NOT NULL DEFAULT now())",
        fault);
}

static const struct migration *find(const struct migration *list, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].number == number)
            return &list[i];
    return NULL;
}

static corv_rc judge_row(
    const PGresult *r, int row, const struct migration *ours, struct corv_fault *fault)
{
    const char *number = PQgetvalue(r, row, 0);
    bool expand_only = *PQgetvalue(r, row, 2) == 't';

    if (!ours && !expand_only)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "migrate.newer",
            "De database is bijgewerkt door corvd %s (migratie %s); dit is corvd %s. Start corvd "
            "%s "
            "of nieuwer, of zet een kopie van de database van voor die tijd terug.",
            PQgetvalue(r, row, 3), number, CORV_VERSION, PQgetvalue(r, row, 3));
    if (ours && strcmp(ours->digest, PQgetvalue(r, row, 1)) != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "migrate.changed",
            "Migratie %s in de database is een andere dan die van corvd %s. Gebruik de corvd "
            "waarmee de database is gemaakt.",
            number, CORV_VERSION);
    return CORV_OK;
}

/* Judges what was applied and finds the first of ours that was not; *next NULL: nothing to do. */
static corv_rc look(PGconn *c, const struct migration *list, size_t count,
    const struct migration **next, struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_pg_sync_query(c,
        "SELECT number, sha256, expand_only, program FROM corv_meta.corv_migration ORDER BY number",
        0, NULL, &r, fault);
    int rows = rc == CORV_OK ? PQntuples(r) : 0;
    size_t known = 0;

    *next = NULL;
    for (int i = 0; i < rows && rc == CORV_OK; i++) {
        int number = (int)strtol(PQgetvalue(r, i, 0), NULL, 10);
        const struct migration *ours = find(list, count, number);

        rc = judge_row(r, i, ours, fault);
        if (ours && ours == &list[known])
            known++;
    }
    if (rc == CORV_OK && known < count)
        *next = &list[known];
    PQclear(r);
    return rc;
}

/* ---- applying ----------------------------------------------------------------------------- */

/* Our own SQL, no message content: for a mistake in it the server's sentence is worth having. */
static corv_rc sql_fault(PGconn *c, const PGresult *r, const char *name, struct corv_fault *fault)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    const char *said = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (state && said && strncmp(state, "42", 2) == 0)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "migrate.failed",
            "Migratie %s mislukte; er is niets veranderd. PostgreSQL zegt: %s", name, said);
    return corv_pg_sync_fault(c, r, fault);
}

static corv_rc run_sql(PGconn *c, const struct migration *m, struct corv_fault *fault)
{
    /* the embedded bytes end in a zero byte that size does not count */
    PGresult *r = corv_pg_wait_exec(c, (const char *)m->file->bytes);
    ExecStatusType status = PQresultStatus(r);
    corv_rc rc = CORV_OK;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        rc = sql_fault(c, r, m->file->name, fault);
    else if (PQtransactionStatus(c) != PQTRANS_INTRANS)
        rc = CORV_FAIL(fault, CORV_E_INTERNAL, CORV_FAULT_BUG, "migrate.transaction",
            "Migratie %s sluit zelf haar transactie.", m->file->name);
    PQclear(r);
    return rc;
}

static corv_rc apply(PGconn *c, const struct migration *m, struct corv_fault *fault)
{
    char number[16];
    const char *params[] = {
        number, m->file->name, m->digest, m->expand_only ? "t" : "f", CORV_VERSION};
    corv_rc rc = run_sql(c, m, fault);

    if (rc != CORV_OK)
        return rc;
    (void)snprintf(number, sizeof number, "%d", m->number);
    return corv_pg_sync_query(c,
        "INSERT INTO corv_meta.corv_migration (number, name, sha256, expand_only, program)"
        " VALUES ($1, $2, $3, $4, $5)",
        5, params, NULL, fault);
}

/* One step in one transaction: an interrupted start leaves whole migrations only. */
static corv_rc step(
    PGconn *c, const struct migration *list, size_t count, bool *done, struct corv_fault *fault)
{
    const struct migration *next = NULL;
    corv_rc rc = corv_pg_sync_exec(c, BEGIN_LOCKED, fault);

    if (rc == CORV_OK)
        rc = make_table(c, fault);
    if (rc == CORV_OK)
        rc = look(c, list, count, &next, fault);
    if (rc == CORV_OK && next)
        rc = apply(c, next, fault);
    if (rc == CORV_OK)
        rc = corv_pg_sync_exec(c, "COMMIT", fault);
    else
        PQclear(corv_pg_wait_exec(c, "ROLLBACK"));
    *done = !next;
    return rc;
}

/* The whole step again, when all that was wrong is that another session held a lock. */
static bool again(const struct corv_fault *why, unsigned tries)
{
    if (strcmp(why->code, "store.locked") != 0 || tries >= TRIES || !corv_patience_asks())
        return false;
    CORV_LOG(WARNING, "migrate.locked", NULL, CORV_N(ATTEMPT, tries), CORV_F(CODE, why->code));
    return true;
}

static corv_rc run_steps(
    PGconn *c, const struct migration *list, size_t count, struct corv_fault *fault)
{
    bool done = false;
    unsigned tries = 0;
    corv_rc rc = CORV_OK;

    while (!done && rc == CORV_OK) {
        struct corv_fault here = {0};

        rc = step(c, list, count, &done, &here);
        if (rc != CORV_OK && again(&here, ++tries)) {
            rc = CORV_OK;
            done = false;
        } else if (rc != CORV_OK && fault && fault->cls == CORV_FAULT_NONE) {
            *fault = here;
        }
    }
    return rc;
}

corv_rc corv_migrate_with(
    const char *conninfo, const struct corv_embedded *files, struct corv_fault *fault)
{
    struct migration *list = NULL;
    size_t count = 0;
    PGconn *c = NULL;
    corv_rc rc = read_files(files, &list, &count, fault);

    if (rc != CORV_OK)
        goto out;
    rc = corv_pg_sync_open(conninfo, "corvd migrate", &c, fault);
    if (rc == CORV_OK)
        rc = run_steps(c, list, count, fault);
out:
    PQfinish(c);
    free(list);
    return rc;
}

/* ---- while the program runs ---------------------------------------------------------------- */

const struct corv_pg_stmt corv_sql_schema = {
    "corv_schema", "SELECT coalesce(max(number), 0)::integer FROM corv_meta.corv_migration"};

const char *corv_migrate_judge(const PGresult *r)
{
    long newest = 0;

    for (const struct corv_embedded *f = corv_embedded_sql; f->name; f++)
        newest = strtol(f->name, NULL, 10) > newest ? strtol(f->name, NULL, 10) : newest;
    return corv_pg_int(r, 0, 0) < newest ? CORV_MIGRATE_OLDER : NULL;
}

corv_rc corv_migrate(const char *conninfo, struct corv_fault *fault)
{
    return corv_migrate_with(conninfo, corv_embedded_sql, fault);
}
