/* SPDX-License-Identifier: EUPL-1.2 */
/* The schema becomes older, or loses something, under a queue that works: it keeps off, says once
 * what is wrong, knocks now and then, and goes on by itself when the schema is right again. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"

#define WATCH_MS 6000
#define KNOCKS   16 /* in that time at most, for two connections; a tight loop makes hundreds */

static struct kit kit;
static struct kit_put first, next;
static unsigned lines; /* of the writer, with that code */
static char code[48];  /* that code */
static char reason[320];

static const char *field(const struct corv_log_field *f, enum corv_log_type type)
{
    while (f->type != CORV_LF_END && f->type != type)
        f++;
    return f->type == type && f->s ? f->s : "";
}

static void tap(enum corv_log_level level, const char *event, const struct corv_log_field *f)
{
    (void)level;
    if (strcmp(event, "queue.connection-lost") != 0 || strcmp(field(f, CORV_LF_CODE), code) != 0 ||
        !strstr(field(f, CORV_LF_WHAT), ".writer."))
        return;
    lines++;
    (void)snprintf(reason, sizeof reason, "%s", field(f, CORV_LF_REASON));
}

static int set_up(void **state)
{
    (void)db_up_empty(state);
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = db, .node = "a", .wait_ms = 60000}, true);
    lines = 0;
    reason[0] = '\0';
    corv_log_set_tap(tap);
    kit_put_make(&kit, &first, 1, 1);
    kit_put_make(&kit, &next, 2, 2);
    kit_put_ask(&first);
    kit_until_answered(&kit, 1);
    assert_int_equal(first.answer.result, CORV_PUT_STORED);
    return 0;
}

static int tear_down(void **state)
{
    corv_log_set_tap(NULL);
    kit_close(&kit);
    kit_puts_free(&first, 1);
    kit_puts_free(&next, 1);
    return kit_db_down(state);
}

static void expect(const char *why)
{
    (void)snprintf(code, sizeof code, "%s", why);
}

static int64_t sessions(void)
{
    return db_number("SELECT sessions FROM pg_stat_database WHERE datname = current_database()");
}

/* A restore begins with that. */
static void cut(void)
{
    test_pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE application_name LIKE 'corvd.%'");
}

static bool has_told(void *ctx)
{
    (void)ctx;
    return lines > 0 && !kit.connected;
}

/* Said once, though it goes on knocking; and not too often. */
static void keeps_off_and_says_so(const char *piece)
{
    int64_t before, knocks;

    kit_until(&kit, has_told, NULL, "told");
    assert_non_null(strstr(reason, piece));
    assert_string_equal(corv_queue_trouble(kit.q), code);
    before = sessions();
    kit_run_ms(&kit, WATCH_MS);
    knocks = sessions() - before;
    assert_in_range(knocks, 1, KNOCKS);
    assert_false(kit.connected);
    assert_int_equal(lines, 1);
}

static void is_stored_when_all_is_well(void)
{
    kit_until_connected(&kit, true);
    assert_null(corv_queue_trouble(kit.q));
    if (!next.asked_us)
        kit_put_ask(&next);
    kit_until_answered(&kit, 2);
    assert_int_equal(next.answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 2);
}

/* As before that migration, and as another node that is started leaves it. */
static void go_before(int number)
{
    char sql[200];

    (void)snprintf(sql, sizeof sql,
        "CREATE TABLE public.kept AS SELECT * FROM corv_meta.corv_migration WHERE number >= %d;"
        "DELETE FROM corv_meta.corv_migration WHERE number >= %d",
        number, number);
    test_pg_exec(db, sql);
}

static void go_on_again(void)
{
    test_pg_exec(db, "INSERT INTO corv_meta.corv_migration SELECT * FROM public.kept");
}

static void an_older_schema_is_said_and_left_alone(void **state)
{
    (void)state;
    expect("schema-older");
    test_pg_exec(db, "ALTER FUNCTION corv.second_look RENAME TO gone");
    go_before(6);
    cut();
    keeps_off_and_says_so("Start corvd opnieuw");
    assert_int_equal(corv_queue_put(kit.q, &next.put), CORV_AGAIN);
    test_pg_exec(db, "ALTER FUNCTION corv.gone RENAME TO second_look");
    go_on_again();
    is_stored_when_all_is_well();
}

/* Also when every statement of ours can still be prepared. */
static void an_older_schema_that_would_do_is_left_alone(void **state)
{
    (void)state;
    expect("schema-older");
    go_before(7);
    cut();
    keeps_off_and_says_so("Start corvd opnieuw");
    go_on_again();
    is_stored_when_all_is_well();
}

static void what_is_missing_is_named_and_what_waits_is_stored_later(void **state)
{
    (void)state;
    expect("schema-damaged");
    test_pg_exec(db, "ALTER FUNCTION corv.second_look RENAME TO gone");
    kit_put_ask(&next); /* finds out */
    keeps_off_and_says_so("second_look");
    assert_false(next.answered);
    test_pg_exec(db, "ALTER FUNCTION corv.gone RENAME TO second_look");
    is_stored_when_all_is_well();
}

static void no_tables_at_all_is_said(void **state)
{
    (void)state;
    expect("42P01");
    test_pg_exec(db, "ALTER SCHEMA corv RENAME TO a; ALTER SCHEMA corv_meta RENAME TO b");
    cut();
    keeps_off_and_says_so("Start corvd eenmaal");
    test_pg_exec(db, "ALTER SCHEMA a RENAME TO corv; ALTER SCHEMA b RENAME TO corv_meta");
    is_stored_when_all_is_well();
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_older_schema_is_said_and_left_alone),
        TEST(an_older_schema_that_would_do_is_left_alone),
        TEST(what_is_missing_is_named_and_what_waits_is_stored_later),
        TEST(no_tables_at_all_is_said),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
