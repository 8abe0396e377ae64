/* SPDX-License-Identifier: EUPL-1.2 */
/* PostgreSQL crashing, hanging, cut off, read-only or without its standby while the queue works.
 * What is asked of the queue: a yes is in the database, once; a no comes in time. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "tests/support/pg_proxy.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"

#define PUTS    600
#define AT_ONCE 50
#define SLACK   700000 /* µs: looking for late items, a busy machine */

static struct kit kit;
static struct kit_put sent[PUTS];

static int tear_down(void **state)
{
    kit_puts_free(sent, sizeof sent / sizeof sent[0]);
    return kit_db_down(state);
}

/* ---- a flow of puts
 * ------------------------------------------------------------------------------- */

static struct {
    unsigned asked;
    unsigned until; /* answered */
} flow;

/* Keeps AT_ONCE puts under way; one that is refused is asked again at the next round. */
static bool flowing(void *ctx)
{
    (void)ctx;
    while (flow.asked < PUTS && flow.asked - kit.answered < AT_ONCE) {
        struct kit_put *p = &sent[flow.asked];

        if (!p->k)
            kit_put_make(&kit, p, flow.asked, flow.asked);
        p->delivery[0].lease_now = true;
        if (corv_queue_put(kit.q, &p->put) != CORV_OK)
            break;
        p->asked_us = corv_clock_mono_us();
        flow.asked++;
    }
    return kit.answered >= flow.until;
}

static void flow_until(unsigned answered)
{
    flow.until = answered;
    kit_until(&kit, flowing, NULL, "flow");
}

static bool in_database(const struct corv_id *id)
{
    char sql[128];
    char text[CORV_ID_TEXT];

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM corv.message WHERE id = '%s'",
        corv_id_text(id, text));
    return db_number(sql) == 1;
}

/* Both promises, for every put. Returns how many were stored. */
static unsigned check_flow(unsigned wait_ms)
{
    unsigned stored = 0;
    int64_t longest = 0;

    for (unsigned i = 0; i < PUTS; i++) {
        assert_true(sent[i].answered);
        if (sent[i].answer.result == CORV_PUT_STORED) {
            stored++;
            assert_true(in_database(&sent[i].message.id));
            continue;
        }
        assert_int_equal(sent[i].answer.result, CORV_PUT_UNAVAILABLE);
        if (sent[i].answered_us - sent[i].asked_us > longest)
            longest = sent[i].answered_us - sent[i].asked_us;
    }
    assert_true(longest <= (int64_t)wait_ms * 1000 + SLACK);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"),
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.stored'"));
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"),
        db_number("SELECT count(DISTINCT message_id) FROM corv.delivery"));
    return stored;
}

static void begin(unsigned wait_ms)
{
    flow.asked = 0;
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = db, .node = "a", .wait_ms = wait_ms}, true);
}

/* Whoever was told "not stored" delivers nothing from memory: a lease of it would keep it waiting.
 */
static bool only_the_stored_are_leased(void *ctx)
{
    int64_t stored = 0;

    (void)ctx;
    for (unsigned i = 0; i < PUTS; i++)
        stored += sent[i].answered && sent[i].answer.result == CORV_PUT_STORED;
    return db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'a'") == stored;
}

static void a_crash_in_the_flow_loses_nothing(void **state)
{
    (void)state;
    begin(30000);
    for (unsigned round = 1; round <= 3; round++) {
        flow_until(round * 120);
        test_pg_crash(db_server);
        test_pg_launch(db_server);
    }
    flow_until(PUTS);
    kit_close(&kit);
    assert_int_equal(check_flow(30000), PUTS);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), PUTS);
}

