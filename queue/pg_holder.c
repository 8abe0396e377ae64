/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/log.h"
#include "queue/pg_wait.h"

#define CONNECT_S 5
#define OPTIONS   128 /* libpq has some forty */

/* A prepared transaction has number 0. */
static const char question[] =
    "SELECT coalesce(w.wait_event, ''), h.pid, coalesce(s.application_name, '')"
    " FROM pg_stat_activity w LEFT JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS h(pid) ON true"
    " LEFT JOIN pg_stat_activity s ON s.pid = h.pid WHERE w.pid = $1::integer LIMIT 1";

enum { WAIT_EVENT, HOLDER, PROGRAM };

/* To the very server that the other one is at, which a list of hosts would not promise. */
static PGconn *open_beside(PGconn *other)
{
    PQconninfoOption *options = PQconninfo(other);
    const char *keys[OPTIONS + 4];
    const char *values[OPTIONS + 4];
    const char *const last[][2] = {{"host", PQhost(other)}, {"hostaddr", PQhostaddr(other)},
        {"port", PQport(other)}, {"application_name", "corvd holder"}};
    size_t n = 0;
    PGconn *c = NULL;

    for (const PQconninfoOption *o = options; o && o->keyword && n < OPTIONS; o++)
        if (o->val && *o->val) {
            keys[n] = o->keyword;
            values[n++] = o->val;
        }
    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++, n++) {
        keys[n] = last[i][0];
        values[n] = last[i][1];
    }
    keys[n] = values[n] = NULL;
    if (options)
        c = corv_pg_wait_open(keys, values, CONNECT_S);
    PQconninfoFree(options);
    return c;
}

/* The log takes names of a plain alphabet only. */
static void loggable_name(char *out, size_t size, const char *name)
{
    size_t n = 0;

    for (; *name && n + 1 < size; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        bool other = (*name >= '0' && *name <= '9') || strchr("._:/@+-", *name);

        out[n++] = (char)(letter || other ? *name : '_');
    }
    out[n] = '\0';
}

static void tell_held(const char *pid, const char *program, int64_t waited_ms)
{
    char name[64];
    char reason[300];

    loggable_name(name, sizeof name, program);
    (void)snprintf(reason, sizeof reason,
        "Een andere sessie houdt een slot vast dat corvd nodig heeft. Wacht tot zij klaar is, of "
        "laat de databasebeheerder haar beeindigen: SELECT pg_terminate_backend(%s); bij pid 0 is "
        "het een voorbereide transactie (pg_prepared_xacts).",
        pid);
    CORV_LOG(WARNING, "database.waits", NULL, CORV_F(CODE, "store.locked"),
        CORV_N(PID, strtol(pid, NULL, 10)), CORV_F(WHAT, name), CORV_N(MS, waited_ms),
        CORV_F(REASON, reason));
}

static void tell_else(const char *event, int64_t waited_ms)
{
    bool standby = strcmp(event, "SyncRep") == 0;
    char name[64];

    loggable_name(name, sizeof name, event);
    CORV_LOG(WARNING, "database.waits", NULL,
        CORV_F(CODE, standby ? "store.standby-silent" : "store.slow"),
        CORV_F(WHAT, *name ? name : NULL), CORV_N(MS, waited_ms),
        CORV_F(REASON,
            standby
                ? "De database wacht op een standby (synchronous_standby_names) en die antwoordt "
                  "niet. Start de standby, of laat de databasebeheerder die lijst wijzigen."
                : "De database heeft nog niet geantwoord. Kijk bij herhaling of zij het te "
                  "druk heeft of op haar schijf wacht."));
}

static void look(PGconn *waiting, int64_t waited_ms)
{
    char pid[16];
    const char *params[] = {pid};
    PGconn *c = open_beside(waiting);
    PGresult *r = NULL;

    (void)snprintf(pid, sizeof pid, "%d", PQbackendPID(waiting));
    if (c && PQstatus(c) == CONNECTION_OK)
        r = corv_pg_wait_params(c, question, 1, params, NULL, NULL, 0);
    if (PQresultStatus(r) != PGRES_TUPLES_OK || PQntuples(r) == 0)
        tell_else("", waited_ms);
    else if (PQgetisnull(r, 0, HOLDER))
        tell_else(PQgetvalue(r, 0, WAIT_EVENT), waited_ms);
    else
        tell_held(PQgetvalue(r, 0, HOLDER), PQgetvalue(r, 0, PROGRAM), waited_ms);
    PQclear(r);
    PQfinish(c);
}

void corv_pg_holder_tell(PGconn *waiting, int64_t waited_ms)
{
    static _Thread_local bool looking; /* to look is to wait too */

    if (looking)
        return;
    looking = true;
    look(waiting, waited_ms);
    looking = false;
}
