/* SPDX-License-Identifier: EUPL-1.2 */
/* The look at the whole: what it says, that it is bounded, and that it never keeps a lease waiting.
 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"

#define PUTS 30

static struct kit a;
static struct kit_put sent[PUTS];

struct look {
    bool answered;
    json_t *seen; /* NULL: could not be asked */
};

static int set_up(void **state)
{
    (void)db_up_empty(state);
    kit_open_as(&a, "a");
    return 0;
}

static int tear_down(void **state)
{
    if (a.q)
        kit_close(&a);
    kit_puts_free(sent, sizeof sent / sizeof sent[0]);
    return kit_db_down(state);
}

static void store(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kit_put_make(&a, &sent[i], i + 1, i + 1);
        kit_put_ask(&sent[i]);
    }
    kit_until_answered(&a, count);
}

static void came(void *ctx, struct corv_view json)
{
    struct look *l = ctx;

    assert_false(l->answered);
    l->answered = true;
    l->seen = json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL;
}

static bool is_answered(void *ctx)
{
    return ((struct look *)ctx)->answered;
}

static json_t *look(struct look *l)
{
    *l = (struct look){0};
    assert_int_equal(corv_queue_glance(a.q, came, l), CORV_OK);
    kit_until(&a, is_answered, l, "glance");
    return l->seen;
}

static int64_t number(json_t *from, const char *key)
{
    return json_integer_value(json_object_get(from, key));
}

static size_t length(json_t *from, const char *key)
{
    return json_array_size(json_object_get(from, key));
}

static void says_what_is_there_and_no_more_than_is_shown(void **state)
{
    struct look l;
    json_t *s = look(&l);
    json_t *lane;

    (void)state;
    assert_non_null(s);
    assert_int_equal(length(s, "messages"), 0);
    json_decref(s);
    store(PUTS);
    test_pg_exec(db,
        "UPDATE corv.delivery SET state = 2, last_code = 'http.422' WHERE message_id IN"
        " (SELECT id FROM corv.message ORDER BY id LIMIT 25)");
    test_pg_exec(db, "UPDATE corv.delivery SET state = 1, held_code = 'operator.hold',"
                     " held_question = 'mevrouw Voorbeeld', last_text = 'mevrouw Voorbeeld'"
                     " WHERE message_id = (SELECT max(id::text) FROM corv.message)::uuid");
    s = look(&l);
    assert_int_equal(number(s, "dead"), 25);
    assert_int_equal(number(s, "held"), 1);
    assert_int_equal(length(s, "deads"), CORV_GLANCE_ROWS);
    assert_int_equal(length(s, "holds"), 1);
    assert_int_equal(length(s, "messages"), CORV_GLANCE_ROWS);
    lane = json_array_get(json_object_get(s, "lanes"), 0);
    assert_string_equal(json_string_value(json_object_get(lane, "party")), "raad");
    assert_int_equal(number(lane, "waiting"), 4);

    char *text = json_dumps(s, 0);

    assert_null(strstr(text, "Voorbeeld")); /* what people and partners wrote */
    assert_null(strstr(text, sent[0].referentie));
    free(text);
    json_decref(s);
}

static void one_question_at_a_time(void **state)
{
    struct look l = {0};
    struct look other = {0};

    (void)state;
    assert_int_equal(corv_queue_glance(a.q, came, &l), CORV_OK);
    assert_int_equal(corv_queue_glance(a.q, came, &other), CORV_AGAIN);
    kit_until(&a, is_answered, &l, "glance");
    assert_non_null(l.seen);
    json_decref(l.seen);
    assert_false(other.answered);
}

/* A lock that keeps it waiting: it gives up, leases go on, and the next look is a good one. */
static void a_slow_answer_is_given_up_and_holds_up_no_lease(void **state)
{
    struct look l = {0};
    PGconn *c = PQconnectdb(db);
    int64_t begun = corv_clock_mono_us();

    (void)state;
    store(2);
    PQclear(PQexec(c, "BEGIN"));
    PQclear(PQexec(c, "LOCK TABLE corv.audit IN ACCESS EXCLUSIVE MODE"));
    assert_int_equal(corv_queue_glance(a.q, came, &l), CORV_OK);
    assert_int_equal(kit_lease(&a, "raad", 1, 1 << 20), 1);
    assert_false(l.answered);
    kit_until(&a, is_answered, &l, "given up");
    assert_null(l.seen);
    assert_true(corv_clock_mono_us() - begun < 30 * INT64_C(1000000)); /* not "when it comes" */
    PQclear(PQexec(c, "ROLLBACK"));
    PQfinish(c);
    assert_non_null(look(&l));
    json_decref(l.seen);
}

static void a_lost_connection_is_answered_and_comes_back(void **state)
{
    struct look l = {0};

    (void)state;
    assert_non_null(look(&l));
    json_decref(l.seen);
    test_pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE application_name LIKE 'corvd.viewer%'");
    for (int i = 0; i < 3 && !look(&l); i++)
        ;
    assert_non_null(l.seen);
    json_decref(l.seen);
}

static void closing_answers_who_asks(void **state)
{
    struct look l = {0};

    (void)state;
    assert_int_equal(corv_queue_glance(a.q, came, &l), CORV_OK);
    kit_close(&a);
    a.q = NULL;
    assert_true(l.answered);
    json_decref(l.seen);
}

/* Beside a mountain it walks no further than what it shows. */
static void a_mountain_costs_what_a_hill_costs(void **state)
{
    PGconn *c = PQconnectdb(db);
    PGresult *r;

    (void)state;
    test_pg_exec(db, "INSERT INTO corv.delivery (message_id, no, route, party, priority, state,"
                     " due_at, created_at) SELECT gen_random_uuid(), 1, 'r', 'raad', 5, 0, now(),"
                     " now() FROM generate_series(1, 20000)");
    PQclear(
        PQexec(c, "SET search_path = corv; SET enable_seqscan = off; SET enable_bitmapscan = off"));
    r = PQexec(
        c, "EXPLAIN SELECT * FROM delivery WHERE state = 2 ORDER BY created_at DESC LIMIT 20");
    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    assert_non_null(strstr(PQgetvalue(r, 1, 0), "delivery_set_aside"));
    PQclear(r);
    PQfinish(c);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(says_what_is_there_and_no_more_than_is_shown),
        CASE(one_question_at_a_time),
        CASE(a_slow_answer_is_given_up_and_holds_up_no_lease),
        CASE(a_lost_connection_is_answered_and_comes_back),
        CASE(closing_answers_who_asks),
        CASE(a_mountain_costs_what_a_hill_costs),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
