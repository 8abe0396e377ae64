/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/pg_wait.h"

/* Destroying a month may take minutes; and what a person may do on this login is not what the
 * daemon needs: it works as the daemon's role, where there is one. */
static const char session[] =
    "SET default_transaction_read_only = off;"
    "SET statement_timeout = '10min';"
    "SET synchronous_commit = on;"
    "SELECT set_config('role', rolname, false) FROM pg_roles"
    " WHERE rolname = 'corv_app' AND pg_has_role(session_user, oid, 'MEMBER')";

corv_rc corv_keeper_open(const char *conninfo, const char *node, struct corv_vault *vault,
    struct corv_keeper **out, struct corv_fault *fault)
{
    struct corv_keeper *k = calloc(1, sizeof *k);
    size_t size = strlen("node:") + strlen(node) + 1;
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    if (!k)
        goto out;
    k->vault = vault;
    k->node = strdup(node);
    k->actor = malloc(size);
    if (!k->node || !k->actor)
        goto out;
    (void)snprintf(k->actor, size, "node:%s", node);
    rc = corv_inspect_open(conninfo, &k->i, fault);
    if (rc == CORV_OK)
        rc = corv_pg_sync_exec(k->i->c, session, fault);
    if (rc == CORV_OK) {
        *out = k;
        return CORV_OK;
    }
out:
    corv_keeper_close(k);
    if (rc == CORV_E_NOMEM)
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    return rc;
}

void corv_keeper_close(struct corv_keeper *k)
{
    if (!k)
        return;
    corv_inspect_close(k->i);
    free(k->node);
    free(k->actor);
    free(k);
}

void corv_keeper_cancel(struct corv_keeper *k)
{
    PGcancel *c = PQgetCancel(k->i->c);
    char said[128];

    if (c)
        (void)PQcancel(c, said, sizeof said);
    PQfreeCancel(c);
}

corv_rc corv_keeper_secret(struct corv_keeper *k, struct corv_digest *out, struct corv_fault *fault)
{
    struct corv_pg_params none = {0};
    PGresult *r = NULL;
    struct corv_view secret;
    corv_rc rc = corv_keeper_run(k, "SELECT secret FROM installation", &none, &r, fault);

    if (rc != CORV_OK)
        return rc;
    secret = PQntuples(r) == 1 ? corv_pg_view(r, 0, 0) : corv_view_of(NULL, 0);
    if (secret.n == sizeof out->b)
        memcpy(out->b, secret.p, sizeof out->b);
    else
        rc = CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "store.no-secret",
            "De tabel corv.installation is leeg of beschadigd. Zet een kopie van de database "
            "terug.");
    PQclear(r);
    return rc;
}

corv_rc corv_keeper_begin(
    struct corv_keeper *k, struct corv_act *act, int64_t now_us, struct corv_fault *fault)
{
    return corv_act_begin_on(k->i, act, CORV_KEEPER_CHAIN, now_us, fault);
}

corv_rc corv_keeper_run(struct corv_keeper *k, const char *sql, const struct corv_pg_params *p,
    PGresult **out, struct corv_fault *fault)
{
    PGresult *r;
    ExecStatusType status;
    corv_rc rc = p->rc;

    if (out)
        *out = NULL;
    if (rc != CORV_OK)
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    r = corv_pg_wait_params(k->i->c, sql, p->count, p->value, p->length, p->format, 1);
    status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        rc = corv_pg_sync_fault(k->i->c, r, fault);
    if (rc == CORV_OK && out)
        *out = r;
    else
        PQclear(r);
    return rc;
}
