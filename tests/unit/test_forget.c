/* SPDX-License-Identifier: EUPL-1.2 */
/* Traffic data is forgotten by months, and the audit trail still verifies. */
#include "queue/forget.h"
#include "tests/support/queue_kit.h"
#include "tests/unit/inspect_fixture.h"

#define DAY_US INT64_C(86400000000)

static struct corv_keeper *keeper;
static struct corv_forget_report report;

static int up(void **state)
{
    (void)fixture_db(state);
    test_pg_exec(db, "SELECT corv.ensure_partitions(now() - interval '250 days', now())");
    assert_int_equal(corv_keeper_open(db, "een", NULL, &keeper, &fault), CORV_OK);
    return 0;
}

static int down(void **state)
{
    corv_keeper_close(keeper);
    return fixture_db_end(state);
}

/* A message, its confirmed delivery and its reference, so many days old. */
static void traffic(int days)
{
    char sql[1500];

    (void)snprintf(sql, sizeof sql,
        "WITH t AS (SELECT now() - interval '%d days' AS at), i AS (SELECT"
        " overlay(corv.id_at(at)::text PLACING right(gen_random_uuid()::text, 17) FROM 20)::uuid"
        "  AS id, at FROM t),"
        " m AS (INSERT INTO corv.message (id, received_at, kind, sender, size, digest, "
        "content_type)"
        "  SELECT id, at, 'vtoDi01', 'vt', 1, '\\xabcd', 'application/xml' FROM i),"
        " d AS (INSERT INTO corv.delivery_done (message_id, no, route, party, priority, state,"
        "  attempts, created_at, done_at) SELECT id, 1, 'r', 'raad', 5, 3, 1, at, at FROM i)"
        " INSERT INTO corv.dedup SELECT sha256(id::text::bytea), '\\xab', id, at FROM i",
        days);
    test_pg_exec(db, sql);
}

/* A line as the daemon writes it, so many days old. */
static void line(int days)
{
    struct corv_act act;
    const struct corv_queue_event e = {.event = "message.stored",
        .actor = "node:een",
        .party = "raad",
        .detail = "{\"n\":1}",
        .message = {{1, 2, 3}}};
    corv_rc rc =
        corv_act_begin_on(keeper->i, &act, "node:een", corv_clock_us() - days * DAY_US, &fault);

    assert_int_equal(rc, CORV_OK);
    assert_int_equal(corv_act_end(&act, corv_act_append(&act, &e)), CORV_OK);
}

static corv_rc forget_by(unsigned days, unsigned batch)
{
    const struct corv_forget_order o = {
        .now_us = corv_clock_us(), .traffic_days = days, .batch = batch};

    return corv_forget_traffic(keeper, &o, &report, &fault);
}

static void forget(void)
{
    if (forget_by(180, 0) != CORV_OK)
        fail_msg("%s %s", fault.code, fault.text);
}

static void verifies(uint64_t skeletons)
{
    struct corv_audit_report r;

    assert_int_equal(corv_inspect_verify(inspect, &r, &fault), CORV_OK);
    if (r.broken.seq)
        fail_msg("chain %d line %d: %s", r.broken.chain, (int)r.broken.seq, r.broken.what);
    assert_int_equal(r.skeletons, skeletons);
}

static void old_months_go_and_young_ones_stay(void **state)
{
    (void)state;
    traffic(240);
    traffic(200);
    traffic(60);
    traffic(0);
    forget();
    assert_int_equal(report.messages, 2);
    assert_int_equal(report.deliveries, 2);
    assert_int_equal(report.references, 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.dedup"), 2);
    assert_true(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'traffic.destroyed'") >= 2);
    forget();
    assert_int_equal(report.messages + report.references + report.months, 0);
    verifies(0);
}

/* Six months at most: nothing that is older than the days is left, whatever day it is. */
static void nothing_is_older_than_the_term(void **state)
{
    (void)state;
    for (int days = 250; days > 0; days -= 7)
        traffic(days);
    forget();
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"
                               " WHERE received_at < now() - interval '180 days'"),
        0);
    assert_true(db_number("SELECT count(*) FROM corv.message") >= 148 / 7); /* 180 less a month */
}