static void a_long_absence_is_said_in_time(void **state)
{
    struct corv_queue_stats s;

    (void)state;
    begin(600);
    flow_until(150);
    test_pg_crash(db_server);
    flow_until(150 + AT_ONCE); /* those under way are answered though nobody is there */
    kit_until_connected(&kit, false);
    kit_run_ms(&kit, 300);
    test_pg_launch(db_server);
    flow_until(PUTS);
    kit_until(&kit, only_the_stored_are_leased, NULL, "leases given back");
    corv_queue_stats_get(kit.q, &s);
    kit_close(&kit);
    assert_true(s.reconnects >= 1);

    unsigned stored = check_flow(600);

    assert_true(stored < PUTS);
    assert_true(stored >= PUTS - 2 * AT_ONCE);
}

static void a_hanging_database_is_said_in_time(void **state)
{
    (void)state;
    begin(800);
    flow_until(100);
    test_pg_pause(db_server, true);
    flow_until(100 + AT_ONCE);
    test_pg_pause(db_server, false);
    flow_until(PUTS);
    kit_until(&kit, only_the_stored_are_leased, NULL, "leases given back");
    kit_close(&kit);
    assert_true(check_flow(800) < PUTS);
}

/* ---- one put, cut at one point
 * --------------------------------------------------------------------- */

static bool asleep(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 1;
}

static void a_session_ended_before_commit_is_done_again(void **state)
{
    (void)state;
    begin(8000);
    test_pg_exec(db, "CREATE TABLE public.slow (x integer); GRANT SELECT ON public.slow TO PUBLIC;"
                     "INSERT INTO public.slow VALUES (1);"
                     "CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                     " IF EXISTS (SELECT FROM public.slow) THEN PERFORM pg_sleep(30); END IF;"
                     " RETURN NEW; END $$;"
                     "CREATE TRIGGER slow BEFORE UPDATE ON corv.audit_head FOR EACH ROW"
                     " EXECUTE FUNCTION public.slow()");
    kit_put_make(&kit, &sent[0], 0, 0);
    kit_put_ask(&sent[0]);
    kit_until(&kit, asleep, NULL, "between statement and COMMIT");
    test_pg_exec(db, "DELETE FROM public.slow");
    test_pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE wait_event = 'PgSleep'");
    kit_until_answered(&kit, 1);
    kit_close(&kit);
    assert_int_equal(sent[0].answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit"), 1);
}

static bool expired(void *ctx)
{
    (void)ctx;
    return sent[0].answered;
}

/* Its time is up in the middle of a batch: what it pointed to is gone, the batch is not. */
static void a_put_that_waits_for_a_lock_is_answered_in_time(void **state)
{
    PGconn *c = PQconnectdb(db);
    struct kit_put gone;

    (void)state;
    begin(900);
    kit_put_make(&kit, &sent[0], 0, 0);
    PQclear(PQexec(c, "BEGIN"));
    PQclear(PQexec(c, "LOCK TABLE corv.dedup IN EXCLUSIVE MODE"));
    kit_put_ask(&sent[0]);
    kit_until(&kit, expired, NULL, "expired");
    assert_int_equal(sent[0].answer.result, CORV_PUT_UNAVAILABLE);
    assert_true(sent[0].answered_us - sent[0].asked_us <= 900000 + SLACK);
    gone = sent[0];
    memset(&sent[0], 0xa5, sizeof sent[0]);
    kit_put_free(&gone);
    memset(&sent[0], 0, sizeof sent[0]);
    PQclear(PQexec(c, "ROLLBACK"));
    PQfinish(c);
    kit_until_connected(&kit, true);
    kit_put_make(&kit, &sent[1], 0, 0);
    kit_put_ask(&sent[1]);
    kit_until_answered(&kit, 2);
    /* COMMIT had been sent along with the claim, so the first one may be there after all */
    assert_in_range(sent[1].answer.result, CORV_PUT_STORED, CORV_PUT_REPEAT);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    kit_close(&kit);
}

struct cut_case {
    struct pg_proxy *proxy;
    struct kit_settle settle;
};

static bool answered_and_cut(void *ctx)
{
    struct cut_case *c = ctx;

    return pg_proxy_cuts(c->proxy) == 1 && sent[0].answered && c->settle.answered;
}

/* A put, a settle of an earlier delivery and its fault message share the COMMIT that is cut. A
 * confirmation has no fault, and goes straight. */
static void cut_at(enum pg_proxy_mode mode, enum corv_delivery_state end)
{
    bool dead = end == CORV_DELIVERY_DEAD;
    struct cut_case c = {.proxy = pg_proxy_new(test_pg_dir(db_server))};
    char through[160];

    (void)snprintf(
        through, sizeof through, "host=%s %s", pg_proxy_dir(c.proxy), strstr(db, "user="));
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = through, .node = "a", .wait_ms = 8000}, true);
    for (unsigned i = 0; i < 3; i++)
        kit_put_make(&kit, &sent[i], i, i);
    sent[1].delivery[0].lease_now = true;
    kit_put_ask(&sent[1]);
    kit_until_answered(&kit, 1);
    pg_proxy_mode(c.proxy, mode);
    sent[2].delivery[0].party = "vt-flevoland";
    kit_settle_make(&kit, &c.settle, &sent[1].message.id, 1, 1, end);
    c.settle.s.fault = dead ? &sent[2].message : NULL;
    kit_put_ask(&sent[0]);
    kit_settle_ask(&c.settle);
    kit_until(&kit, answered_and_cut, &c, "answer after the cut");
    kit_close(&kit);
    pg_proxy_free(c.proxy);
    assert_int_equal(sent[0].answer.result, CORV_PUT_STORED);
    assert_true(corv_id_eq(&sent[0].answer.first, &sent[0].message.id));
    assert_true(c.settle.committed);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), dead ? 3 : 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), dead);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), !dead);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.stored'"), 2);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 1);
}

