/* SPDX-License-Identifier: EUPL-1.2 */
/* Leasing, settling and their races on a real PostgreSQL. */
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

#define PUTS 40

static struct kit a;
static struct kit b;
static struct kit_put sent[PUTS];

/* Two nodes on one database. */
static int set_up(void **state)
{
    (void)db_up_empty(state);
    kit_open_as(&a, "a");
    kit_open_as(&b, "b");
    return 0;
}

static int tear_down(void **state)
{
    corv_clock_shift_us(0);
    kit_close(&a);
    kit_close(&b);
    kit_puts_free(sent, sizeof sent / sizeof sent[0]);
    return kit_db_down(state);
}

static void store(unsigned n)
{
    unsigned before = a.answered;

    for (unsigned i = 0; i < n; i++)
        kit_put_ask(&sent[i]);
    kit_until_answered(&a, before + n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(sent[i].answer.result, CORV_PUT_STORED);
}

static void make(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        kit_put_make(&a, &sent[i], i, i);
}

static bool settle(struct kit *k, unsigned i, int attempt, enum corv_delivery_state state)
{
    struct kit_settle s;

    kit_settle_make(k, &s, &sent[i].message.id, 1, attempt, state);
    kit_settle_ask(&s);
    kit_until_answered(k, k->answered + 1);
    return s.committed;
}

static void spoed_goes_first_then_the_oldest(void **state)
{
    (void)state;
    make(6);
    sent[3].delivery[0].priority = CORV_PRIORITY_SPOED;
    sent[5].delivery[0].priority = CORV_PRIORITY_SPOED;
    for (unsigned i = 0; i < 6; i++) { /* one by one: due in this order */
        kit_put_ask(&sent[i]);
        kit_until_answered(&a, i + 1);
    }
    assert_int_equal(kit_lease(&a, "raad", 4, 1 << 20), 4);
    static const unsigned order[] = {3, 5, 0, 1};

    for (unsigned i = 0; i < 4; i++) {
        assert_true(corv_id_eq(&a.leased[i]->message, &sent[order[i]].message.id));
        assert_int_equal(a.leased[i]->attempt, 1);
        assert_string_equal(a.leased[i]->party, "raad");
        assert_string_equal(a.leased[i]->route, "vto-raad");
        assert_string_equal(a.leased[i]->kind, "vtoDi01");
        assert_string_equal(a.leased[i]->sender, "vt-flevoland");
        assert_string_equal(a.leased[i]->zender_org, "00000001111111111000");
        assert_string_equal(a.leased[i]->referentie, sent[order[i]].referentie);
        assert_string_equal(a.leased[i]->content_type, "application/xml");
    }
    assert_int_equal(kit_lease(&a, "raad", 4, 1 << 20), 2);
    assert_int_equal(kit_lease(&a, "raad", 4, 1 << 20), 0);
    assert_int_equal(kit_lease(&a, "politie", 4, 1 << 20), 0);
}

/* Larger than a piece, exactly a piece, and one byte more: each comes whole, in one answer. */
static void large_payloads_come_in_pieces_and_whole(void **state)
{
    static const size_t sizes[] = {100, 9500000, 4194304, 4194305, 3 * 4194304};

    (void)state;
    make(5);
    for (unsigned i = 0; i < 5; i++) {
        kit_put_size(&sent[i], sizes[i]);
        kit_put_ask(&sent[i]);
        kit_until_answered(&a, i + 1);
    }
    assert_int_equal(kit_lease(&a, "raad", 5, 1u << 30), 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(a.leased[i]->sealed_size, sizes[i]);
        assert_memory_equal(a.leased[i]->sealed, sent[i].sealed, sizes[i]);
    }
}

static void on_leased(void *ctx, struct corv_leased **leased, size_t n, bool failed)
{
    struct kit *k = ctx;

    assert_false(failed);
    k->leased = leased;
    k->leased_count = n;
    k->reads++;
}

static bool both_read(void *ctx)
{
    (void)ctx;
    (void)uv_run(&b.loop, UV_RUN_NOWAIT);
    return a.reads > 0 && b.reads > 0;
}

static void two_nodes_never_take_the_same(void **state)
{
    bool seen[PUTS] = {false};
    size_t taken = 0;

    (void)state;
    make(PUTS);
    store(PUTS);
    for (int round = 0; taken < PUTS && round < 40; round++) {
        struct corv_lease_lane lane = {"raad", 5};
        struct kit *const both[] = {&a, &b};

        a.reads = b.reads = 0;
        assert_int_equal(corv_queue_lease(a.q, &lane, 1, 1 << 20, on_leased, &a), CORV_OK);
        assert_int_equal(corv_queue_lease(b.q, &lane, 1, 1 << 20, on_leased, &b), CORV_OK);
        kit_until(&a, both_read, NULL, "both leases");
        for (int n = 0; n < 2; n++) {
            for (size_t i = 0; i < both[n]->leased_count; i++)
                for (unsigned p = 0; p < PUTS; p++)
                    if (corv_id_eq(&both[n]->leased[i]->message, &sent[p].message.id)) {
                        assert_false(seen[p]);
                        seen[p] = true;
                        taken++;
                    }
            for (size_t i = 0; i < both[n]->leased_count; i++)
                corv_leased_free(both[n]->leased[i]);
            free(both[n]->leased);
            both[n]->leased = NULL;
            both[n]->leased_count = 0;
        }
    }
    assert_int_equal(taken, PUTS);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE owner IN ('a', 'b')"), PUTS);
    assert_true(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'b'") > 0);
}

static void bytes_bound_what_comes(void **state)
{
    (void)state;
    make(5);
    for (unsigned i = 0; i < 5; i++)
        kit_put_size(&sent[i], 10000);
    store(5);
    assert_int_equal(kit_lease(&a, "raad", 5, 25000), 3); /* the third passes the bound */
    assert_int_equal(kit_lease(&a, "raad", 5, 0), 1);     /* at least one */
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL"), 1);
}

static void a_payload_that_is_gone_comes_as_nothing(void **state)
{
    (void)state;
    make(2);
    store(2);
    test_pg_exec(db, "DELETE FROM corv.payload");
    test_pg_exec(db, "DELETE FROM corv.message WHERE referentie = 'REF-1'");
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 2);
    for (int i = 0; i < 2; i++) {
        assert_null(a.leased[i]->sealed);
        assert_int_equal(a.leased[i]->sealed_size, 0);
    }
    assert_true(settle(&a, 0, 1, CORV_DELIVERY_DEAD));
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), 1);
}

