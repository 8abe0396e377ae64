/* SPDX-License-Identifier: EUPL-1.2 */
/* Puts, repeats, conflicts and bad values on a real PostgreSQL. */
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

static void put_one(struct kit_put *p, unsigned reference, unsigned content)
{
    kit_put_make(&kit, p, reference, content);
    kit_put_ask(p);
    kit_until_answered(&kit, kit.answered + 1);
}

static void a_put_is_stored_whole(void **state)
{
    struct kit_put p;

    (void)state;
    kit_put_make(&kit, &p, 1, 1);
    p.message.deliveries_count = 2;
    p.delivery[0].priority = CORV_PRIORITY_SPOED;
    p.delivery[1].state = CORV_DELIVERY_HELD;
    p.delivery[1].party = NULL;
    p.delivery[1].held_code = "route.gemeente-in-doubt";
    p.delivery[1].held_question = "Welke gemeente is verantwoordelijk?";
    kit_put_ask(&p);
    kit_until_answered(&kit, 1);
    assert_int_equal(p.answer.result, CORV_PUT_STORED);
    assert_true(corv_id_eq(&p.answer.first, &p.message.id));
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.message WHERE kind = 'vtoDi01' AND variant = ''"
                  " AND referentie = 'REF-1' AND size = 300 AND parent_id IS NULL"
                  " AND mandated_by IS NULL AND decision = '{\"route\":\"vto-raad\"}'"
                  " AND now() - received_at < interval '1 minute'"),
        1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.payload WHERE length(sealed) = 300"), 1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE no = 1 AND state = 0"
                  " AND priority = 0 AND party = 'raad' AND owner IS NULL AND attempts = 0"
                  " AND due_at <= now()"),
        1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE no = 2 AND state = 1 AND"
                               " party IS NULL AND held_code = 'route.gemeente-in-doubt'"
                               " AND held_question LIKE 'Welke%'"),
        1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.stored'"
                               " AND actor = 'node:a' AND party = 'vt-flevoland'"),
        1);
    kit_put_free(&p);
}

static void the_payload_comes_back_as_it_was(void **state)
{
    struct kit_put small;
    struct kit_put big;

    (void)state;
    kit_put_make(&kit, &small, 1, 1);
    kit_put_size(&small, 6000);
    kit_put_make(&kit, &big, 2, 2);
    kit_put_size(&big, 3 << 20);
    kit_put_ask(&small);
    kit_put_ask(&big);
    kit_until_answered(&kit, 2);
    assert_int_equal(kit_lease(&kit, "raad", 10, 100 << 20), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct corv_leased *d = kit.leased[i];
        const struct kit_put *p = corv_id_eq(&d->message, &small.message.id) ? &small : &big;

        assert_int_equal(d->sealed_size, p->sealed_size);
        assert_memory_equal(d->sealed, p->sealed, p->sealed_size);
        assert_memory_equal(d->digest.b, p->message.digest.b, CORV_DIGEST);
    }
    kit_put_free(&small);
    kit_put_free(&big);
}

static void a_repeat_gets_the_first_number(void **state)
{
    struct kit_put first;
    struct kit_put again;
    struct kit_put other;

    (void)state;
    put_one(&first, 7, 1);
    put_one(&again, 7, 1);
    put_one(&other, 7, 2);
    assert_int_equal(first.answer.result, CORV_PUT_STORED);
    assert_int_equal(again.answer.result, CORV_PUT_REPEAT);
    assert_true(corv_id_eq(&again.answer.first, &first.message.id));
    assert_int_equal(other.answer.result, CORV_PUT_CONFLICT);
    assert_true(corv_id_eq(&other.answer.first, &first.message.id));
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.repeated'"), 1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'message.conflict' AND "
                  "code = 'StUF016'"),
        1);
    kit_put_free(&first);
    kit_put_free(&again);
    kit_put_free(&other);
}

