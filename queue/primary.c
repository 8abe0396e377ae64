/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/primary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/replace.h"
#include "queue/pg_hosts.h"
#include "queue/pg_resolve.h"
#include "queue/pg_sync.h"
#include "queue/pg_wait.h"

#define PATH 4096
#define HEAD "# corvd primary\n"

bool corv_primary_same(const struct corv_primary *a, const struct corv_primary *b)
{
    return a->system == b->system && a->timeline == b->timeline;
}

bool corv_primary_is_former(const struct corv_primary *known, const struct corv_primary *seen)
{
    return known->system != 0 && known->system == seen->system && seen->timeline != 0 &&
           seen->timeline < known->timeline;
}

/* ---- the file -------------------------------------------------------------------------------- */

corv_rc corv_primary_read(const char *state_dir, struct corv_primary *out)
{
    char path[PATH];
    char line[2][64] = {"", ""};
    char *end = NULL;
    FILE *f;

    *out = (struct corv_primary){.system = 0};
    (void)snprintf(path, sizeof path, "%s/%s", state_dir, CORV_PRIMARY_FILE);
    f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? CORV_E_NOTFOUND : CORV_E_INVALID;
    for (int i = 0; i < 2; i++)
        if (!fgets(line[i], sizeof line[i], f))
            break;
    (void)fclose(f);
    if (strcmp(line[0], HEAD) != 0)
        return CORV_E_INVALID;
    out->system = strtoll(line[1], &end, 10);
    if (*end == ' ')
        out->timeline = strtoll(end, &end, 10);
    if (*end == '\n' && out->timeline > 0)
        return CORV_OK;
    *out = (struct corv_primary){.system = 0};
    return CORV_E_INVALID;
}

corv_rc corv_primary_write(const char *state_dir, const struct corv_primary *p)
{
    char text[80];
    int n = snprintf(text, sizeof text, HEAD "%" PRId64 " %" PRId64 "\n", p->system, p->timeline);

    return corv_file_replace(state_dir, CORV_PRIMARY_FILE, corv_view_of(text, (size_t)n), 0600);
}

/* ---- finding --------------------------------------------------------------------------------- */

/* No row: a standby. An error: it does not tell, and then nothing can be held against it. */
static void ask(PGconn *c, struct corv_primary *seen, bool *standby)
{
    PGresult *r = corv_pg_wait_exec(c,
        "SELECT system_identifier,"
        " ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint"
        " FROM pg_control_system() WHERE NOT pg_is_in_recovery()");

    *seen = (struct corv_primary){.system = 0};
    *standby = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 0;
    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1) {
        seen->system = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
        seen->timeline = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
    }
    PQclear(r);
}

static corv_rc judge(const struct corv_pg_hosts *h, const char *place,
    const struct corv_primary *known, struct corv_fault *fault)
{
    char text[128];
    struct corv_primary seen;
    bool standby = false;
    PGconn *c = NULL;
    corv_rc rc = corv_pg_sync_open(place, "corvd find", &c, fault);

    if (rc != CORV_OK)
        return rc;
    ask(c, &seen, &standby);
    PQfinish(c);
    if (standby && corv_pg_hosts_count(h) > 1)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "store.standby",
            "De database op %s is een standby. Is de primaire server er niet?",
            corv_pg_hosts_text(h, text, sizeof text));
    if (corv_primary_is_former(known, &seen))
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "store.old-primary",
            "De database op %s was de primaire server voor een fail-over en mag niets meer "
            "aannemen. Zet hem uit, of maak er een standby van (pg_rewind). Is dit een "
            "teruggezette "
            "kopie, verwijder dan het bestand " CORV_PRIMARY_FILE " in state_dir.",
            corv_pg_hosts_text(h, text, sizeof text));
    return CORV_OK;
}

corv_rc corv_primary_find(
    const char *conninfo, const struct corv_primary *known, char **out, struct corv_fault *fault)
{
    struct corv_pg_hosts *h = NULL;
    corv_rc rc = corv_pg_hosts_new(conninfo, &h);

    *out = NULL;
    if (rc != CORV_OK) {
        *out = strdup(conninfo);
        return *out ? CORV_OK : CORV_E_NOMEM;
    }
    do {
        struct corv_fault here = {0};

        free(*out);
        *out = NULL;
        rc = corv_pg_resolve(h, &here);
        if (rc == CORV_OK)
            *out = corv_pg_hosts_conninfo(h);
        if (rc == CORV_OK)
            rc = *out ? judge(h, *out, known, &here) : CORV_E_NOMEM;
        /* a former primary is worth saying; else the first that failed */
        if (rc != CORV_OK && fault &&
            (fault->cls == CORV_FAULT_NONE || strcmp(here.code, "store.old-primary") == 0))
            *fault = here;
    } while (rc != CORV_OK && corv_patience_asks() && corv_pg_hosts_next(h));
    if (rc == CORV_OK && fault)
        *fault = (struct corv_fault){0};
    if (rc != CORV_OK) {
        free(*out);
        *out = NULL;
    }
    corv_pg_hosts_free(h);
    return rc;
}