static void a_confirmation_moves_it_out(void **state)
{
    struct kit_settle s;

    (void)state;
    make(1);
    sent[0].delivery[0].lease_now = true;
    store(1);
    assert_int_equal(kit_lease(&b, "raad", 5, 1 << 20), 0); /* a has it */
    kit_settle_make(&a, &s, &sent[0].message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    s.s.status = 202;
    s.s.code = "half \xc3"; /* a partner's text, cut in the middle of a letter */
    s.s.receipt = corv_view_str("ontvangen");
    kit_settle_ask(&s);
    kit_until_answered(&a, 2);
    assert_true(s.committed);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 0);
    assert_int_equal(
        db_number(
            "SELECT count(*) FROM corv.delivery_done WHERE state = 3 AND status = 202 AND"
            " attempts = 1 AND party = 'raad' AND receipt = 'ontvangen' AND code = 'half ?' AND "
            "done_at >= created_at"),
        1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 1);
    assert_true(settle(&a, 0, 1, CORV_DELIVERY_CONFIRMED)); /* again: nothing more happens */
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), 1);
}

/* b took over after a's lease ended: a's "later" and "dead" are history, its confirmation a fact.
 */
static void an_old_lease_changes_nothing_but_confirms(void **state)
{
    struct corv_queue_stats s;

    (void)state;
    make(2);
    store(2);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 2);
    corv_clock_shift_us(INT64_C(200) * 1000000);
    assert_int_equal(kit_lease(&b, "raad", 5, 1 << 20), 2);
    assert_int_equal(b.leased[0]->attempt, 2);
    assert_true(settle(&a, 0, 1, CORV_DELIVERY_WAITING));
    assert_true(settle(&a, 1, 1, CORV_DELIVERY_DEAD));
    assert_true(settle(&b, 0, 1, CORV_DELIVERY_WAITING)); /* the right node, an older attempt */
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 0 AND owner = 'b'"
                               " AND attempts = 2"),
        2);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 0);
    corv_queue_stats_get(a.q, &s);
    assert_int_equal(s.overtaken, 2);
    assert_true(settle(&a, 1, 1, CORV_DELIVERY_CONFIRMED));
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done WHERE state = 3"), 1);
    assert_true(settle(&b, 1, 2, CORV_DELIVERY_DEAD)); /* too late: it is confirmed */
    assert_true(settle(&b, 0, 2, CORV_DELIVERY_WAITING));
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL AND state = 0"
                  " AND last_code = 'deliver.http'"),
        1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 2);
}

