/* SPDX-License-Identifier: EUPL-1.2 */
/* PostgreSQL itself says what our bytes mean: every array goes in binary and comes back as text. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>

#include "queue/pg_array.h"
#include "tests/support/test_pg.h"

static struct test_pg *server;
static PGconn *db;

static int set_up(void **state)
{
    (void)state;
    server = test_pg_new();

    char *info = test_pg_database(server, "arrays", false);

    db = PQconnectdb(info);
    free(info);
    if (PQstatus(db) != CONNECTION_OK)
        return -1;
    PQclear(PQexec(db, "SET timezone = 'UTC'"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    PQfinish(db);
    test_pg_free(server);
    return 0;
}

static void expect(const char *sql, const struct corv_pg_params *p, const char *wanted)
{
    assert_int_equal(p->rc, CORV_OK);

    PGresult *r = PQexecParams(db, sql, p->count, NULL, p->value, p->length, p->format, 0);

    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s", PQresultErrorMessage(r));
    assert_string_equal(PQgetvalue(r, 0, 0), wanted);
    PQclear(r);
}

static void expect_array(const char *sql, struct corv_pg_array *a, const char *wanted)
{
    struct corv_pg_params p = {0};

    corv_pg_add_array(&p, a);
    expect(sql, &p, wanted);
    corv_pg_array_free(a);
}

static void texts_and_nulls(void **state)
{
    struct corv_pg_array a;

    (void)state;
    corv_pg_array_init(&a, CORV_PG_TEXT, 1000);
    corv_pg_array_text(&a, "één, twee");
    corv_pg_array_text(&a, NULL);
    corv_pg_array_text(&a, "");
    corv_pg_array_text(&a, "NULL");
    expect_array("SELECT $1::text[]", &a, "{\"één, twee\",NULL,\"\",\"NULL\"}");
}

static void what_is_no_text_is_cleaned(void **state)
{
    struct corv_pg_array a;

    (void)state;
    corv_pg_array_init(&a, CORV_PG_TEXT, 1000);
    corv_pg_array_clean(&a, "goed: é € 𝄞 \x7f");
    corv_pg_array_clean(&a, NULL);
    corv_pg_array_clean(&a, "half \xc3");
    corv_pg_array_clean(&a, "\xff\xfe\xc0\xaf\xed\xa0\x80|\xf4\x90\x80\x80|\xe0\x80\x80|\xf0\x8f");
    corv_pg_array_clean(&a, "\xe2\x82 \x80");
    expect_array("SELECT $1::text[]", &a,
        "{\"goed: é € 𝄞 \x7f\",NULL,\"half ?\",???????|????|???|??,\"?? ?\"}");
}

static void nothing_at_all(void **state)
{
    struct corv_pg_array a;

    (void)state;
    corv_pg_array_init(&a, CORV_PG_UUID, 1000);
    expect_array("SELECT $1::uuid[]", &a, "{}");
}

static void numbers_at_their_ends(void **state)
{
    struct corv_pg_array a;

    (void)state;
    corv_pg_array_init(&a, CORV_PG_INT2, 1000);
    corv_pg_array_int(&a, -32768);
    corv_pg_array_int(&a, 32767);
    expect_array("SELECT $1::smallint[]", &a, "{-32768,32767}");
    corv_pg_array_init(&a, CORV_PG_INT4, 1000);
    corv_pg_array_int(&a, INT32_MIN);
    corv_pg_array_int(&a, INT32_MAX);
    expect_array("SELECT $1::integer[]", &a, "{-2147483648,2147483647}");
    corv_pg_array_init(&a, CORV_PG_INT8, 1000);
    corv_pg_array_int(&a, INT64_MIN);
    corv_pg_array_int(&a, -1);
    expect_array("SELECT $1::bigint[]", &a, "{-9223372036854775808,-1}");
}

static void out_of_range_is_no_array(void **state)
{
    struct corv_pg_array a;
    struct corv_view v;

    (void)state;
    corv_pg_array_init(&a, CORV_PG_INT2, 1000);
    corv_pg_array_int(&a, 32768);
    corv_pg_array_int(&a, 1);
    assert_int_equal(corv_pg_array_done(&a, &v), CORV_E_LIMIT);
    corv_pg_array_reset(&a, 1000);
    corv_pg_array_int(&a, 1);
    assert_int_equal(corv_pg_array_done(&a, &v), CORV_OK);
    corv_pg_array_free(&a);

    corv_pg_array_init(&a, CORV_PG_BYTEA, 100);
    for (int i = 0; i < 20; i++)
        corv_pg_array_bytes(&a, "0123456789", 10);
    assert_int_equal(corv_pg_array_done(&a, &v), CORV_E_LIMIT);
    corv_pg_array_free(&a);
}

static void times_bools_bytes_ids(void **state)
{
    struct corv_pg_array a;
    struct corv_id id;
    struct corv_id none = {{0}};

    (void)state;
    corv_pg_array_init(&a, CORV_PG_TIME, 1000);
    corv_pg_array_time(&a, INT64_C(1763799999123456));
    corv_pg_array_time(&a, 0);
    expect_array("SELECT $1::timestamptz[]", &a,
        "{\"2025-11-22 08:26:39.123456+00\",\"1970-01-01 00:00:00+00\"}");
    corv_pg_array_init(&a, CORV_PG_BOOL, 1000);
    corv_pg_array_bool(&a, true);
    corv_pg_array_bool(&a, false);
    expect_array("SELECT $1::boolean[]", &a, "{t,f}");
    corv_pg_array_init(&a, CORV_PG_BYTEA, 1000);
    corv_pg_array_bytes(&a, "\0\1\377", 3);
    corv_pg_array_bytes(&a, "", 0);
    expect_array("SELECT $1::bytea[]", &a, "{\"\\\\x0001ff\",\"\\\\x\"}");
    assert_int_equal(corv_id_read("0190aabb-ccdd-7eee-8fff-001122334455", &id), CORV_OK);
    corv_pg_array_init(&a, CORV_PG_UUID, 1000);
    corv_pg_array_id(&a, &id);
    corv_pg_array_id(&a, &none);
    expect_array("SELECT $1::uuid[]", &a, "{0190aabb-ccdd-7eee-8fff-001122334455,NULL}");
}

static void single_values(void **state)
{
    struct corv_pg_params p = {0};

    (void)state;
    corv_pg_add_text(&p, "tekst");
    corv_pg_add_text(&p, NULL);
    corv_pg_add_int4(&p, -5);
    corv_pg_add_int8(&p, INT64_MAX);
    corv_pg_add_time(&p, INT64_C(1763799999123456));
    corv_pg_add_view(&p, corv_view_of("\377", 1));
    expect("SELECT concat_ws('|', $1::text, coalesce($2::text, 'niets'), $3::integer, $4::bigint,"
           " $5::timestamptz, encode($6::bytea, 'hex'))",
        &p, "tekst|niets|-5|9223372036854775807|2025-11-22 08:26:39.123456+00|ff");
}

static void too_many_values_are_refused(void **state)
{
    struct corv_pg_params p = {0};

    (void)state;
    for (int i = 0; i < CORV_PG_PARAMS; i++)
        corv_pg_add_int8(&p, i);
    assert_int_equal(p.rc, CORV_OK);
    corv_pg_add_int8(&p, 1);
    assert_int_equal(p.rc, CORV_E_LIMIT);
}

static void results_read_back(void **state)
{
    PGresult *r = PQexecParams(db,
        "SELECT (-2)::smallint, (-3)::integer, 4::bigint,"
        " '2025-11-22 08:26:39.123456+00'::timestamptz, '\\xff00'::bytea, NULL::text, "
        "'woord'::text,"
        " '0190aabb-ccdd-7eee-8fff-001122334455'::uuid, NULL::bigint",
        0, NULL, NULL, NULL, NULL, 1);
    struct corv_id id = corv_pg_id(r, 0, 7);
    char t[CORV_ID_TEXT];

    (void)state;
    assert_int_equal(corv_pg_int(r, 0, 0), -2);
    assert_int_equal(corv_pg_int(r, 0, 1), -3);
    assert_int_equal(corv_pg_int(r, 0, 2), 4);
    assert_int_equal(corv_pg_time(r, 0, 3), INT64_C(1763799999123456));
    assert_true(corv_view_eq(corv_pg_view(r, 0, 4), corv_view_of("\377\0", 2)));
    assert_null(corv_pg_view(r, 0, 5).p);
    assert_string_equal(corv_id_text(&id, t), "0190aabb-ccdd-7eee-8fff-001122334455");
    assert_int_equal(corv_pg_int(r, 0, 8), 0);
    assert_int_equal(corv_pg_time(r, 0, 8), 0);

    char *word = corv_pg_text(r, 0, 6);
    char *null = corv_pg_text(r, 0, 5);

    assert_string_equal(word, "woord");
    assert_string_equal(null, "");
    free(word);
    free(null);
    PQclear(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_nulls),
        cmocka_unit_test(what_is_no_text_is_cleaned),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(numbers_at_their_ends),
        cmocka_unit_test(out_of_range_is_no_array),
        cmocka_unit_test(times_bools_bytes_ids),
        cmocka_unit_test(single_values),
        cmocka_unit_test(too_many_values_are_refused),
        cmocka_unit_test(results_read_back),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
