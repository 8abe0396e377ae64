/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail is tampered with in every way we could think of. */
#include "tests/unit/inspect_fixture.h"

#define LINES              9
#define TO_ANOTHER_MESSAGE ("message_id = '" NOTI "'")

static struct corv_audit_report report;

static void verify(void)
{
    corv_rc rc = corv_inspect_verify(inspect, &report, &fault);

    if (rc != CORV_OK)
        fail_msg("%s: %s", fault.code, fault.text);
}

static void is_broken_at(const char *sql, int64_t seq)
{
    verify();
    assert_int_equal(report.broken.seq, 0);
    test_pg_exec(db, sql);
    verify();
    if (report.broken.seq != seq || report.broken.chain != 1)
        fail_msg("%s: chain %d line %d: %s", sql, report.broken.chain, (int)report.broken.seq,
            report.broken.what);
    assert_string_not_equal(report.broken.what, "");
}

static void whole_chains_are_whole(void **state)
{
    (void)state;
    verify();
    assert_int_equal(report.chains, 0);
    fixture_chain(1, "node1", LINES);
    fixture_chain(2, "node2", 1);
    fixture_chain(3, "operator", 0);
    verify();
    assert_int_equal(report.broken.seq, 0);
    assert_int_equal(report.chains, 3);
    assert_int_equal(report.lines, LINES + 1);
    assert_int_equal(report.verified, LINES + 1);
}

static void more_lines_than_a_portion(void **state)
{
    (void)state;
    fixture_chain(1, "node1", 2001);
    verify();
    assert_int_equal(report.broken.seq, 0);
    assert_int_equal(report.verified, 2001);
    test_pg_exec(db, "UPDATE corv.audit SET actor = 'x' WHERE seq = 2001");
    verify();
    assert_int_equal(report.broken.seq, 2001);
}

/* One column of one line in the middle; each in a chain of its own database. */
static void any_changed_column_is_found(void **state)
{
    static const char *const changes[] = {
        "at = at + interval '1 microsecond'", "event = event || 'x'", "event = ''",
        TO_ANOTHER_MESSAGE, "message_id = NULL", "delivery = delivery + 1", "party = 'om'",
        "party = NULL", "actor = 'node:other'", "actor = ''", "code = 'other.code'", "code = NULL",
        "detail = '{\"n\":6}'", "detail = NULL", "salt = decode(repeat('01', 16), 'hex')",
        "salt = ''", "hash = decode(repeat('00', 32), 'hex')", "hash = ''",
        "party = '', code = party || code", /* moved over the border of a field */
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char sql[200];

        test_pg_exec(db, "TRUNCATE corv.audit, corv.audit_head, corv.audit_chain");
        fixture_chain(1, "node1", LINES);
        (void)snprintf(sql, sizeof sql, "UPDATE corv.audit SET %s WHERE seq = 5", changes[i]);
        is_broken_at(sql, 5);
    }
}

static void a_line_of_another_chain_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    fixture_chain(2, "node2", LINES);
    is_broken_at("UPDATE corv.audit a SET salt = b.salt, hash = b.hash FROM corv.audit b"
                 " WHERE a.chain = 1 AND a.seq = 3 AND b.chain = 2 AND b.seq = 3",
        3);
}

static void a_removed_line_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit WHERE seq = 5", 5);
}

static void a_removed_line_with_the_others_moved_up_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit WHERE seq = 5;"
                 "UPDATE corv.audit SET seq = seq - 1 WHERE seq > 5;"
                 "UPDATE corv.audit_head SET seq = seq - 1",
        5);
}

static void a_removed_beginning_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit WHERE seq <= 2", 1);
}

static void a_removed_end_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit WHERE seq > 7", 8);
}

static void a_removed_end_with_a_number_put_back_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit WHERE seq > 7; UPDATE corv.audit_head SET seq = 7", 7);
}

static void everything_removed_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit", 1);
}

static void a_removed_head_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit_head", 1);
}

static void a_head_and_its_lines_removed_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("DELETE FROM corv.audit_head; DELETE FROM corv.audit", 1);
}

static void a_changed_head_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("UPDATE corv.audit_head SET hash = decode(repeat('00', 32), 'hex')", LINES);
}

static void an_unreadable_head_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("UPDATE corv.audit_head SET hash = '\\x00'", LINES);
}

static void a_head_put_back_before_the_lines_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("UPDATE corv.audit_head h SET seq = 7, hash = a.hash FROM corv.audit a"
                 " WHERE a.seq = 7",
        8);
}

static void two_lines_swapped_are_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("UPDATE corv.audit SET seq = -1 WHERE seq = 4;"
                 "UPDATE corv.audit SET seq = 4 WHERE seq = 6;"
                 "UPDATE corv.audit SET seq = 6 WHERE seq = -1",
        4);
}

static void a_line_that_is_there_twice_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("INSERT INTO corv.audit SELECT chain, seq, at + interval '1 second', event,"
                 " message_id, delivery, party, actor, code, detail, salt, hash"
                 " FROM corv.audit WHERE seq = 4",
        4);
}

static void a_line_before_the_first_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("INSERT INTO corv.audit SELECT chain, 0, at, event, message_id, delivery, party,"
                 " actor, code, detail, salt, hash FROM corv.audit WHERE seq = 1",
        1);
}

static void a_line_after_the_last_is_found(void **state)
{
    (void)state;
    fixture_chain(1, "node1", LINES);
    is_broken_at("INSERT INTO corv.audit SELECT chain, seq + 1, at, event, message_id, delivery,"
                 " party, actor, code, detail, salt, hash FROM corv.audit WHERE seq = 9",
        10);
}

static void a_whole_chain_with_a_made_up_number_is_found(void **state)
{
    (void)state;
    test_pg_exec(db, "INSERT INTO corv.audit (chain, seq, at, event, actor, salt, hash)"
                     " VALUES (1, 1, now(), 'x', 'y', '', '')");
    verify();
    assert_int_equal(report.broken.chain, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_CASE(whole_chains_are_whole),
        FIXTURE_CASE(more_lines_than_a_portion),
        FIXTURE_CASE(any_changed_column_is_found),
        FIXTURE_CASE(a_line_of_another_chain_is_found),
        FIXTURE_CASE(a_removed_line_is_found),
        FIXTURE_CASE(a_removed_line_with_the_others_moved_up_is_found),
        FIXTURE_CASE(a_removed_beginning_is_found),
        FIXTURE_CASE(a_removed_end_is_found),
        FIXTURE_CASE(a_removed_end_with_a_number_put_back_is_found),
        FIXTURE_CASE(everything_removed_is_found),
        FIXTURE_CASE(a_removed_head_is_found),
        FIXTURE_CASE(a_head_and_its_lines_removed_is_found),
        FIXTURE_CASE(a_changed_head_is_found),
        FIXTURE_CASE(an_unreadable_head_is_found),
        FIXTURE_CASE(a_head_put_back_before_the_lines_is_found),
        FIXTURE_CASE(two_lines_swapped_are_found),
        FIXTURE_CASE(a_line_that_is_there_twice_is_found),
        FIXTURE_CASE(a_line_before_the_first_is_found),
        FIXTURE_CASE(a_line_after_the_last_is_found),
        FIXTURE_CASE(a_whole_chain_with_a_made_up_number_is_found),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
