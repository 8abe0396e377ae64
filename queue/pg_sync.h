/* SPDX-License-Identifier: EUPL-1.2 */
/* Blocking libpq for what is not the daemon's loop: migrations and corvctl's questions. Adds
 * bounded waiting and turns what PostgreSQL says into a fault: its SQLSTATE decides class, code
 * and a Dutch sentence. What the server said about a value is never passed on (promise 5).
 * A PGconn is used by one thread at a time. Test: tests/unit/test_migrate.c */
#ifndef CORV_QUEUE_PG_SYNC_H
#define CORV_QUEUE_PG_SYNC_H

#include <libpq-fe.h>

#include "daemon/base/fault.h"

#define CORV_PG_SYNC_SERVER_MIN 140000 /* PQserverVersion */

/* Connects within 10 seconds (the conninfo may say otherwise) and checks version and encoding of
 * the server. On CORV_OK *out is the caller's (PQfinish). */
CORV_MUST_CHECK corv_rc corv_pg_sync_open(
    const char *conninfo, const char *application, PGconn **out, struct corv_fault *fault);
/* Statements without parameters or rows. */
CORV_MUST_CHECK corv_rc corv_pg_sync_exec(PGconn *c, const char *sql, struct corv_fault *fault);
/* One statement with text parameters. *out may be NULL (rows not wanted); else PQclear it. */
CORV_MUST_CHECK corv_rc corv_pg_sync_query(PGconn *c, const char *sql, int count,
    const char *const *params, PGresult **out, struct corv_fault *fault);
/* What an SQLSTATE means for an operator, a Dutch sentence; NULL: it needs the log of PostgreSQL.
 */
const char *corv_pg_state_text(const char *state);
/* Fills fault with why r (or, when r is NULL, the connection) failed. Returns CORV_E_IO. */
corv_rc corv_pg_sync_fault(PGconn *c, const PGresult *r, struct corv_fault *fault);

#endif
