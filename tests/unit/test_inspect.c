/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/inspect_fixture.h"

static size_t count_of(struct corv_inspect_filter f)
{
    struct corv_inspect_message *list = NULL;
    size_t count = 0;

    assert_int_equal(corv_inspect_messages(inspect, &f, &list, &count, &fault), CORV_OK);
    corv_inspect_free(list);
    return count;
}

static void lists_messages_newest_first_with_their_counts(void **state)
{
    struct corv_inspect_filter all = {0};
    struct corv_inspect_message *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_messages(inspect, &all, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 3);
    assert_string_equal(list[0].id, NOTI);
    assert_string_equal(list[0].parent, VTO);
    assert_string_equal(list[1].id, VTO);
    assert_string_equal(list[1].parent, "");
    assert_string_equal(list[1].received, "2025-08-10T10:00:00.123Z");
    assert_string_equal(list[1].kind, "vtoDi01");
    assert_string_equal(list[1].sender, "vt-flevoland");
    assert_string_equal(list[1].zender_org, "0001");
    assert_string_equal(list[1].ontvanger_org, "0002");
    assert_string_equal(list[1].referentie, "VTO-1");
    assert_string_equal(list[1].mandated_by, "");
    assert_string_equal(list[1].responsible, "lelystad");
    assert_string_equal(list[1].digest, "abcd");
    assert_true(list[1].urgent);
    assert_int_equal(list[1].size, 4096);
    assert_int_equal(list[1].deliveries, 4);
    assert_int_equal(list[1].waiting, 1);
    assert_int_equal(list[1].held, 1);
    assert_int_equal(list[1].dead, 0);
    assert_int_equal(list[1].confirmed, 1);
    assert_int_equal(list[1].dropped, 1);
    assert_string_equal(list[2].id, OLDER);
    corv_inspect_free(list);
}

static void filters_by_each_property(void **state)
{
    (void)state;
    fixture_traffic();
    assert_int_equal(count_of((struct corv_inspect_filter){.kind = "vtoDi01"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.kind = "x' OR '1'='1"}), 0);
    assert_int_equal(count_of((struct corv_inspect_filter){.party = "vt-flevoland"}), 3);
    assert_int_equal(count_of((struct corv_inspect_filter){.party = "raad"}), 2);
    assert_int_equal(count_of((struct corv_inspect_filter){.party = "om"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "leased"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "waiting"}), 3);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "held"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "dead"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "confirmed"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.state = "dropped"}), 1);
    assert_int_equal(count_of((struct corv_inspect_filter){.reference = "VTO-1"}), 2);
    assert_int_equal(count_of((struct corv_inspect_filter){.limit = 2}), 2);
    assert_int_equal(
        count_of((struct corv_inspect_filter){.kind = "vtoDi01", .reference = "N-7"}), 0);
}

static corv_rc find(const char *id, const char *expected, const char *code)
{
    struct corv_inspect_message m;
    corv_rc rc;

    fault = (struct corv_fault){0};
    rc = corv_inspect_message(inspect, id, &m, &fault);
    if (expected)
        assert_string_equal(m.id, expected);
    else
        assert_string_equal(fault.code, code);
    return rc;
}

static void finds_a_message_by_a_piece_of_its_number(void **state)
{
    (void)state;
    fixture_traffic();
    assert_int_equal(find(VTO, VTO, NULL), CORV_OK);
    assert_int_equal(find("01988FFF", OLDER, NULL), CORV_OK);
    assert_int_equal(find("01988fff0000700080000000", OLDER, NULL), CORV_OK);
    assert_int_equal(find("01989000-0000-7000", NULL, "message.several"), CORV_E_LIMIT);
    assert_int_equal(find("0198aaaa", NULL, "message.unknown"), CORV_E_NOTFOUND);
    assert_int_equal(find("0198900", NULL, "message.number"), CORV_E_INVALID);
    assert_int_equal(find("' OR true --", NULL, "message.number"), CORV_E_INVALID);
    assert_int_equal(find(VTO "0", NULL, "message.number"), CORV_E_INVALID);
    assert_int_equal(find("", NULL, "message.number"), CORV_E_INVALID);
}

static void shows_what_was_made_from_a_message(void **state)
{
    struct corv_inspect_message *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_children(inspect, VTO, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, NOTI);
    corv_inspect_free(list);
    assert_int_equal(corv_inspect_children(inspect, "0198", &list, &count, &fault), CORV_E_INVALID);
}