static void later_and_held_wait(void **state)
{
    struct kit_settle s;

    (void)state;
    make(2);
    store(2);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 2);
    kit_settle_make(&a, &s, &sent[0].message.id, 1, 1, CORV_DELIVERY_WAITING);
    s.s.due_us = corv_clock_us() + INT64_C(3600) * 1000000;
    s.s.status = 503;
    kit_settle_ask(&s);
    kit_until_answered(&a, a.answered + 1);
    kit_settle_make(&a, &s, &sent[1].message.id, 1, 1, CORV_DELIVERY_HELD);
    s.s.code = "deliver.settings";
    s.s.text = "Controleer het adres van deze partij.";
    kit_settle_ask(&s);
    kit_until_answered(&a, a.answered + 1);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 0);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE state = 0 AND last_status = 503"
                  " AND due_at > now() + interval '59 minutes' AND held_code IS NULL"),
        1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE state = 1 AND owner IS NULL"
                  " AND held_code = 'deliver.settings' AND held_question LIKE 'Controleer%'"),
        1);
    kit_backlog(&a);
    assert_int_equal(a.lanes_count, 1);
    assert_int_equal(a.lanes[0].waiting, 1);
    assert_int_equal(a.lanes[0].due, 0);
    assert_int_equal(a.lanes[0].oldest_due_us, 0);
    assert_true(a.lanes[0].next_due_us > corv_clock_us());
    corv_clock_shift_us(INT64_C(3601) * 1000000);
    kit_backlog(&a);
    assert_int_equal(a.lanes[0].due, 1);
    assert_true(a.lanes[0].oldest_due_us > 0 && a.lanes[0].oldest_due_us < corv_clock_us());
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 1);
    assert_int_equal(a.leased[0]->attempt, 2);
}

static void dead_and_its_fault_are_one_commit(void **state)
{
    struct kit_put fault;
    struct kit_settle s;
    struct corv_queue_stats before;
    struct corv_queue_stats after;

    (void)state;
    make(1);
    store(1);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 1);
    kit_put_make(&a, &fault, 900, 900);
    fault.message.kind = "Fo01";
    fault.message.parent = sent[0].message.id;
    fault.delivery[0].party = "vt-flevoland";
    kit_settle_make(&a, &s, &sent[0].message.id, 1, 1, CORV_DELIVERY_DEAD);
    s.s.fault = &fault.message;
    fault.delivery[0].lease_now = true;
    assert_int_equal(corv_queue_settle(a.q, &s.s), CORV_E_INVALID);
    fault.delivery[0].lease_now = false;
    corv_queue_stats_get(a.q, &before);
    kit_settle_ask(&s);
    kit_until_answered(&a, a.answered + 1);
    corv_queue_stats_get(a.q, &after);
    assert_true(s.committed);
    assert_int_equal(after.commits, before.commits + 1);
    assert_int_equal(a.hints, 1); /* something is due */
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), 1);
    assert_int_equal(kit_lease(&a, "vt-flevoland", 5, 1 << 20), 1);
    assert_string_equal(a.leased[0]->kind, "Fo01");
    assert_true(settle(&a, 0, 1, CORV_DELIVERY_DEAD)); /* dead already: no second fault */
    assert_int_equal(db_number("SELECT count(*) FROM corv.message WHERE kind = 'Fo01'"), 1);
    kit_put_free(&fault);
}

