/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/migrate.h"
#include "tests/support/test_db.h"

#define SQL(name, text)                                                                            \
    {                                                                                              \
        (name), (const unsigned char *)(text), sizeof(text) - 1                                    \
    }
#define ONE "CREATE TABLE public.one (n int); INSERT INTO public.one VALUES (1);"
#define TWO "CREATE TABLE public.two (n int);"

static const struct corv_embedded first[] = {SQL("001_one.sql", ONE), {0}};
static const struct corv_embedded both[] = {SQL("001_one.sql", ONE), SQL("002_two.sql", TWO), {0}};
static const struct corv_embedded widened[] = {
    SQL("001_one.sql", ONE), SQL("002_two.sql", "-- A column more.\n-- expand-only\n" TWO), {0}};

static int64_t applied(void)
{
    return db_number("SELECT count(*) FROM corv_meta.corv_migration");
}

static void ok(const struct corv_embedded *files)
{
    struct corv_fault fault = {0};
    corv_rc rc = corv_migrate_with(db, files, &fault);

    if (rc != CORV_OK)
        print_error("%s: %s\n", fault.code, fault.text);
    assert_int_equal(rc, CORV_OK);
}

static void refused(const struct corv_embedded *files, const char *code, const char *piece)
{
    struct corv_fault fault = {0};

    assert_int_not_equal(corv_migrate_with(db, files, &fault), CORV_OK);
    assert_string_equal(fault.code, code);
    if (!strstr(fault.text, piece))
        fail_msg("'%s' does not say '%s'", fault.text, piece);
}

static void builds_the_whole_schema_and_twice_changes_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct corv_fault fault = {0};
        corv_rc rc = corv_migrate(db, &fault);

        if (rc != CORV_OK)
            print_error("%s: %s\n", fault.code, fault.text);
        assert_int_equal(rc, CORV_OK);
    }
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 0);
    assert_true(applied() >= 1);
    assert_int_equal(db_number("SELECT length(sha256) FROM corv_meta.corv_migration LIMIT 1"), 64);
}

static void applies_only_what_is_new(void **state)
{
    (void)state;
    ok(first);
    assert_int_equal(applied(), 1);
    ok(both);
    assert_int_equal(applied(), 2);
    assert_int_equal(db_number("SELECT count(*) FROM public.one"), 1);
}

static void a_mistake_rolls_back_its_own_migration_only(void **state)
{
    static const struct corv_embedded bad[] = {SQL("001_one.sql", ONE),
        SQL("002_two.sql", TWO "INSERT INTO public.nowhere VALUES (1);"), {0}};

    (void)state;
    refused(bad, "migrate.failed", "002_two.sql");
    assert_int_equal(applied(), 1);
    assert_int_equal(db_number("SELECT (to_regclass('public.two') IS NULL)::int"), 1);
    ok(both);
}

static void a_migration_may_not_commit_itself(void **state)
{
    static const struct corv_embedded bad[] = {SQL("001_one.sql", ONE "COMMIT;"), {0}};

    (void)state;
    refused(bad, "migrate.transaction", "001_one.sql");
}

static void refuses_a_database_from_the_future(void **state)
{
    (void)state;
    ok(both);
    refused(first, "migrate.newer", "corvd " CORV_VERSION);
    test_pg_exec(db, "UPDATE corv_meta.corv_migration SET program = '7.8.9' WHERE number = 2");
    refused(first, "migrate.newer", "Start corvd 7.8.9");
    assert_int_equal(applied(), 2);
}

static void accepts_a_future_that_only_adds(void **state)
{
    (void)state;
    ok(widened);
    ok(first);
}

static void refuses_a_changed_migration(void **state)
{
    static const struct corv_embedded other[] = {SQL("001_one.sql", ONE " "), {0}};

    (void)state;
    ok(first);
    refused(other, "migrate.changed", "Migratie 1");
}

static void fills_a_gap_and_ignores_the_order_of_the_list(void **state)
{
    static const struct corv_embedded outer[] = {
        SQL("003_c.sql", "CREATE TABLE public.c ()"), SQL("001_one.sql", ONE), {0}};
    static const struct corv_embedded all[] = {SQL("003_c.sql", "CREATE TABLE public.c ()"),
        SQL("002_two.sql", TWO), SQL("001_one.sql", ONE), {0}};

    (void)state;
    ok(outer);
    ok(all);
    assert_int_equal(applied(), 3);
}

static void refuses_a_name_without_a_number(void **state)
{
    static const struct corv_embedded bad[] = {SQL("one.sql", ONE), {0}};

    (void)state;
    refused(bad, "migrate.name", "one.sql");
}

/* Many nodes start at once after a power cut: each migration runs exactly once. */
static void many_at_once_apply_each_migration_once(void **state)
{
    pid_t pids[8];
    int status = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(corv_migrate_with(db, both, NULL) == CORV_OK ? 0 : 1);
    }
    for (int i = 0; i < 8; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(applied(), 2);
    assert_int_equal(db_number("SELECT count(*) FROM public.one"), 1);
}

static void a_table_in_use_is_not_waited_for_without_end(void **state)
{
    static const struct corv_embedded lock[] = {SQL("001_one.sql", ONE),
        SQL("002_l.sql", "SET LOCAL lock_timeout = '50ms'; ALTER TABLE public.one ADD m int"), {0}};
    PGconn *c;

    (void)state;
    ok(first);
    c = PQconnectdb(db);
    PQclear(PQexec(c, "BEGIN; SELECT * FROM public.one"));
    refused(lock, "store.locked", "slot");
    PQfinish(c);
    ok(lock);
}

static void says_why_it_cannot_connect_without_quoting_the_conninfo(void **state)
{
    struct corv_fault fault = {0};

    (void)state;
    assert_int_not_equal(
        corv_migrate("host=/nonexistent dbname=x password=geheim", &fault), CORV_OK);
    assert_string_equal(fault.code, "store.unreachable");
    assert_null(strstr(fault.text, "geheim"));
    fault = (struct corv_fault){0};
    assert_int_not_equal(corv_migrate("postgresql://u:geheim@[geheim", &fault), CORV_OK);
    assert_string_equal(fault.code, "store.conninfo");
    assert_null(strstr(fault.text, "geheim"));
}

static void refuses_a_database_that_is_not_utf8(void **state)
{
    char info[256];
    struct corv_fault fault = {0};

    (void)state;
    test_pg_exec(db, "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    (void)snprintf(info, sizeof info, "%.*s user=postgres dbname=latin", (int)strcspn(db, " "), db);
    assert_int_equal(corv_migrate(info, &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "store.encoding");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, db_up_empty, db_down)
    const struct CMUnitTest tests[] = {
        CASE(builds_the_whole_schema_and_twice_changes_nothing),
        CASE(applies_only_what_is_new),
        CASE(a_mistake_rolls_back_its_own_migration_only),
        CASE(a_migration_may_not_commit_itself),
        CASE(refuses_a_database_from_the_future),
        CASE(accepts_a_future_that_only_adds),
        CASE(refuses_a_changed_migration),
        CASE(fills_a_gap_and_ignores_the_order_of_the_list),
        CASE(refuses_a_name_without_a_number),
        CASE(many_at_once_apply_each_migration_once),
        CASE(a_table_in_use_is_not_waited_for_without_end),
        CASE(says_why_it_cannot_connect_without_quoting_the_conninfo),
        CASE(refuses_a_database_that_is_not_utf8),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
