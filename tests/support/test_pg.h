/* SPDX-License-Identifier: EUPL-1.2 */
/* A throw-away PostgreSQL for unit tests: one cluster per test program under a temporary folder,
 * unix socket only, default durability. The server is a child that dies with the test program.
 * Every helper that cannot do its work prints why and ends the program: a test without its
 * database is no test. Single thread. */
#ifndef CORV_TESTS_SUPPORT_TEST_PG_H
#define CORV_TESTS_SUPPORT_TEST_PG_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

struct test_pg;

/* initdb and start; returns when it accepts connections. Removed by test_pg_free or at exit. */
struct test_pg *test_pg_new(void);
void test_pg_free(struct test_pg *pg); /* accepts NULL */

/* Makes an empty database of that name, or with the schema of queue/sql when with_schema.
 * Returns its libpq connection string (superuser), to be freed by the caller. */
char *test_pg_database(struct test_pg *pg, const char *name, bool with_schema);

void test_pg_crash(struct test_pg *pg);            /* as pg_ctl stop -m immediate: no checkpoint */
void test_pg_stop(struct test_pg *pg);             /* fast shutdown */
void test_pg_start(struct test_pg *pg);            /* again after one of these; waits */
void test_pg_launch(struct test_pg *pg);           /* the same without waiting */
const char *test_pg_dir(const struct test_pg *pg); /* folder of its socket */
void test_pg_pause(struct test_pg *pg, bool paused); /* a database that hangs: SIGSTOP / SIGCONT */

/* Blocking questions. The result of test_pg_query is the caller's (PQclear). */
PGresult *test_pg_query(const char *conninfo, const char *sql);
void test_pg_exec(const char *conninfo, const char *sql);
int64_t test_pg_number(const char *conninfo, const char *sql);

#endif
