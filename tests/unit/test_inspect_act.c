/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/inspect_fixture.h"

#define ACTOR "operator:jan@beheer1"

static unsigned changed;

static void is(corv_rc rc, corv_rc expected)
{
    if (rc != expected)
        fail_msg("rc %d, not %d: %s %s", rc, expected, fault.code, fault.text);
}

static void refused(corv_rc rc, corv_rc expected, const char *code, const char *piece)
{
    is(rc, expected);
    assert_int_equal(changed, 0);
    assert_string_equal(fault.code, code);
    if (!strstr(fault.text, piece))
        fail_msg("'%s' does not say '%s'", fault.text, piece);
    fault = (struct corv_fault){0};
}

/* Nothing may be in the trail that verify does not accept. */
static void trail_has(int64_t lines)
{
    struct corv_audit_report report;

    is(corv_inspect_verify(inspect, &report, &fault), CORV_OK);
    if (report.broken.seq)
        fail_msg("%s", report.broken.what);
    assert_int_equal(report.verified, lines);
}

static PGconn *listener(void)
{
    PGconn *c = PQconnectdb(db);

    PQclear(PQexec(c, "LISTEN corv_due"));
    return c;
}

static bool heard(PGconn *c)
{
    PQclear(PQexec(c, "SELECT 1")); /* a round trip brings what was sent before */
    PGnotify *n = PQnotifies(c);
    bool got = n && strcmp(n->relname, "corv_due") == 0;

    PQfreemem(n);
    return got;
}

static void retry_makes_dead_and_waiting_ones_due(void **state)
{
    PGconn *c;

    (void)state;
    fixture_traffic();
    c = listener();
    is(corv_act_retry(inspect, OLDER, 0, ACTOR, &changed, &fault), CORV_OK);
    assert_int_equal(changed, 2); /* the dead one and the one whose lease had ended */
    assert_true(heard(c));
    PQfinish(c);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" OLDER "'"
                               " AND state = 0 AND owner IS NULL AND due_at <= now()"),
        2);
    assert_int_equal(db_number("SELECT attempts FROM corv.delivery WHERE message_id = '" OLDER "'"
                               " AND no = 1"),
        3);
    trail_has(2);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.retried'"
                  " AND actor = '" ACTOR "' AND message_id = '" OLDER "' AND delivery = 1"
                  " AND party = 'raad'"),
        1);
    is(corv_act_retry(inspect, VTO, 1, ACTOR, &changed, &fault), CORV_OK);
    trail_has(3);
}

static void what_is_under_way_is_left_alone(void **state)
{
    (void)state;
    fixture_traffic();
    refused(corv_act_retry(inspect, NOTI, 0, ACTOR, &changed, &fault), CORV_E_STATE,
        "act.under-way", "onderweg");
    refused(corv_act_hold(inspect, NOTI, 0, "even wachten", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.under-way", "onderweg");
    refused(corv_act_reroute(inspect, NOTI, 0, "almere", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.under-way", "onderweg");
    refused(corv_act_drop(inspect, NOTI, 0, "dubbel", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.under-way", "onderweg");
    trail_has(0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'node1'"), 2);
}

static void what_has_ended_stays_ended(void **state)
{
    (void)state;
    fixture_traffic();
    refused(corv_act_retry(inspect, VTO, 3, ACTOR, &changed, &fault), CORV_E_STATE, "act.state",
        "bevestigd");
    refused(corv_act_drop(inspect, VTO, 4, "dubbel", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.state", "vervallen");
    refused(corv_act_release(inspect, VTO, 3, "raad", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.state", "bevestigd");
}

static void what_does_not_exist_is_said(void **state)
{
    (void)state;
    fixture_traffic();
    refused(corv_act_retry(inspect, VTO, 9, ACTOR, &changed, &fault), CORV_E_NOTFOUND,
        "act.unknown", "geen bezorging");
    refused(
        corv_act_retry(inspect, "01999999-0000-7000-8000-000000000009", 0, ACTOR, &changed, &fault),
        CORV_E_NOTFOUND, "act.unknown", "geen bezorging");
    refused(corv_act_retry(inspect, "0198", 0, ACTOR, &changed, &fault), CORV_E_INVALID,
        "message.number", "berichtnummer");
}

static void hold_and_release(void **state)
{
    (void)state;
    fixture_traffic();
    is(corv_act_hold(inspect, VTO, 1, "Raad belt terug", ACTOR, &changed, &fault), CORV_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" VTO "'"
                               " AND no = 1 AND state = 1 AND held_code = 'operator.hold'"
                               " AND held_question = 'Raad belt terug'"),
        1);
    refused(corv_act_hold(inspect, VTO, 1, "nog eens", ACTOR, &changed, &fault), CORV_E_STATE,
        "act.state", "vastgehouden");
    is(corv_act_release(inspect, VTO, 1, NULL, ACTOR, &changed, &fault), CORV_OK);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" VTO "'"
                               " AND no = 1 AND state = 0 AND held_code IS NULL AND party = 'raad'"
                               " AND due_at <= now()"),
        1);
    trail_has(2);
    assert_int_equal(
        db_number(
            "SELECT count(*) FROM corv.audit WHERE detail = '{\"reason\":\"Raad belt terug\"}'"),
        1);
}

static void a_delivery_in_doubt_is_released_to_a_party_only(void **state)
{
    PGconn *c;

    (void)state;
    fixture_traffic();
    c = listener();
    refused(corv_act_release(inspect, VTO, 2, NULL, ACTOR, &changed, &fault), CORV_E_STATE,
        "act.no-party", "nog geen ontvanger");
    assert_false(heard(c));
    is(corv_act_release(inspect, VTO, 2, "lelystad", ACTOR, &changed, &fault), CORV_OK);
    assert_true(heard(c));
    PQfinish(c);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" VTO "'"
                               " AND no = 2 AND state = 0 AND party = 'lelystad'"),
        1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.released'"
                               " AND party = 'lelystad' AND detail = '{\"to\":\"lelystad\"}'"),
        1);
    trail_has(1);
}

static void reroute_sends_to_another_party(void **state)
{
    (void)state;
    fixture_traffic();
    refused(corv_act_reroute(inspect, OLDER, 1, "", ACTOR, &changed, &fault), CORV_E_INVALID,
        "act.no-party", "--to");
    is(corv_act_reroute(inspect, OLDER, 1, "om", ACTOR, &changed, &fault), CORV_OK);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" OLDER "'"
                               " AND no = 1 AND state = 0 AND party = 'om' AND due_at <= now()"),
        1);
    trail_has(1);
}

static void drop_ends_a_delivery_with_a_reason(void **state)
{
    (void)state;
    fixture_traffic();
    is(corv_act_drop(inspect, VTO, 0, "op papier verstuurd", ACTOR, &changed, &fault), CORV_OK);
    assert_int_equal(changed, 2);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" VTO "'"), 0);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery_done WHERE message_id = '" VTO "'"
                  " AND state = 4 AND code = 'operator.drop'"),
        3);
    trail_has(2);
}

static void a_reason_may_hold_no_long_number(void **state)
{
    char longest[300];

    (void)state;
    fixture_traffic();
    refused(corv_act_drop(inspect, VTO, 1, "kind 123456782 dubbel", ACTOR, &changed, &fault),
        CORV_E_INVALID, "act.digits-in-reason", "BSN");
    refused(corv_act_hold(inspect, VTO, 1, "", ACTOR, &changed, &fault), CORV_E_INVALID,
        "act.no-reason", "reden");
    refused(corv_act_hold(inspect, VTO, 1, NULL, ACTOR, &changed, &fault), CORV_E_INVALID,
        "act.no-reason", "reden");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    refused(corv_act_drop(inspect, VTO, 1, longest, ACTOR, &changed, &fault), CORV_E_INVALID,
        "act.long-reason", "langer");
    trail_has(0);
}

static void odd_characters_in_a_reason_stay_what_they_are(void **state)
{
    (void)state;
    fixture_traffic();
    is(corv_act_drop(inspect, VTO, 1, "o'Brien \"zei\" \\ café", ACTOR, &changed, &fault), CORV_OK);
    trail_has(1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE detail::json ->> 'reason' ="
                               " E'o''Brien \"zei\" \\\\ café'"),
        1);
}