static void a_commit_that_never_arrived_is_done_again(void **state)
{
    (void)state;
    cut_at(PG_PROXY_CUT_BEFORE_COMMIT, CORV_DELIVERY_DEAD);
}

static void a_commit_whose_answer_was_lost_is_recognised(void **state)
{
    (void)state;
    cut_at(PG_PROXY_CUT_AFTER_COMMIT, CORV_DELIVERY_DEAD);
}

static void a_straight_commit_that_never_arrived_is_done_again(void **state)
{
    (void)state;
    cut_at(PG_PROXY_CUT_BEFORE_COMMIT, CORV_DELIVERY_CONFIRMED);
}

static void a_straight_commit_whose_answer_was_lost_is_recognised(void **state)
{
    (void)state;
    cut_at(PG_PROXY_CUT_AFTER_COMMIT, CORV_DELIVERY_CONFIRMED);
}

static bool second_answered_and_cut(void *ctx)
{
    return pg_proxy_cuts(ctx) == 1 && sent[1].answered;
}

/* Its number is looked up a second time: it must not take the first one's for its own, and be
 * delivered under a number that is nowhere. */
static void a_repeat_done_again_is_still_a_repeat(void **state)
{
    struct pg_proxy *proxy = pg_proxy_new(test_pg_dir(db_server));
    char through[160];

    (void)state;
    (void)snprintf(through, sizeof through, "host=%s %s", pg_proxy_dir(proxy), strstr(db, "user="));
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = through, .node = "a", .wait_ms = 8000}, true);
    kit_put_make(&kit, &sent[0], 0, 0);
    kit_put_ask(&sent[0]);
    kit_until_answered(&kit, 1);
    pg_proxy_mode(proxy, PG_PROXY_CUT_BEFORE_COMMIT);
    kit_put_make(&kit, &sent[1], 0, 0);
    kit_put_ask(&sent[1]);
    kit_until(&kit, second_answered_and_cut, proxy, "answer after the cut");
    kit_close(&kit);
    pg_proxy_free(proxy);
    assert_int_equal(sent[1].answer.result, CORV_PUT_REPEAT);
    assert_true(corv_id_eq(&sent[1].answer.first, &sent[0].message.id));
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
}

static void on_released(void *ctx, bool committed)
{
    *(bool *)ctx = committed;
    kit.answered++;
}

static bool two_answered_and_cut(void *ctx)
{
    return pg_proxy_cuts(ctx) == 1 && kit.answered == 2;
}

