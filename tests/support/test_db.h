/* SPDX-License-Identifier: EUPL-1.2 */
/* What most tests of the queue stand on: one PostgreSQL for the program, a database of its own for
 * each test. The functions that take a state are set-ups and tear-downs of cmocka. Single thread.
 */
#ifndef CORV_TESTS_SUPPORT_TEST_DB_H
#define CORV_TESTS_SUPPORT_TEST_DB_H

#include "tests/support/test_pg.h"

extern struct test_pg *db_server; /* between db_server_up and db_server_down */
extern char *db; /* connection string (superuser) of this test's database, until db_down */

int db_server_up(void **state);
int db_server_down(void **state);

int db_up(void **state);       /* with the schema of queue/sql */
int db_up_empty(void **state); /* for who migrates by itself, as a queue does when it opens */
int db_down(void **state);

int64_t db_number(const char *sql); /* the one number that it answers with */
char *db_another(void);             /* one more empty database; its connection string to be freed */

#endif