static void change_and_audit_line_are_one_transaction(void **state)
{
    (void)state;
    fixture_traffic();
    test_pg_exec(
        db, "ALTER TABLE corv.audit ADD CONSTRAINT no CHECK (event <> 'delivery.dropped')");
    is(corv_act_drop(inspect, VTO, 1, "dubbel", ACTOR, &changed, &fault), CORV_E_IO);
    assert_int_equal(changed, 0);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE message_id = '" VTO "'"), 2);
    fault = (struct corv_fault){0};
    is(corv_act_retry(inspect, VTO, 1, ACTOR, &changed, &fault), CORV_OK); /* and works on */
    trail_has(1);
}

/* Two operators act at once: both lines stand in one chain without a gap. */
static void actions_at_once_follow_one_another(void **state)
{
    struct corv_inspect *other = NULL;

    (void)state;
    fixture_traffic();
    is(corv_inspect_open(db, &other, &fault), CORV_OK);
    for (int n = 0; n < 5; n++) {
        is(corv_act_retry(inspect, VTO, 1, ACTOR, &changed, &fault), CORV_OK);
        is(corv_act_retry(other, OLDER, 1, "operator:piet@beheer2", &changed, &fault), CORV_OK);
    }
    corv_inspect_close(other);
    trail_has(10);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit_chain"), 1);
}

static void an_action_does_not_wait_for_ever(void **state)
{
    PGconn *c;

    (void)state;
    fixture_traffic();
    c = PQconnectdb(db);
    PQclear(PQexec(c, "BEGIN; SELECT * FROM corv.delivery FOR UPDATE"));
    is(corv_act_retry(inspect, VTO, 1, ACTOR, &changed, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "store.locked");
    PQfinish(c);
    fault = (struct corv_fault){0};
    is(corv_act_retry(inspect, VTO, 1, ACTOR, &changed, &fault), CORV_OK);
    trail_has(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_CASE(retry_makes_dead_and_waiting_ones_due),
        FIXTURE_CASE(what_is_under_way_is_left_alone),
        FIXTURE_CASE(what_has_ended_stays_ended),
        FIXTURE_CASE(what_does_not_exist_is_said),
        FIXTURE_CASE(hold_and_release),
        FIXTURE_CASE(a_delivery_in_doubt_is_released_to_a_party_only),
        FIXTURE_CASE(reroute_sends_to_another_party),
        FIXTURE_CASE(drop_ends_a_delivery_with_a_reason),
        FIXTURE_CASE(a_reason_may_hold_no_long_number),
        FIXTURE_CASE(odd_characters_in_a_reason_stay_what_they_are),
        FIXTURE_CASE(change_and_audit_line_are_one_transaction),
        FIXTURE_CASE(actions_at_once_follow_one_another),
        FIXTURE_CASE(an_action_does_not_wait_for_ever),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