static void shows_open_and_ended_deliveries_of_a_message(void **state)
{
    struct corv_inspect_delivery *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_deliveries(inspect, VTO, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 4);
    assert_int_equal(list[0].no, 1);
    assert_string_equal(list[0].message, VTO);
    assert_string_equal(list[0].kind, "vtoDi01");
    assert_string_equal(list[0].route, "vto-raad");
    assert_string_equal(list[0].state, "waiting");
    assert_string_equal(list[0].code, "deliver.status");
    assert_string_equal(list[0].text, "De ontvanger antwoordt met 503.");
    assert_int_equal(list[0].status, 503);
    assert_int_equal(list[0].attempts, 3);
    assert_string_not_equal(list[0].due, "");
    assert_string_equal(list[0].done, "");
    assert_string_equal(list[1].state, "held");
    assert_string_equal(list[1].party, "");
    assert_string_equal(list[1].code, "route.gemeente-in-doubt");
    assert_string_equal(list[1].held_question, "Welke gemeente?");
    assert_string_equal(list[1].due, "");
    assert_string_equal(list[2].state, "confirmed");
    assert_string_equal(list[2].done, "2025-08-10T10:00:01.500Z");
    assert_string_equal(list[2].receipt, "726567656c2065656e0a726567656c2074776565ff");
    assert_string_equal(list[3].state, "dropped");
    assert_string_equal(list[3].code, "operator.drop");
    corv_inspect_free(list);
}

static void a_lease_that_ended_counts_as_waiting(void **state)
{
    struct corv_inspect_delivery *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_deliveries(inspect, NOTI, &list, &count, &fault), CORV_OK);
    assert_string_equal(list[0].state, "leased");
    corv_inspect_free(list);
    assert_int_equal(corv_inspect_deliveries(inspect, OLDER, &list, &count, &fault), CORV_OK);
    assert_string_equal(list[1].state, "waiting");
    corv_inspect_free(list);
}

static size_t open_of(const char *state, unsigned limit)
{
    struct corv_inspect_delivery *list = NULL;
    size_t count = 0;

    assert_int_equal(
        corv_inspect_open_deliveries(inspect, state, limit, &list, &count, &fault), CORV_OK);
    if (!state && limit == 0) {
        assert_string_equal(list[0].message, VTO); /* due longest */
        assert_int_equal(list[0].no, 1);
    }
    corv_inspect_free(list);
    return count;
}

static void lists_open_deliveries_due_first(void **state)
{
    (void)state;
    fixture_traffic();
    assert_int_equal(open_of(NULL, 0), 5);
    assert_int_equal(open_of(NULL, 2), 2);
    assert_int_equal(open_of("waiting", 0), 3);
    assert_int_equal(open_of("leased", 0), 1);
    assert_int_equal(open_of("held", 0), 1);
    assert_int_equal(open_of("dead", 0), 1);
}

static void sums_up_lanes(void **state)
{
    struct corv_inspect_lane *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_lanes(inspect, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 4);
    assert_string_equal(list[0].party, ""); /* in doubt */
    assert_int_equal(list[0].held, 1);
    assert_string_equal(list[0].last_code, "");
    assert_string_equal(list[1].party, "almere");
    assert_int_equal(list[1].waiting, 1);
    assert_string_equal(list[2].party, "lelystad");
    assert_int_equal(list[2].leased, 1);
    assert_int_equal(list[2].waiting, 0);
    assert_string_equal(list[2].oldest_due, "");
    assert_string_equal(list[3].party, "raad");
    assert_int_equal(list[3].waiting, 1);
    assert_int_equal(list[3].dead, 1);
    assert_true(list[3].oldest_due_seconds >= 10 && list[3].oldest_due_seconds < 100);
    assert_string_not_equal(list[3].oldest_due, "");
    assert_string_equal(list[3].last_code, "deliver.status");
    corv_inspect_free(list);
}

