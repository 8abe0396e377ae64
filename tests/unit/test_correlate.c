/* SPDX-License-Identifier: EUPL-1.2 */
/* What a message belongs to, on a real PostgreSQL. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"

static struct kit kit;
static struct kit_put sent[4];

static int tear_down(void **state)
{
    kit_close(&kit);
    kit_puts_free(sent, sizeof sent / sizeof sent[0]);
    return kit_db_down(state);
}

static int64_t correlated(void)
{
    return db_number("SELECT count(*) FROM corv.audit WHERE event = 'delivery.correlated'"
                     " AND delivery = 1 AND party = 'vt-flevoland'");
}

static int64_t unknown(void)
{
    return db_number(
        "SELECT count(*) FROM corv.audit WHERE event = 'message.case-unknown'"
        " AND detail NOT LIKE '%case-%' AND message_id IN (SELECT id FROM corv.message)");
}

static void ask(struct kit_put *p)
{
    kit_put_ask(p);
    kit_until_answered(&kit, kit.answered + 1);
}

/* A message of that sender with that reference, gone to the Raad. */
static void filed(unsigned i, const char *sender, const char *reference)
{
    kit_put_make(&kit, &sent[i], i, i);
    sent[i].message.sender = sender;
    sent[i].message.referentie = reference;
    ask(&sent[i]);
    assert_int_equal(sent[i].answer.result, CORV_PUT_STORED);
}

static void answer_make(unsigned i, const char *who, const char *crossref)
{
    kit_put_make(&kit, &sent[i], i, i);
    sent[i].message.kind = "Bv01Bericht";
    sent[i].message.sender = who;
    sent[i].message.crossref = crossref;
    sent[i].delivery[0].party = NULL;
    sent[i].delivery[0].state = CORV_DELIVERY_HELD;
    sent[i].delivery[0].held_code = "route.answer-in-doubt";
    sent[i].delivery[0].held_question = "Wie stuurde het?";
    sent[i].put.answer_of = who;
}

static const char goes_to_filer[] =
    "SELECT count(*) FROM corv.delivery d JOIN corv.message m ON m.id = d.message_id"
    " WHERE m.kind = 'Bv01Bericht' AND d.state = 0 AND d.party = 'vt-flevoland'"
    " AND d.held_code IS NULL AND d.held_question IS NULL";
static const char waits[] =
    "SELECT count(*) FROM corv.delivery d JOIN corv.message m ON m.id = d.message_id"
    " WHERE m.kind = 'Bv01Bericht' AND d.state = 1 AND d.party IS NULL"
    " AND d.held_code = 'route.answer-in-doubt'";

static void an_answer_goes_to_whom_it_answers(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    filed(0, "vt-flevoland", "R-1");
    answer_make(1, "raad", "R-1");
    ask(&sent[1]);
    assert_int_equal(sent[1].answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number(goes_to_filer), 1);
    assert_int_equal(correlated(), 1);
    /* also when the delivery of what it answers has ended */
    test_pg_exec(db, "WITH d AS (DELETE FROM corv.delivery RETURNING *) INSERT INTO"
                     " corv.delivery_done (message_id, no, route, party, priority, state,"
                     " attempts, created_at, done_at) SELECT message_id, no, route, party,"
                     " priority, 3, 1, created_at, now() FROM d");
    answer_make(2, "raad", "R-1");
    ask(&sent[2]);
    assert_int_equal(db_number(goes_to_filer), 1);
    assert_int_equal(correlated(), 2);
}

static void an_answer_of_a_stranger_waits(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    filed(0, "vt-flevoland", "R-1");
    answer_make(1, "lelystad", "R-1"); /* never had it */
    ask(&sent[1]);
    answer_make(2, "raad", "R-2"); /* nobody's */
    ask(&sent[2]);
    answer_make(3, "raad", ""); /* says nothing */
    ask(&sent[3]);
    assert_int_equal(db_number(waits), 3);
    assert_int_equal(correlated(), 0);
}