static void the_trail_keeps_its_skeleton(void **state)
{
    static const int days[] = {245, 240, 215, 190, 100, 3};

    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        line(days[i]);
    verifies(0);
    forget();
    assert_true(report.lines >= 3);
    verifies(report.lines);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit a JOIN corv.audit_skeleton s"
                               " USING (chain, seq)"),
        0);
    test_pg_exec(db, "UPDATE corv.audit_skeleton SET commitment = '\\x00' WHERE seq = 2");

    struct corv_audit_report r;

    assert_int_equal(corv_inspect_verify(inspect, &r, &fault), CORV_OK);
    assert_int_equal(r.broken.seq, 2);
}

static void the_database_does_the_sum_as_we_do(void **state)
{
    (void)state;
    fixture_chain(9, "node:een", 9); /* all kinds of lines, in 2025: strays */
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit_default"), 9);
    forget();
    assert_int_equal(report.lines, 9);
    verifies(9);
}

static void an_open_delivery_keeps_its_month(void **state)
{
    (void)state;
    traffic(200);
    test_pg_exec(db, "INSERT INTO corv.delivery (message_id, no, route, party, priority, state,"
                     " due_at, created_at) SELECT id, 2, 'r', 'raad', 5, 2, now(), now()"
                     " FROM corv.message");
    line(200);
    forget();
    assert_int_equal(report.blocked, 1);
    assert_int_equal(report.messages, 0);
    assert_int_equal(report.lines, 1); /* its texts go all the same */
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    forget();
    assert_int_equal(report.blocked, 1);
    assert_int_equal(report.months, 0);                     /* told once */
    assert_in_range(report.late_s, 20 * 86400, 51 * 86400); /* since the first day of its month */
    test_pg_exec(db, "DELETE FROM corv.delivery");
    forget();
    assert_int_equal(report.messages, 1);
    assert_int_equal(report.blocked, 0);
    assert_int_equal(report.late_s, 0);
}

static void strays_go_in_batches(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++)
        traffic(400);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message_default"), 7);
    assert_int_equal(forget_by(180, 2), CORV_OK);
    assert_int_equal(report.messages, 7);
    assert_int_equal(report.references, 7);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message_default"), 0);
}

/* Even whoever may call the functions cannot make them destroy what is young. */
static void what_is_young_cannot_be_forgotten(void **state)
{
    (void)state;
    traffic(10);
    line(10);
    test_pg_exec(db, "SELECT corv.forget_month(now() + interval '1 year',"
                     " date_trunc('month', now())::date);"
                     "SELECT corv.forget_strays(now() + interval '1 year', 100);"
                     "SELECT corv.forget_dedup(now() + interval '1 year', 100)");
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.dedup"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit"), 1);
}

static void a_reader_is_not_waited_for(void **state)
{
    PGconn *reader;

    (void)state;
    traffic(200);
    reader = PQconnectdb(db);
    PQclear(PQexec(reader, "BEGIN; SELECT count(*) FROM corv.message"));
    assert_int_equal(forget_by(180, 0), CORV_AGAIN);
    assert_int_equal(fault.cls, CORV_FAULT_NONE);
    PQfinish(reader);
    forget();
    assert_int_equal(report.messages, 1);
}

/* A line that does not fit what is kept of it is evidence: its month stays as it is. */
static void a_double_line_does_not_vanish(void **state)
{
    (void)state;
    line(200);
    test_pg_exec(db, "INSERT INTO corv.audit SELECT chain, seq, at + interval '1 second', event,"
                     " message_id, delivery, 'om', actor, code, detail, salt, hash FROM corv.audit"
                     " WHERE event = 'message.stored'");
    assert_int_equal(forget_by(180, 0), CORV_E_IO);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.stored'"), 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(old_months_go_and_young_ones_stay),
        CASE(nothing_is_older_than_the_term),
        CASE(the_trail_keeps_its_skeleton),
        CASE(the_database_does_the_sum_as_we_do),
        CASE(an_open_delivery_keeps_its_month),
        CASE(strays_go_in_batches),
        CASE(what_is_young_cannot_be_forgotten),
        CASE(a_reader_is_not_waited_for),
        CASE(a_double_line_does_not_vanish),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