/* Done again, giving back old leases must not take the lease of what was stored behind it. */
static void giving_back_twice_takes_no_new_lease(void **state)
{
    struct pg_proxy *proxy = pg_proxy_new(test_pg_dir(db_server));
    char through[160];
    bool released = false;

    (void)state;
    (void)snprintf(through, sizeof through, "host=%s %s", pg_proxy_dir(proxy), strstr(db, "user="));
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = through, .node = "a", .wait_ms = 8000}, true);
    pg_proxy_mode(proxy, PG_PROXY_CUT_AFTER_COMMIT);
    assert_int_equal(corv_queue_release_own(kit.q, on_released, &released), CORV_OK);
    kit_put_make(&kit, &sent[0], 0, 0);
    sent[0].delivery[0].lease_now = true;
    kit_put_ask(&sent[0]);
    kit_until(&kit, two_answered_and_cut, proxy, "both answered");
    assert_true(released);
    assert_int_equal(sent[0].answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'a'"), 1);
    kit_close(&kit);
    pg_proxy_free(proxy);
}

/* ---- no yes without the standby
 * --------------------------------------------------------------------- */

static void set_standby(const char *sql)
{
    test_pg_exec(db, sql);
    test_pg_exec(db, "SELECT pg_reload_conf()");
}

static bool standby_missing(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM pg_settings WHERE name = 'synchronous_standby_names'"
                     " AND setting = 'nobody'") == 1;
}

static bool standby_forgotten(void *ctx)
{
    return !standby_missing(ctx);
}

static bool none_leased(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NOT NULL") == 0;
}

static void what_no_standby_has_is_no_yes(void **state)
{
    (void)state;
    begin(1500);
    set_standby("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    kit_until(&kit, standby_missing, NULL, "reload");
    kit_put_make(&kit, &sent[0], 0, 0);
    sent[0].delivery[0].lease_now = true; /* and nobody will deliver it from memory */
    kit_put_ask(&sent[0]);
    kit_until_answered(&kit, 1);
    assert_int_equal(sent[0].answer.result, CORV_PUT_UNAVAILABLE);
    kit_until_connected(&kit, true);
    kit_put_make(&kit, &sent[1], 1, 1);
    kit_put_ask(&sent[1]);
    /* A cancelled wait is reported as a COMMIT, with a warning. */
    for (int i = 0; i < 10; i++) {
        test_pg_exec(db, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                         " WHERE wait_event = 'SyncRep'");
        kit_run_ms(&kit, 40);
    }
    if (sent[1].answered) /* a slow machine: its time was up */
        assert_int_equal(sent[1].answer.result, CORV_PUT_UNAVAILABLE);
    set_standby("ALTER SYSTEM RESET synchronous_standby_names");
    kit_until(&kit, standby_forgotten, NULL, "reload");
    kit_until_answered(&kit, 2);
    kit_until_connected(&kit, true);
    kit_put_make(&kit, &sent[2], 0, 0); /* the sender repeats */
    kit_put_ask(&sent[2]);
    kit_until_answered(&kit, 3);
    assert_int_equal(sent[2].answer.result, CORV_PUT_REPEAT); /* it was there, unconfirmed */
    assert_true(corv_id_eq(&sent[2].answer.first, &sent[0].message.id));
    kit_until(&kit, none_leased, NULL, "lease given back");
    assert_int_equal(kit_lease(&kit, "raad", 9, 1 << 20), 2);
    kit_close(&kit);
}

static bool one_leased(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NOT NULL") == 1;
}

/* The answer to a lease is lost; what it took must not wait until the lease ends. */
static void a_lease_whose_answer_was_lost_is_given_back(void **state)
{
    struct pg_proxy *proxy = pg_proxy_new(test_pg_dir(db_server));
    char through[160];

    (void)state;
    (void)snprintf(through, sizeof through, "host=%s %s", pg_proxy_dir(proxy), strstr(db, "user="));
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = through, .node = "a", .wait_ms = 8000}, true);
    for (unsigned i = 0; i < 3; i++) {
        kit_put_make(&kit, &sent[i], i, i);
        kit_put_ask(&sent[i]);
    }
    kit_until_answered(&kit, 3);
    assert_int_equal(kit_lease(&kit, "raad", 1, 1 << 20), 1);
    pg_proxy_mode(proxy, PG_PROXY_CUT_AFTER_LEASE);
    assert_int_equal(kit_lease(&kit, "raad", 9, 1 << 20), 0);
    assert_true(kit.read_failed);
    assert_int_equal(pg_proxy_cuts(proxy), 1);
    kit_until_connected(&kit, true);
    kit_until(&kit, one_leased, NULL, "lease given back");
    assert_int_equal(kit_lease(&kit, "raad", 9, 1 << 20), 2); /* not the one that we know of */
    assert_int_equal(kit.leased[0]->attempt, 2);              /* a possible repeat */
    kit_close(&kit);
    pg_proxy_free(proxy);
}

