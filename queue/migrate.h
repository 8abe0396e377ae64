/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbered, forward-only migrations (queue/sql/NNN_name.sql, compiled in), each in a transaction
 * under an advisory lock, with its SHA-256 kept. Blocking libpq. A database that knows a number
 * this program does not know is refused, unless that migration is marked "expand-only".
 * Test: tests/unit/test_migrate.c, test_queue_schema.c */
#ifndef CORV_QUEUE_MIGRATE_H
#define CORV_QUEUE_MIGRATE_H

#include "daemon/base/embedded.h"
#include "daemon/base/fault.h"
#include "queue/pg_conn.h"

CORV_MUST_CHECK corv_rc corv_migrate(const char *conninfo, struct corv_fault *fault);
/* The same with another list of files (ends with a NULL name): for tests. */
CORV_MUST_CHECK corv_rc corv_migrate_with(
    const char *conninfo, const struct corv_embedded *files, struct corv_fault *fault);

/* A migration of ours that this database lacks. For a connection of a running program, which does
 * not migrate: a database may be put back under it. */
extern const struct corv_pg_stmt corv_sql_schema;
const char *corv_migrate_judge(const PGresult *r); /* of it: NULL, or CORV_MIGRATE_OLDER */
#define CORV_MIGRATE_OLDER "schema-older"

#endif