/* Somebody else changes the very row while we settle it: we wait, and meet it as it then is. */
static void a_row_that_moves_meanwhile_is_still_met(void **state)
{
    struct kit_settle sure;
    struct kit_settle later;
    PGconn *c = PQconnectdb(db);

    (void)state;
    make(2);
    store(2);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 2);
    PQclear(PQexec(c, "BEGIN"));
    PQclear(PQexec(c, "UPDATE corv.delivery SET last_code = 'operator'"));
    kit_settle_make(&a, &sure, &sent[0].message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_make(&a, &later, &sent[1].message.id, 1, 1, CORV_DELIVERY_WAITING);
    kit_settle_ask(&sure);
    kit_settle_ask(&later);
    kit_run_ms(&a, 200);
    assert_false(sure.answered || later.answered);
    PQclear(PQexec(c, "COMMIT"));
    PQfinish(c);
    kit_until_answered(&a, a.answered + 2);
    assert_true(sure.committed && later.committed);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL"
                               " AND last_code = 'deliver.http'"),
        1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 2);
}

static void two_settles_of_one_delivery_do_not_share_a_batch(void **state)
{
    struct kit_settle later;
    struct kit_settle sure;

    (void)state;
    make(1);
    store(1);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 1);
    kit_settle_make(&a, &later, &sent[0].message.id, 1, 1, CORV_DELIVERY_WAITING);
    kit_settle_make(&a, &sure, &sent[0].message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&later);
    kit_settle_ask(&sure);
    kit_until_answered(&a, a.answered + 2);
    assert_true(later.committed && sure.committed);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery_done WHERE state = 3"), 1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.settled'"), 2);
}

static void released(void *ctx, bool committed)
{
    *(bool *)ctx = committed;
    a.answered++;
}

static void old_leases_are_given_back(void **state)
{
    bool done = false;

    (void)state;
    make(4);
    sent[0].delivery[0].lease_now = sent[1].delivery[0].lease_now = true;
    store(3);
    assert_int_equal(kit_lease(&b, "raad", 5, 1 << 20), 1);
    assert_int_equal(corv_queue_release_own(a.q, released, &done), CORV_OK);
    sent[3].delivery[0].lease_now = true; /* stored right behind it: stays leased */
    kit_put_ask(&sent[3]);
    kit_until_answered(&a, 5);
    assert_true(done);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'a'"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'b'"), 1);
    /* whoever held one of them before has nothing to say any more */
    assert_true(settle(&a, 0, 1, CORV_DELIVERY_DEAD));
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), 0);
    assert_int_equal(kit_lease(&a, "raad", 5, 1 << 20), 2);
    assert_int_equal(a.leased[0]->attempt, 2);
}

/* What was written last on a primary that is gone may be missing here: that it was sent, too. */
static void what_was_there_at_a_fail_over_may_be_a_repeat(void **state)
{
    (void)state;
    make(2);
    kit_put_ask(&sent[0]);
    kit_until_answered(&a, 1);
    test_pg_exec(db, "UPDATE corv.house SET timeline = 0"); /* as a standby of another one has it */
    assert_int_equal(db_number("SELECT moved::integer FROM corv.enter_house()"), 1);
    assert_int_equal(db_number("SELECT moved::integer FROM corv.enter_house()"), 0);
    test_pg_exec(db, "UPDATE corv.house SET moved_at = moved_at - interval '61 seconds'");
    test_pg_exec(db, "UPDATE corv.delivery SET created_at = created_at - interval '2 minutes'");
    kit_put_ask(&sent[1]); /* taken in afterwards: nobody can have sent it */
    kit_until_answered(&a, 2);
    assert_int_equal(kit_lease(&a, "raad", 4, 1 << 20), 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            a.leased[i]->attempt, corv_id_eq(&a.leased[i]->message, &sent[0].message.id) ? 2 : 1);
    assert_true(settle(&a, 0, 2, CORV_DELIVERY_DEAD));
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), 1);
}

static bool hinted(void *ctx)
{
    (void)ctx;
    return a.hints > 0;
}

/* One of them may be due a millisecond after the other. */
static bool due_now(void *ctx)
{
    size_t *taken = ctx;

    *taken += kit_lease(&a, "raad", 9, 1 << 20);
    return *taken == 2;
}