/* ---- not ours to write
 * ------------------------------------------------------------------------------- */

static void a_read_only_database_is_no_connection(void **state)
{
    char sql[128];
    char writing[256];

    (void)state;
    begin(8000);
    (void)snprintf(sql, sizeof sql, "ALTER DATABASE %s SET default_transaction_read_only = on",
        strstr(db, "dbname=") + 7);
    test_pg_exec(db, sql);
    test_pg_exec(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE application_name LIKE 'corvd.%'");
    kit_until_connected(&kit, false);
    kit_run_ms(&kit, 500);
    assert_false(kit.connected);
    kit_put_make(&kit, &sent[0], 0, 0);
    assert_int_equal(corv_queue_put(kit.q, &sent[0].put), CORV_AGAIN);
    (void)snprintf(sql, sizeof sql, "ALTER DATABASE %s RESET default_transaction_read_only",
        strstr(db, "dbname=") + 7);
    (void)snprintf(
        writing, sizeof writing, "%s options='-c default_transaction_read_only=off'", db);
    test_pg_exec(writing, sql);
    kit_until_connected(&kit, true);
    kit_put_ask(&sent[0]);
    kit_until_answered(&kit, 1);
    assert_int_equal(sent[0].answer.result, CORV_PUT_STORED);
    kit_close(&kit);
}

static void two_of_one_name_do_not_share_a_chain(void **state)
{
    struct kit second;

    (void)state;
    begin(8000);
    kit_open(&second, (struct corv_queue_options){.conninfo = db, .node = "a"}, false);
    kit_run_ms(&second, 500);
    assert_false(second.connected);
    kit_put_make(&second, &sent[0], 0, 0);
    assert_int_equal(corv_queue_put(second.q, &sent[0].put), CORV_AGAIN);
    kit_close(&kit);
    kit_until_connected(&second, true);
    kit_put_ask(&sent[0]);
    kit_until_answered(&second, 1);
    assert_int_equal(sent[0].answer.result, CORV_PUT_STORED);
    kit_close(&second);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, db_up_empty, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_crash_in_the_flow_loses_nothing),
        TEST(a_long_absence_is_said_in_time),
        TEST(a_hanging_database_is_said_in_time),
        TEST(a_session_ended_before_commit_is_done_again),
        TEST(a_put_that_waits_for_a_lock_is_answered_in_time),
        TEST(a_commit_that_never_arrived_is_done_again),
        TEST(a_commit_whose_answer_was_lost_is_recognised),
        TEST(a_straight_commit_that_never_arrived_is_done_again),
        TEST(a_straight_commit_whose_answer_was_lost_is_recognised),
        TEST(a_repeat_done_again_is_still_a_repeat),
        TEST(giving_back_twice_takes_no_new_lease),
        TEST(what_no_standby_has_is_no_yes),
        TEST(a_lease_whose_answer_was_lost_is_given_back),
        TEST(a_read_only_database_is_no_connection),
        TEST(two_of_one_name_do_not_share_a_chain),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
