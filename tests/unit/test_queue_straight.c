/* SPDX-License-Identifier: EUPL-1.2 */
/* Batches in one turn, and what makes them go again step by step. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"

static struct kit kit;

static int set_up(void **state)
{
    (void)db_up_empty(state);
    kit_open_as(&kit, "a");
    return 0;
}

static int tear_down(void **state)
{
    kit_close(&kit);
    return kit_db_down(state);
}

static uint64_t second_looks(void)
{
    struct corv_queue_stats s;

    corv_queue_stats_get(kit.q, &s);
    assert_int_equal(s.item_by_item, 0);
    assert_int_equal(s.reconnects, 0);
    return s.second_looks;
}

/* Stored, and leased by us. */
static void put_leased(struct kit_put *p, unsigned number)
{
    kit_put_make(&kit, p, number, number);
    p->delivery[0].lease_now = true;
    kit_put_ask(p);
    kit_until_answered(&kit, kit.answered + 1);
    assert_int_equal(p->answer.result, CORV_PUT_STORED);
}

static void what_is_plain_goes_in_one_turn(void **state)
{
    struct kit_put first, next;
    struct kit_settle s;
    struct corv_queue_stats before, after;

    (void)state;
    put_leased(&first, 1);
    corv_queue_stats_get(kit.q, &before);
    kit_settle_make(&kit, &s, &first.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&s);
    kit_put_make(&kit, &next, 2, 2);
    kit_put_ask(&next);
    kit_until_answered(&kit, 3);
    corv_queue_stats_get(kit.q, &after);
    assert_int_equal(after.commits, before.commits + 1);
    assert_int_equal(second_looks(), 0);
    assert_true(s.committed);
    assert_int_equal(next.answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done WHERE state = 3"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.dedup"), 2);
    kit_put_free(&first);
    kit_put_free(&next);
}

static void a_repeat_does_not_hurt_what_shares_its_batch(void **state)
{
    static struct kit_put p[6];
    struct kit_put first, again;

    (void)state;
    put_leased(&first, 1);
    for (unsigned i = 0; i < 6; i++) {
        kit_put_make(&kit, &p[i], i < 5 ? 10 + i : 1, i < 5 ? i : 1);
        kit_put_ask(&p[i]);
    }
    kit_until_answered(&kit, 7);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(p[i].answer.result, i < 5 ? CORV_PUT_STORED : CORV_PUT_REPEAT);
    assert_true(corv_id_eq(&p[5].answer.first, &first.message.id));
    assert_int_equal(second_looks(), 1);
    kit_put_make(&kit, &again, 1, 2);
    kit_put_ask(&again);
    kit_until_answered(&kit, 8);
    assert_int_equal(again.answer.result, CORV_PUT_CONFLICT);
    assert_int_equal(second_looks(), 1); /* repeats seldom come alone: we look first for a while */
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 6);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.stored'"), 6);
    for (unsigned i = 0; i < 6; i++)
        kit_put_free(&p[i]);
    kit_put_free(&first);
    kit_put_free(&again);
}

static void a_delivery_that_ended_elsewhere_is_no_loss(void **state)
{
    struct kit_put first, next;
    struct kit_settle s;

    (void)state;
    put_leased(&first, 1);
    test_pg_exec(db, "DELETE FROM corv.delivery");
    kit_settle_make(&kit, &s, &first.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&s);
    kit_put_make(&kit, &next, 2, 2);
    kit_put_ask(&next);
    kit_until_answered(&kit, 3);
    assert_true(s.committed); /* nothing to do is done */
    assert_int_equal(next.answer.result, CORV_PUT_STORED);
    assert_int_equal(second_looks(), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), 0);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 0);
    kit_put_free(&first);
    kit_put_free(&next);
}

static bool waits_for_lock(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == 1;
}