static void counts_per_day_and_kind(void **state)
{
    struct corv_inspect_day *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    assert_int_equal(corv_inspect_days(inspect, 1, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 0); /* long ago */
    corv_inspect_free(list);
    assert_int_equal(corv_inspect_days(inspect, 5000, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 3);
    assert_string_equal(list[2].kind, "vtoDi01");
    assert_string_equal(list[2].day, "2025-08-10");
    assert_int_equal(list[2].messages, 1);
    assert_int_equal(list[2].bytes, 4096);
    assert_int_equal(list[2].deliveries, 4);
    assert_int_equal(list[2].confirmed, 1);
    assert_int_equal(list[2].dropped, 1);
    assert_int_equal(list[2].held, 1);
    assert_int_equal(list[2].waiting, 1);
    assert_int_equal(list[1].dead, 1);
    corv_inspect_free(list);
}

static void traces_the_events_of_a_message_in_order(void **state)
{
    struct corv_inspect_event *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_chain(1, "node1", 6);
    assert_int_equal(corv_inspect_trace(inspect, VTO, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 5); /* line 4 is about no message */
    assert_string_equal(list[0].event, "message.stored");
    assert_int_equal(list[0].seq, 1);
    assert_string_equal(list[0].at, "2025-08-10T10:00:00.124Z");
    assert_string_equal(list[0].actor, "node:node1");
    assert_string_equal(list[0].party, "raad");
    assert_string_equal(list[0].code, "some.code");
    assert_int_equal(list[3].seq, 5);
    assert_string_equal(list[3].detail, "{\"n\":5}");
    corv_inspect_free(list);
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct corv_inspect_delivery *list = NULL;
    size_t count = 0;
    char expected[256];

    (void)state;
    fixture_traffic();
    test_pg_exec(db, "UPDATE corv.delivery SET last_text = repeat('é', 200) WHERE no = 1");
    for (int i = 0; i < 127; i++)
        memcpy(expected + 2 * i, "é", 2);
    expected[254] = '\0';
    assert_int_equal(corv_inspect_deliveries(inspect, VTO, &list, &count, &fault), CORV_OK);
    assert_string_equal(list[0].text, expected);
    corv_inspect_free(list);
}

static void connects_again_after_the_database_was_away(void **state)
{
    struct corv_inspect_lane *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_traffic();
    test_pg_crash(db_server);
    assert_int_not_equal(corv_inspect_lanes(inspect, &list, &count, &fault), CORV_OK);
    assert_null(list);
    test_pg_start(db_server);
    fault = (struct corv_fault){0};
    assert_int_equal(corv_inspect_lanes(inspect, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 4);
    corv_inspect_free(list);
}

static void a_question_cannot_change_anything(void **state)
{
    (void)state;
    fixture_traffic();
    assert_int_equal(
        count_of((struct corv_inspect_filter){.kind = "'; DELETE FROM corv.delivery; --"}), 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery"), 5);
}

#define ANSWER "01989000-0000-7000-8000-000000000010"
#define NEWS   "01989000-0000-7000-8000-000000000011"
#define ALIEN  "01989000-0000-7000-8000-000000000012"

/* One string of who it is and why: "...10 answered-by". */
static void assert_related(const char *id, const char *expected)
{
    struct corv_inspect_related *list = NULL;
    struct corv_buf said;
    size_t count = 0;

    corv_buf_init(&said, 4096);
    assert_int_equal(corv_buf_add_str(&said, ""), CORV_OK);
    assert_int_equal(corv_inspect_related(inspect, id, &list, &count, &fault), CORV_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(
            corv_buf_addf(&said, "%s%s %s", i ? ", " : "", list[i].id + 34, list[i].by), CORV_OK);
    assert_string_equal(said.p ? said.p : "", expected);
    corv_buf_free(&said);
    corv_inspect_free(list);
}

/* VTO went to the Raad; the Raad sent ANSWER (a Bv01) and NEWS (a notificatie) to its filer. */
static void fixture_case(void)
{
    fixture_traffic();
    fixture_message(ANSWER, "NULL", "Bv01Bericht", "A-1");
    fixture_message(NEWS, "NULL", "notificatieDi01", "A-2");
    fixture_message(ALIEN, "NULL", "Bv01Bericht", "A-3");
    test_pg_exec(db,
        "UPDATE corv.message SET sender = 'raad', zender_org = '0002',"
        " ontvanger_org = '0001' WHERE id IN ('" ANSWER "', '" NEWS "');"
        "UPDATE corv.message SET crossref = 'VTO-1' WHERE id IN ('" ANSWER "', '" ALIEN "');"
        "UPDATE corv.message SET zaak_key = 'k' WHERE id IN ('" VTO "', '" NEWS "')");
}

static void what_belongs_together_is_found_from_both_ends(void **state)
{
    (void)state;
    fixture_case();
    assert_related(VTO, "10 answered-by, 11 case");
    assert_related(ANSWER, "01 answers");
    assert_related(NEWS, "01 case");
    assert_related(NOTI, ""); /* made from VTO, with the same reference: nobody answers that */
    assert_related(OLDER, "");
    test_pg_exec(db, "UPDATE corv.message SET crossref = 'VTO-1' WHERE id = '" NEWS "'");
    assert_related(NEWS, "01 answers, 01 case");
}

static void a_reference_joins_only_who_had_each_others_message(void **state)
{
    (void)state;
    fixture_case();
    assert_related(ALIEN, ""); /* from a party that never had the VTO */
    test_pg_exec(db, "UPDATE corv.message SET sender = 'raad' WHERE id = '" ALIEN "';"
                     "UPDATE corv.message SET ontvanger_org = '0003' WHERE id = '" ALIEN "'");
    assert_related(ALIEN, ""); /* from the Raad, but for somebody who used the same reference */
    fixture_delivery(ALIEN, 1, "'vt-flevoland'", 0, "0 seconds", NEW);
    assert_related(ALIEN, "01 answers"); /* the Raad left the receiver out, and we found it */
    test_pg_exec(db, "UPDATE corv.message SET crossref = '', referentie = ''");
    assert_related(VTO, "11 case"); /* nothing is not the same as nothing */
    test_pg_exec(db, "UPDATE corv.message SET zaak_key = NULL");
    assert_related(VTO, "");
}

static void of_many_related_ones_the_newest_are_shown(void **state)
{
    struct corv_inspect_related *list = NULL;
    size_t count = 0;

    (void)state;
    fixture_case();
    test_pg_exec(db, "INSERT INTO corv.message (id, received_at, kind, sender, zaak_key, size,"
                     " digest, content_type) SELECT ('01989000-0000-7000-8001-'"
                     " || lpad(n::text, 12, '0'))::uuid, now(), 'notificatieDi01', 'raad', 'k', 1,"
                     " '', '' FROM generate_series(1, 60) n");
    assert_int_equal(corv_inspect_related(inspect, VTO, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, CORV_INSPECT_LIMIT);
    assert_string_equal(list[0].id, "01989000-0000-7000-8001-000000000011");
    assert_string_equal(list[count - 1].id, "01989000-0000-7000-8001-000000000060");
    corv_inspect_free(list);
    assert_int_equal(
        corv_inspect_related(inspect, "01989000", &list, &count, &fault), CORV_E_INVALID);
}

static void a_database_without_tables_is_explained(void **state)
{
    struct corv_inspect *other = NULL;
    struct corv_inspect_lane *list = NULL;
    size_t count = 0;
    char *empty = db_another();

    (void)state;
    assert_int_equal(corv_inspect_open(empty, &other, &fault), CORV_OK);
    assert_int_not_equal(corv_inspect_lanes(other, &list, &count, &fault), CORV_OK);
    assert_string_equal(fault.code, "store.no-tables");
    corv_inspect_close(other);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_CASE(lists_messages_newest_first_with_their_counts),
        FIXTURE_CASE(filters_by_each_property),
        FIXTURE_CASE(finds_a_message_by_a_piece_of_its_number),
        FIXTURE_CASE(shows_what_was_made_from_a_message),
        FIXTURE_CASE(shows_open_and_ended_deliveries_of_a_message),
        FIXTURE_CASE(a_lease_that_ended_counts_as_waiting),
        FIXTURE_CASE(lists_open_deliveries_due_first),
        FIXTURE_CASE(sums_up_lanes),
        FIXTURE_CASE(counts_per_day_and_kind),
        FIXTURE_CASE(traces_the_events_of_a_message_in_order),
        FIXTURE_CASE(long_texts_are_cut_between_characters),
        FIXTURE_CASE(connects_again_after_the_database_was_away),
        FIXTURE_CASE(a_question_cannot_change_anything),
        FIXTURE_CASE(what_belongs_together_is_found_from_both_ends),
        FIXTURE_CASE(a_reference_joins_only_who_had_each_others_message),
        FIXTURE_CASE(of_many_related_ones_the_newest_are_shown),
        FIXTURE_CASE(a_database_without_tables_is_explained),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