/* What the fast clock stored and put off must not wait until it would have been right. */
static void a_clock_that_goes_back_keeps_nobody_waiting(void **state)
{
    static struct kit_put fast[2];
    struct kit_settle later;
    size_t taken = 0;

    (void)state;
    corv_clock_shift_us(7200 * INT64_C(1000000));
    for (unsigned i = 0; i < 2; i++) {
        kit_put_make(&a, &fast[i], 900 + i, i);
        kit_put_ask(&fast[i]);
    }
    kit_until_answered(&a, a.answered + 2);
    assert_int_equal(kit_lease(&a, "raad", 1, 1 << 20), 1);
    kit_settle_make(
        &a, &later, &a.leased[0]->message, 1, a.leased[0]->attempt, CORV_DELIVERY_WAITING);
    later.s.due_us = corv_clock_us() + 1000;
    kit_settle_ask(&later);
    kit_until_answered(&a, a.answered + 1);
    corv_clock_shift_us(0);
    kit_until(&a, due_now, &taken, "due");
    for (unsigned i = 0; i < 2; i++)
        kit_put_free(&fast[i]);
}

static void at_the_start(void *ctx, bool committed)
{
    struct kit *k = ctx;

    k->committed += committed;
    k->answered++;
}

/* It ended while the clock was ahead; the next one has never seen another clock. */
static void a_clock_that_went_back_unseen_keeps_nobody_waiting(void **state)
{
    static struct kit_put fast[3];
    struct kit_settle later;
    struct kit c;

    (void)state;
    corv_clock_shift_us(7200 * INT64_C(1000000));
    kit_open_as(&c, "c");
    for (unsigned i = 0; i < 3; i++) {
        kit_put_make(&c, &fast[i], 900 + i, i);
        kit_put_ask(&fast[i]);
    }
    kit_until_answered(&c, 3);
    assert_int_equal(kit_lease(&c, "raad", 1, 1 << 20), 1);
    kit_settle_make(
        &c, &later, &c.leased[0]->message, 1, c.leased[0]->attempt, CORV_DELIVERY_WAITING);
    later.s.due_us = corv_clock_us() + INT64_C(60) * 1000000;
    kit_settle_ask(&later);
    kit_until_answered(&c, 4);
    kit_close(&c);
    corv_clock_shift_us(0);
    kit_open_as(&c, "c");
    assert_int_equal(kit_lease(&c, "raad", 9, 1 << 20), 0);
    for (unsigned i = 1; i <= 2; i++) { /* the next start finds it as it is */
        corv_queue_bring_back(c.q);
        assert_int_equal(corv_queue_release_own(c.q, at_the_start, &c), CORV_OK);
        kit_until_answered(&c, i);
        assert_int_equal(c.committed, i);
    }
    assert_int_equal(kit_lease(&c, "raad", 9, 1 << 20), 2); /* and the third in a minute */
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL"
                               " AND due_at BETWEEN now() + interval '30 seconds'"
                               " AND now() + interval '61 seconds'"),
        1);
    kit_close(&c);
    for (unsigned i = 0; i < 3; i++)
        kit_put_free(&fast[i]);
}

/* Asked while the clock was ahead, written when it was right again. */
static void a_delay_asked_by_a_clock_that_was_ahead_is_as_long_as_was_meant(void **state)
{
    struct kit_settle later;
    struct corv_id id;

    (void)state;
    make(1);
    store(1);
    assert_int_equal(kit_lease(&a, "raad", 1, 1 << 20), 1);
    id = a.leased[0]->message;
    corv_clock_shift_us(900 * INT64_C(1000000));
    assert_int_equal(kit_lease(&a, "politie", 1, 1 << 20), 0); /* it has seen the jump */
    kit_settle_make(&a, &later, &id, 1, 1, CORV_DELIVERY_WAITING);
    later.s.due_us = corv_clock_us() + INT64_C(60) * 1000000;
    kit_settle_ask(&later);
    corv_clock_shift_us(0);
    kit_until_answered(&a, 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL"
                               " AND due_at BETWEEN now() + interval '30 seconds'"
                               " AND now() + interval '61 seconds'"),
        1);
}

/* So many that one statement may not take the time for all of them. */
static void a_mountain_written_ahead(void)
{
    test_pg_exec(db,
        "INSERT INTO corv.delivery (message_id, no, route, party, priority, state, due_at,"
        " created_at) SELECT gen_random_uuid(), 1, 'vto-raad', 'politie', 0, 0, t, t"
        " FROM (SELECT now() + interval '2 hours' + i * interval '1 ms' AS t"
        "  FROM generate_series(1, 100000) i) m");
}