/* Another node takes the lease over while we confirm: the confirmation is a fact and counts. */
static void a_row_that_changes_meanwhile_is_confirmed_once(void **state)
{
    PGconn *other = PQconnectdb(db);
    struct kit_put first;
    struct kit_settle s;

    (void)state;
    put_leased(&first, 1);
    PQclear(PQexec(other, "BEGIN"));
    PQclear(PQexec(other, "UPDATE corv.delivery SET owner = 'b', attempts = 2"));
    kit_settle_make(&kit, &s, &first.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&s);
    kit_until(&kit, waits_for_lock, NULL, "we wait for the other node");
    PQclear(PQexec(other, "COMMIT"));
    PQfinish(other);
    kit_until_answered(&kit, 2);
    assert_true(s.committed);
    assert_int_equal(second_looks(), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done WHERE state = 3"), 1);
    kit_put_free(&first);
}

/* Dropping counts only for whoever has the lease. */
static void a_drop_on_an_old_lease_does_nothing(void **state)
{
    struct kit_put first, fault;
    struct kit_settle s;

    (void)state;
    put_leased(&first, 1);
    test_pg_exec(db, "UPDATE corv.delivery SET owner = 'b', attempts = 2");
    kit_settle_make(&kit, &s, &first.message.id, 1, 1, CORV_DELIVERY_DROPPED);
    kit_put_make(&kit, &fault, 2, 2);
    s.s.fault = &fault.message; /* nor does what was to come with it */
    kit_settle_ask(&s);
    kit_until_answered(&kit, 2);
    assert_int_equal(second_looks(), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    kit_put_free(&fault);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'b'"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), 0);
    kit_put_free(&first);
}

#define SAME 300

static bool both_answered(void *ctx)
{
    struct kit *other = ctx;

    (void)uv_run(&other->loop, UV_RUN_NOWAIT);
    return kit.answered == SAME && other->answered == SAME;
}

/* Two nodes are offered the same references at once: each is stored by one of them, and the other
 * one says who was first. */
static void two_nodes_with_the_same_references(void **state)
{
    static struct kit_put mine[SAME], theirs[SAME];
    struct kit b;
    unsigned second = 0;

    (void)state;
    kit_open_as(&b, "b");
    for (unsigned i = 0; i < SAME; i++) {
        unsigned other = SAME - 1 - i;

        kit_put_make(&kit, &mine[i], i, i);
        kit_put_make(&b, &theirs[i], other, other % 10 == 7 ? SAME + other : other);
        kit_put_ask(&mine[i]);
        kit_put_ask(&theirs[i]);
        if (i % 7 == 0) {
            (void)uv_run(&kit.loop, UV_RUN_NOWAIT);
            (void)uv_run(&b.loop, UV_RUN_NOWAIT);
        }
    }
    kit_until(&kit, both_answered, &b, "answers of both");
    for (unsigned i = 0; i < SAME; i++) {
        const struct kit_put *x = &mine[i], *y = &theirs[SAME - 1 - i];
        const struct kit_put *first = x->answer.result == CORV_PUT_STORED ? x : y;
        const struct kit_put *next = first == x ? y : x;

        second += first == y;
        assert_int_equal(first->answer.result, CORV_PUT_STORED);
        assert_int_equal(next->answer.result, i % 10 == 7 ? CORV_PUT_CONFLICT : CORV_PUT_REPEAT);
        assert_true(corv_id_eq(&next->answer.first, &first->message.id));
    }
    assert_in_range(second, 1, SAME - 1); /* or they never met */
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), SAME);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), SAME);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit"), 2 * SAME);
    kit_close(&b);
    for (unsigned i = 0; i < SAME; i++) {
        kit_put_free(&mine[i]);
        kit_put_free(&theirs[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_plain_goes_in_one_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_repeat_does_not_hurt_what_shares_its_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_delivery_that_ended_elsewhere_is_no_loss, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_row_that_changes_meanwhile_is_confirmed_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_nodes_with_the_same_references, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_drop_on_an_old_lease_does_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