static void an_answer_to_two_waits(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    filed(0, "vt-flevoland", "R-1");
    filed(1, "gi", "R-1");
    answer_make(2, "raad", "R-1");
    ask(&sent[2]);
    assert_int_equal(sent[2].answer.result, CORV_PUT_STORED);
    assert_int_equal(db_number(waits), 1);
    assert_int_equal(correlated(), 0);
}

static void a_repeated_answer_is_not_correlated_again(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    filed(0, "vt-flevoland", "R-1");
    answer_make(1, "raad", "R-1");
    ask(&sent[1]);
    sent[2] = sent[1];
    sent[1].sealed = NULL;
    sent[2].put.messages = &sent[2].message;
    sent[2].put.ctx = &sent[2];
    sent[2].answered = false;
    assert_int_equal(corv_id_new(&sent[2].message.id), CORV_OK);
    ask(&sent[2]);
    assert_int_equal(sent[2].answer.result, CORV_PUT_REPEAT);
    assert_int_equal(correlated(), 1);
}

/* ---- cases ------------------------------------------------------------------------------- */

static void about_a_case(unsigned i, const char *kind, const char *zaak_key, const char *opened_by)
{
    kit_put_make(&kit, &sent[i], i, i);
    sent[i].message.kind = kind;
    sent[i].message.zaak_key = zaak_key;
    sent[i].put.case_kind = opened_by;
    ask(&sent[i]);
    assert_int_equal(sent[i].answer.result, CORV_PUT_STORED);
}

static void a_known_case_is_no_news(void **state)
{
    struct corv_queue_stats s;

    (void)state;
    kit_open_as(&kit, "a");
    about_a_case(0, "vtoDi01", "case-1", NULL);
    about_a_case(1, "notificatieDi01", "case-1", "vtoDi01");
    assert_false(sent[1].answer.case_unknown);
    assert_int_equal(unknown(), 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.message WHERE zaak_key = 'case-1'"), 2);
    corv_queue_stats_get(kit.q, &s);
    assert_int_equal(s.item_by_item, 0);
}

/* Delivered like any other; a notificatie of before does not make the case known. */
static void an_unknown_case_is_told_and_goes_on(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    about_a_case(0, "notificatieDi01", "case-1", "vtoDi01");
    about_a_case(1, "notificatieDi01", "case-1", "vtoDi01");
    assert_true(sent[0].answer.case_unknown && sent[1].answer.case_unknown);
    assert_int_equal(unknown(), 2);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 0"), 2);
    about_a_case(2, "notificatieDi01", NULL, "vtoDi01"); /* names no case */
    assert_false(sent[2].answer.case_unknown);
    assert_int_equal(unknown(), 2);
}

static void each_in_a_batch_gets_its_own_answer(void **state)
{
    (void)state;
    kit_open_as(&kit, "a");
    about_a_case(0, "vtoDi01", "case-2", NULL);
    for (unsigned i = 1; i < 4; i++) {
        static const char *const keys[] = {"", "case-1", "case-2", "case-3"};

        kit_put_make(&kit, &sent[i], i, i);
        sent[i].message.zaak_key = keys[i];
        sent[i].put.case_kind = "vtoDi01";
        kit_put_ask(&sent[i]);
    }
    kit_until_answered(&kit, 4);
    assert_true(sent[1].answer.case_unknown);
    assert_false(sent[2].answer.case_unknown);
    assert_true(sent[3].answer.case_unknown);
    assert_int_equal(unknown(), 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, db_up_empty, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_answer_goes_to_whom_it_answers),
        TEST(an_answer_of_a_stranger_waits),
        TEST(an_answer_to_two_waits),
        TEST(a_repeated_answer_is_not_correlated_again),
        TEST(a_known_case_is_no_news),
        TEST(an_unknown_case_is_told_and_goes_on),
        TEST(each_in_a_batch_gets_its_own_answer),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
