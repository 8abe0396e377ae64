/* SPDX-License-Identifier: EUPL-1.2 */
/* libpq's blocking calls for a thread that may have a patience (patience.h): then the statement
 * under way is cancelled once it said no, and this and all later calls fail at once. Whoever waits
 * long is told why: over a connection of its own the server is asked which session holds us up
 * (pg_holder.h). Without a patience these are libpq's own calls. Test: tests/unit/test_pg_wait.c */
#ifndef CORV_QUEUE_PG_WAIT_H
#define CORV_QUEUE_PG_WAIT_H

#include <libpq-fe.h>

#include "queue/patience.h"

/* As PQconnectdbParams with expand_dbname, in at most limit_s seconds. The result is the caller's
 * (PQfinish); NULL: no memory, or given up. */
PGconn *corv_pg_wait_open(const char *const *keys, const char *const *values, unsigned limit_s);
/* As PQexec and PQexecParams, without COPY. NULL also when given up. */
PGresult *corv_pg_wait_exec(PGconn *c, const char *sql);
PGresult *corv_pg_wait_params(PGconn *c, const char *sql, int count, const char *const *values,
    const int *lengths, const int *formats, int result_format);

#endif