static void a_hundred_at_once_share_few_commits(void **state)
{
    static struct kit_put p[100];
    unsigned stored = 0;
    unsigned repeat = 0;
    unsigned conflict = 0;
    struct corv_queue_stats s;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        /* 80 references; twenty come twice: ten with the same content, ten with other content */
        unsigned reference = i < 80 ? i : i - 80;

        kit_put_make(&kit, &p[i], reference, i < 90 ? reference : 1000 + i);
        kit_put_ask(&p[i]);
    }
    kit_until_answered(&kit, 100);
    for (unsigned i = 0; i < 100; i++) {
        stored += p[i].answer.result == CORV_PUT_STORED;
        repeat += p[i].answer.result == CORV_PUT_REPEAT;
        conflict += p[i].answer.result == CORV_PUT_CONFLICT;
        if (i >= 80)
            assert_true(corv_id_eq(&p[i].answer.first, &p[i - 80].message.id));
        kit_put_free(&p[i]);
    }
    corv_queue_stats_get(kit.q, &s);
    assert_int_equal(stored, 80);
    assert_int_equal(repeat, 10);
    assert_int_equal(conflict, 10);
    assert_int_equal(s.commits, 2); /* the doubles wait for the first batch */
    assert_int_equal(s.items, 100);
    assert_int_equal(s.backlog, 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 80);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit"), 100);
}

static void a_poisoned_one_harms_nobody(void **state)
{
    static struct kit_put p[21];
    struct corv_queue_stats s;

    (void)state;
    for (unsigned i = 0; i < 21; i++) {
        kit_put_make(&kit, &p[i], i, i);
        if (i == 13)
            p[i].message.crossref = "\xff";
        kit_put_ask(&p[i]);
    }
    kit_until_answered(&kit, 21);
    for (unsigned i = 0; i < 21; i++) {
        assert_int_equal(p[i].answer.result, i == 13 ? CORV_PUT_REJECTED : CORV_PUT_STORED);
        kit_put_free(&p[i]);
    }
    corv_queue_stats_get(kit.q, &s);
    assert_true(s.item_by_item > 0);
    assert_true(s.reconnects == 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 20);
    assert_int_equal(db_number("SELECT count(*) FROM corv.dedup"), 20);
}

static void poison_in_the_audit_line_or_the_reference(void **state)
{
    static struct kit_put p[6];

    (void)state;
    for (unsigned i = 0; i < 6; i++)
        kit_put_make(&kit, &p[i], i, i);
    p[1].stored.detail = "{\"x\":\"\xc3\x28\"}";
    p[3].message.id = p[2].message.id; /* a number that exists already */
    p[4].message.kind = NULL;
    for (unsigned i = 0; i < 4; i++)
        kit_put_ask(&p[i]);
    assert_int_equal(corv_queue_put(kit.q, &p[4].put), CORV_E_INVALID);
    p[5].delivery[0].priority = 3;
    assert_int_equal(corv_queue_put(kit.q, &p[5].put), CORV_E_INVALID);
    kit_until_answered(&kit, 4);
    assert_int_equal(p[0].answer.result, CORV_PUT_STORED);
    assert_int_equal(p[1].answer.result, CORV_PUT_REJECTED);
    assert_int_equal(p[2].answer.result, CORV_PUT_STORED);
    assert_int_equal(p[3].answer.result, CORV_PUT_REJECTED);
    for (unsigned i = 0; i < 6; i++)
        kit_put_free(&p[i]);
}

/* What PostgreSQL refuses while it is asked ends neither the session nor what shares the batch. */
static void poison_in_a_question_harms_nobody(void **state)
{
    struct kit_put first, next;
    struct kit_settle s;
    struct corv_queue_stats stats;

    (void)state;
    kit_put_make(&kit, &first, 0, 0);
    first.delivery[0].lease_now = true;
    kit_put_ask(&first);
    kit_until_answered(&kit, 1);
    test_pg_exec(db, "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                     " RAISE EXCEPTION USING ERRCODE = '22000'; END $$;"
                     "CREATE TRIGGER refuse BEFORE UPDATE ON corv.delivery FOR EACH ROW"
                     " EXECUTE FUNCTION public.refuse()");
    kit_settle_make(&kit, &s, &first.message.id, 1, 1, CORV_DELIVERY_WAITING);
    kit_put_make(&kit, &next, 1, 1);
    kit_settle_ask(&s);
    kit_put_ask(&next);
    kit_until_answered(&kit, 3);
    assert_int_equal(next.answer.result, CORV_PUT_STORED);
    assert_false(s.committed);
    corv_queue_stats_get(kit.q, &stats);
    assert_int_equal(stats.item_by_item, 1);
    assert_int_equal(stats.reconnects, 0);
    kit_put_free(&first);
    kit_put_free(&next);
}

