/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/support/test_db.h"

#include <stdio.h>
#include <stdlib.h>

struct test_pg *db_server;
char *db;

int db_server_up(void **state)
{
    (void)state;
    db_server = test_pg_new();
    return 0;
}

int db_server_down(void **state)
{
    (void)state;
    test_pg_free(db_server);
    db_server = NULL;
    return 0;
}

static char *make(bool with_schema)
{
    static unsigned number;
    char name[16];

    (void)snprintf(name, sizeof name, "t%u", ++number);
    return test_pg_database(db_server, name, with_schema);
}

int db_up(void **state)
{
    (void)state;
    db = make(true);
    return 0;
}

int db_up_empty(void **state)
{
    (void)state;
    db = make(false);
    return 0;
}

int db_down(void **state)
{
    (void)state;
    free(db);
    db = NULL;
    return 0;
}

int64_t db_number(const char *sql)
{
    return test_pg_number(db, sql);
}

char *db_another(void)
{
    return make(false);
}