static bool nothing_waits_for_later(void *ctx)
{
    (void)ctx;
    return db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NULL AND due_at > now()") ==
           0;
}

static void a_mountain_put_off_keeps_no_node_from_starting(void **state)
{
    struct kit c;

    (void)state;
    a_mountain_written_ahead();
    kit_open(&c, (struct corv_queue_options){.conninfo = db, .node = "c", .wait_ms = 1600}, true);
    assert_int_equal(corv_queue_release_own(c.q, at_the_start, &c), CORV_OK);
    corv_queue_bring_back(c.q);
    kit_until_answered(&c, 1);
    assert_int_equal(c.committed, 1);
    kit_until(&c, nothing_waits_for_later, NULL, "all are due");
    kit_close(&c);
}

static void a_mountain_put_off_keeps_no_message_out(void **state)
{
    struct kit_put p[2];
    struct kit c;

    (void)state;
    kit_open(&c, (struct corv_queue_options){.conninfo = db, .node = "c", .wait_ms = 1600}, true);
    corv_clock_shift_us(7200 * INT64_C(1000000));
    for (unsigned i = 0; i < 2; i++) {
        kit_put_make(&c, &p[i], 900 + i, i);
        if (i == 1) {
            a_mountain_written_ahead();
            corv_clock_shift_us(0);
        }
        kit_put_ask(&p[i]);
        kit_until_answered(&c, i + 1);
        assert_int_equal(p[i].answer.result, CORV_PUT_STORED);
    }
    kit_until(&c, nothing_waits_for_later, NULL, "all are due");
    kit_close(&c);
    for (unsigned i = 0; i < 2; i++)
        kit_put_free(&p[i]);
}

static bool off(void *ctx)
{
    const char *why = corv_queue_trouble(((struct kit *)ctx)->q);

    return why && strcmp(why, "database-went-back") == 0;
}

/* An older copy put back under our sessions: what it calls waiting may have gone out. */
static void nothing_is_taken_from_a_database_that_went_back(void **state)
{
    (void)state;
    make(2);
    store(2);
    test_pg_exec(db, "UPDATE corv.audit_head SET seq = seq - 1 WHERE seq > 0");
    assert_int_equal(kit_lease(&a, "raad", 9, 1 << 20), 0);
    assert_true(a.read_failed);
    kit_until(&a, off, &a, "stays off");
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE owner IS NOT NULL"), 0);
    test_pg_exec(db, "UPDATE corv.audit_head SET seq = seq + 1 WHERE seq > 0");
    kit_until_connected(&a, true);
    assert_int_equal(kit_lease(&a, "raad", 9, 1 << 20), 2);
}

static void a_notification_is_heard(void **state)
{
    (void)state;
    test_pg_exec(db, "NOTIFY corv_due");
    kit_until(&a, hinted, NULL, "hint");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(spoed_goes_first_then_the_oldest),
        TEST(two_nodes_never_take_the_same),
        TEST(bytes_bound_what_comes),
        TEST(large_payloads_come_in_pieces_and_whole),
        TEST(a_payload_that_is_gone_comes_as_nothing),
        TEST(a_confirmation_moves_it_out),
        TEST(an_old_lease_changes_nothing_but_confirms),
        TEST(later_and_held_wait),
        TEST(dead_and_its_fault_are_one_commit),
        TEST(a_row_that_moves_meanwhile_is_still_met),
        TEST(two_settles_of_one_delivery_do_not_share_a_batch),
        TEST(old_leases_are_given_back),
        TEST(what_was_there_at_a_fail_over_may_be_a_repeat),
        TEST(a_clock_that_goes_back_keeps_nobody_waiting),
        TEST(a_clock_that_went_back_unseen_keeps_nobody_waiting),
        TEST(a_delay_asked_by_a_clock_that_was_ahead_is_as_long_as_was_meant),
        TEST(a_mountain_put_off_keeps_no_node_from_starting),
        TEST(a_mountain_put_off_keeps_no_message_out),
        TEST(nothing_is_taken_from_a_database_that_went_back),
        TEST(a_notification_is_heard),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