static void derived_messages_come_with_it(void **state)
{
    struct kit_put p;
    struct corv_queue_message both[2];
    struct corv_queue_delivery notice = {.no = 1,
        .route = "vto-gemeente",
        .party = "lelystad",
        .priority = CORV_PRIORITY_NORMAL,
        .state = CORV_DELIVERY_WAITING,
        .lease_now = true};

    (void)state;
    kit_put_make(&kit, &p, 1, 1);
    both[0] = both[1] = p.message;
    assert_int_equal(corv_id_new(&both[1].id), CORV_OK);
    both[1].parent = both[0].id;
    both[1].kind = "kennisgevingVto";
    both[1].deliveries = &notice;
    p.put.messages = both;
    p.put.messages_count = 2;
    kit_put_ask(&p);
    kit_until_answered(&kit, 1);
    assert_int_equal(p.answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message c JOIN corv.message m"
                               " ON m.id = c.parent_id WHERE c.kind = 'kennisgevingVto'"),
        1);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.delivery WHERE owner = 'a' AND attempts = 1"
                  " AND party = 'lelystad' AND due_at > now() + interval '100 s'"),
        1);
    kit_put_free(&p);
}

static void noted(void *ctx, bool committed)
{
    *(int *)ctx = committed ? 1 : -1;
    kit.answered++;
}

static void a_note_is_an_audit_line(void **state)
{
    struct corv_queue_event event = {
        .event = "message.refused", .code = "schema.invalid", .detail = "{\"findings\":3}"};
    struct corv_queue_event bad = {.event = "x", .code = "\xff"};
    int good = 0;
    int poisoned = 0;

    (void)state;
    assert_int_equal(corv_queue_note(kit.q, &event, noted, &good), CORV_OK);
    assert_int_equal(corv_queue_note(kit.q, &bad, noted, &poisoned), CORV_OK);
    assert_int_equal(good, 0); /* never from inside the call */
    kit_until_answered(&kit, 2);
    assert_int_equal(good, 1);
    assert_int_equal(poisoned, -1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE code = 'schema.invalid'"
                               " AND message_id IS NULL AND detail = '{\"findings\":3}'"),
        1);
}

static void the_role_cannot_change_the_trail(void **state)
{
    struct kit_put p;
    struct kit_put p2;
    PGconn *c = PQconnectdb(db);

    (void)state;
    put_one(&p, 1, 1);
    PQclear(PQexec(c, "SET ROLE corv_app"));
    for (int i = 0; i < 3; i++) {
        static const char *const tries[] = {
            "UPDATE corv.audit SET event = 'x'", "DELETE FROM corv.audit", "TRUNCATE corv.audit"};
        PGresult *r = PQexec(c, tries[i]);

        assert_string_equal(PQresultErrorField(r, PG_DIAG_SQLSTATE), "42501");
        PQclear(r);
    }
    PQfinish(c);
    /* and it is as this role that the queue writes */
    test_pg_exec(db, "ALTER TABLE corv.audit ADD who text DEFAULT current_user");
    put_one(&p2, 2, 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE who = 'corv_app'"), 1);
    kit_put_free(&p2);
    kit_put_free(&p);
}

static void a_full_backlog_says_not_now(void **state)
{
    static struct kit_put p[12];
    struct kit small;
    unsigned again = 0;

    (void)state;
    kit_open(&small, (struct corv_queue_options){.conninfo = db, .node = "b", .backlog = 8}, true);
    for (unsigned i = 0; i < 12; i++) {
        kit_put_make(&small, &p[i], 100 + i, i);
        again += corv_queue_put(small.q, &p[i].put) == CORV_AGAIN;
    }
    assert_int_equal(again, 6); /* a quarter is kept for settles and notes */
    kit_until_answered(&small, 6);
    assert_int_equal(small.committed, 6);
    for (unsigned i = 0; i < 12; i++)
        kit_put_free(&p[i]);
    kit_close(&small);
}

static void ask_put(struct kit_put *p, unsigned number)
{
    kit_put_make(&kit, p, number, number);
    kit_put_ask(p);
}

/* A confirmation waits for others, then for a message to go along with; nothing else waits. */
static void confirmations_wait_for_company(void **state)
{
    struct corv_queue_stats before, after;
    struct kit_put p, q[2];
    struct kit_settle s, t;

    (void)state;
    kit_close(&kit);
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = db, .node = "a", .company_ms = 1000}, true);
    kit_put_make(&kit, &p, 1, 1);
    p.message.deliveries_count = 2;
    p.delivery[1] = p.delivery[0];
    p.delivery[1].no = 2;
    p.delivery[0].lease_now = p.delivery[1].lease_now = true;
    kit_put_ask(&p);
    kit_until_answered(&kit, 1); /* a message never waits */
    corv_queue_stats_get(kit.q, &before);
    kit_settle_make(&kit, &s, &p.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&s);
    ask_put(&q[0], 2);
    kit_until_answered(&kit, 2);
    assert_false(s.answered); /* it is no hurry yet */
    kit_run_ms(&kit, 1100);
    assert_false(s.answered);
    ask_put(&q[1], 3);
    kit_until_answered(&kit, 4);
    corv_queue_stats_get(kit.q, &after);
    assert_int_equal(after.commits, before.commits + 2); /* shared with the second one */
    assert_true(s.committed);
    kit_settle_make(&kit, &t, &p.message.id, 2, 1, CORV_DELIVERY_WAITING);
    t.s.due_us = corv_clock_us() + 1000000;
    kit_settle_ask(&t);
    kit_until_answered(&kit, 5); /* what is no confirmation does not wait */
    kit_put_free(&p);
    kit_put_free(&q[0]);
    kit_put_free(&q[1]);
}

static void company_has_an_end(void **state)
{
    struct kit_put p;
    struct kit_settle s;

    (void)state;
    kit_close(&kit);
    kit_open(
        &kit, (struct corv_queue_options){.conninfo = db, .node = "a", .company_ms = 20}, true);
    kit_put_make(&kit, &p, 1, 1);
    p.delivery[0].lease_now = true;
    kit_put_ask(&p);
    kit_until_answered(&kit, 1);
    kit_settle_make(&kit, &s, &p.message.id, 1, 1, CORV_DELIVERY_CONFIRMED);
    kit_settle_ask(&s);
    kit_until_answered(&kit, 2);
    assert_true(s.committed);
    kit_put_free(&p);
}

static void closing_finishes_what_is_under_way(void **state)
{
    static struct kit_put p[50];
    struct kit other;

    (void)state;
    kit_open(
        &other, (struct corv_queue_options){.conninfo = db, .node = "b", .batch_items = 8}, true);
    for (unsigned i = 0; i < 50; i++) {
        kit_put_make(&other, &p[i], i, i);
        kit_put_ask(&p[i]);
    }
    kit_close(&other);
    for (unsigned i = 0; i < 50; i++) {
        assert_true(p[i].answered);
        assert_int_equal(p[i].answer.result, CORV_PUT_STORED);
        kit_put_free(&p[i]);
    }
    assert_int_equal(db_number("SELECT count(*) FROM corv.message"), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_put_is_stored_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_payload_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repeat_gets_the_first_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hundred_at_once_share_few_commits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_poisoned_one_harms_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            poison_in_the_audit_line_or_the_reference, set_up, tear_down),
        cmocka_unit_test_setup_teardown(poison_in_a_question_harms_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(derived_messages_come_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_note_is_an_audit_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_role_cannot_change_the_trail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_backlog_says_not_now, set_up, tear_down),
        cmocka_unit_test_setup_teardown(confirmations_wait_for_company, set_up, tear_down),
        cmocka_unit_test_setup_teardown(company_has_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_finishes_what_is_under_way, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
