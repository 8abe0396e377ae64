/* SPDX-License-Identifier: EUPL-1.2 */
/* corv-partner without a corvd: its data (scenarios and messages), what it reads, and that a step
 * nobody judged has failed. The rest: tests/path/test_a12_chain.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/examine.h"
#include "daemon/partner/dress.h"
#include "daemon/partner/fault.h"
#include "daemon/partner/xml.h"
#include "schemas/judge.h"
#include "schemas/verdict.h"

static int set_up(void **state)
{
    (void)state;
    corv_schemas_init();
    return 0;
}

static struct partner_fields fields_of(const struct partner_exchange *e)
{
    return (struct partner_fields){.from = partner_party_find(e->from),
        .to = partner_party_find(e->to),
        .reference = "TEST-REF-1",
        .crossref = "TEST-REF-0",
        .case_number = "TEST-ZAAK-1",
        .raad_number = "TEST-RAAD-1",
        .now_us = corv_clock_us()};
}

/* ---- scenarios --------------------------------------------------------------------------------
 */

static void the_official_scenarios_are_there(void **state)
{
    static const struct {
        const char *id;
        const char *cluster;
        unsigned exchanges;
        const char *last; /* number of the last official step */
    } rows[] = {{"scn-1", "vto-notificatie", 18, "36"}, {"scn-2", "vto-notificatie", 2, "4"},
        {"scn-3", "vto-notificatie", 7, "12"}, {"scn-4", "vto-notificatie", 2, "4"},
        {"scn-6", "zorgmelding", 2, "4"}, {"scn-9", "notificatiejr", 2, "4"},
        {"scn-10", "zorgmelding", 3, "4"}};
    struct partner_scenarios s;

    (void)state;
    assert_int_equal(partner_scenarios_load(&s), CORV_OK);
    assert_int_equal(s.count, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < s.count; i++) {
        const struct partner_exchange *last = &s.list[i]->exchanges[rows[i].exchanges - 1];

        assert_string_equal(s.list[i]->id, rows[i].id);
        assert_string_equal(s.list[i]->cluster, rows[i].cluster);
        assert_int_equal(s.list[i]->exchanges_count, rows[i].exchanges);
        assert_string_equal(last->steps[last->steps[3][0] ? 3 : 1], rows[i].last);
    }
    partner_scenarios_free(&s);
}

/* Each official number exactly once, from 1 on. */
static void no_official_step_is_forgotten(void **state)
{
    struct partner_scenarios s;

    (void)state;
    assert_int_equal(partner_scenarios_load(&s), CORV_OK);
    for (size_t i = 0; i < s.count; i++) {
        unsigned next = 1;

        for (unsigned e = 0; e < s.list[i]->exchanges_count; e++)
            for (unsigned k = 0; k < 4; k++)
                if (s.list[i]->exchanges[e].steps[k][0])
                    assert_int_equal(strtoul(s.list[i]->exchanges[e].steps[k], NULL, 10), next++);
        assert_true(next > 4);
    }
    partner_scenarios_free(&s);
}

#define SCENARIO(more)                                                                             \
    "id: x\nname: X\ncluster: zorgmelding\ntitle: T\nexchanges:\n"                                 \
    "  - {id: a, message: zorgmelding-1, from: politie, to: gemeente, answer: \"202\", "           \
    "receipt: Bv03, deadline: 5, steps: [\"1\", \"\", \"\", \"\"], title: t}\n" more

static void a_wrong_scenario_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        bool good;
    } rows[] = {
        {"as it should be", SCENARIO(""), true},
        {"no YAML", "id: [", false},
        {"nothing at all", "", false},
        {"a key nobody knows", SCENARIO("colour: red\n"), false},
        {"too few steps",
            SCENARIO("  - {id: b, message: bv01, from: gemeente, to: politie, answer: Bv04, "
                     "receipt: \"200\", deadline: 5, steps: [\"1\"], title: t}\n"),
            false},
        {"no such party",
            SCENARIO("  - {id: b, message: bv01, from: halt, to: politie, answer: Bv04, receipt: "
                     "\"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: t}\n"),
            false},
        {"no such message",
            SCENARIO("  - {id: b, message: bv99, from: gemeente, to: politie, answer: Bv04, "
                     "receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: t}\n"),
            false},
        {"a part of a message",
            SCENARIO("  - {id: b, message: kop, from: gemeente, to: politie, answer: Bv04, "
                     "receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: t}\n"),
            false},
        {"an answer of the other interface",
            SCENARIO("  - {id: b, message: bv01, from: gemeente, to: politie, answer: \"202\", "
                     "receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: t}\n"),
            false},
        {"about a later one",
            SCENARIO("  - {id: b, message: bv01, from: gemeente, to: politie, about: c, answer: "
                     "Bv04, receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: "
                     "t}\n"),
            false},
        {"a link of an unknown kind",
            SCENARIO("  - {id: b, message: bv01, from: gemeente, to: politie, about: a, link: "
                     "naam, answer: Bv04, receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", "
                     "\"\"], title: t}\n"),
            false},
        {"an id twice",
            SCENARIO("  - {id: a, message: bv01, from: gemeente, to: politie, answer: Bv04, "
                     "receipt: \"200\", deadline: 5, steps: [\"\", \"\", \"\", \"\"], title: t}\n"),
            false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct partner_scenario *s = NULL;
        corv_rc rc = partner_scenario_read(rows[i].why, corv_view_str(rows[i].text), &s);

        if ((rc == CORV_OK) != rows[i].good)
            fail_msg("%s: %s", rows[i].why, corv_rc_name(rc));
        partner_scenario_free(s);
    }
}

/* ---- messages ---------------------------------------------------------------------------------
 */

static bool eleven(const char *bsn)
{
    int sum = -(bsn[8] - '0');

    for (int i = 0; i < 8; i++)
        sum += (9 - i) * (bsn[i] - '0');
    return sum % 11 == 0;
}

/* Whoever is in them is marked: a number of the test range, a name that says so. */
static void all_persons_are_invented(const char *name, const struct corv_buf *m)
{
    static const char number[] = "<BG:inp.bsn>";
    static const char family[] = "<BG:geslachtsnaam>";
    const char *p = m->p;

    while ((p = strstr(p, number)) != NULL) {
        p += sizeof number - 1;
        if (strncmp(p, "9995", 4) != 0 || !eleven(p))
            fail_msg("%s: %.9s", name, p);
    }
    for (p = m->p; (p = strstr(p, family)) != NULL; p++) {
        const char *end = strchr(p, '/');

        assert_non_null(end);
        assert_memory_equal(end - 6, "-TEST<", 6);
    }
    assert_non_null(strstr(m->p, CORV_TEST_MARK));
}

static void judge_message(const struct corv_judge *j, const struct partner_exchange *e)
{
    const struct partner_fields f = fields_of(e);
    struct corv_verdict v = {0};
    struct corv_buf m;

    assert_int_equal(partner_message_write(e->message, &f, &m), CORV_OK);
    const struct corv_verdict_input in = {
        .bytes = corv_buf_view(&m), .day = corv_clock_day(f.now_us)};

    assert_int_equal(corv_verdict_by(j, &in, &v), CORV_OK);
    if (!v.valid)
        fail_msg("%s: %s %s", e->message, v.findings.list[0].code, v.findings.list[0].text);
    assert_true(corv_view_is(partner_message_kind(e->message), corv_kind_name(v.kind)));
    all_persons_are_invented(e->message, &m);
    assert_null(memchr(m.p, '@', 200)); /* nothing was left to fill in at the top */
    corv_verdict_free(&v);
    corv_buf_free(&m);
}

static void every_message_is_valid_and_about_nobody(void **state)
{
    struct corv_judge_options o = {0};
    struct corv_judge *j = NULL;
    struct corv_fault fault = {0};
    struct partner_scenarios s;

    (void)state;
    assert_int_equal(corv_judge_new(&o, &j, &fault), CORV_OK);
    assert_int_equal(partner_scenarios_load(&s), CORV_OK);
    for (unsigned i = 0; i < s.count; i++)
        for (unsigned e = 0; e < s.list[i]->exchanges_count; e++)
            judge_message(j, &s.list[i]->exchanges[e]);
    partner_scenarios_free(&s);
    corv_judge_free(j);
}

static void values_are_escaped(void **state)
{
    struct partner_fields f = {.from = &partner_parties[1],
        .to = &partner_parties[0],
        .reference = "a<b&c",
        .crossref = "\"x\"",
        .case_number = "",
        .raad_number = "",
        .now_us = corv_clock_us()};
    struct corv_buf m;

    (void)state;
    assert_int_equal(partner_message_write("bv01", &f, &m), CORV_OK);
    assert_non_null(strstr(m.p, "<StUF:referentienummer>a&lt;b&amp;c</StUF:referentienummer>"));
    assert_non_null(strstr(m.p, "<StUF:crossRefnummer>&quot;x&quot;</StUF:crossRefnummer>"));
    corv_buf_free(&m);
    assert_int_equal(partner_message_write("niets", &f, &m), CORV_E_NOTFOUND);
    corv_buf_free(&m);
}

static void a_message_can_be_made_large(void **state)
{
    struct partner_fields f = {.from = &partner_parties[0],
        .to = &partner_parties[1],
        .reference = "r",
        .case_number = "TEST-ZAAK-1",
        .raad_number = "TEST-RAAD-1",
        .now_us = corv_clock_us()};
    struct corv_buf m;

    (void)state;
    assert_int_equal(partner_message_write("vto-1", &f, &m), CORV_OK);

    size_t before = m.n;

    assert_true(partner_message_attached(&m));
    assert_int_equal(partner_message_grow(&m, 4000), CORV_OK);
    assert_int_equal(m.n, before + 4000);
    assert_int_equal(partner_message_grow(&m, PARTNER_MESSAGE_MAX), CORV_E_LIMIT);
    corv_buf_free(&m);
    assert_int_equal(partner_message_write("bv01", &f, &m), CORV_OK);
    assert_false(partner_message_attached(&m));
    assert_int_equal(partner_message_grow(&m, 4000), CORV_OK);
    assert_non_null(strstr(m.p, "--></StUF:Bv01Bericht>"));
    corv_buf_free(&m);
}

static void the_element_is_the_message_without_what_stands_around_it(void **state)
{
    (void)state;
    assert_true(corv_view_is(
        partner_message_element(corv_view_str("<?xml version=\"1.0\"?>\n<a>b</a>\n")), "<a>b</a>"));
    assert_true(corv_view_is(partner_message_element(corv_view_str("<a/>")), "<a/>"));
    assert_int_equal(partner_message_element(corv_view_str("")).n, 0);
}

/* ---- what others say --------------------------------------------------------------------------
 */

#define STUF "xmlns:s=\"http://www.egem.nl/StUF/StUF0301\""

static void reads_texts_of_elements(void **state)
{
    static const char xml[] = "<e><s:Bv04Bericht " STUF "><s:tijdstipBericht>1</s:tijdstipBericht>"
                              "<s:body><s:code>A<![CDATA[&]]>B</s:code></s:body>"
                              "<s:code>C</s:code></s:Bv04Bericht></e>";
    char out[8];

    (void)state;
    assert_true(partner_xml_stuf_root(corv_view_str(xml), out, sizeof out));
    assert_string_equal(out, "Bv04Ber"); /* cut, and ended */
    assert_true(partner_xml_text(corv_view_str(xml), CORV_NS_STUF, NULL, "code", out, sizeof out));
    assert_string_equal(out, "A&B");
    assert_false(
        partner_xml_text(corv_view_str(xml), CORV_NS_STUF, "niet", "code", out, sizeof out));
    assert_string_equal(out, "");
}

static void reads_nothing_from_what_is_no_xml(void **state)
{
    static const char doctype[] = "<!DOCTYPE a [<!ENTITY e \"x\">]><s:code " STUF ">&e;</s:code>";
    static const char *const bad[] = {"", "geen xml", "<a", "<a><b></a>", doctype};
    char out[8];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(
            partner_xml_text(corv_view_str(bad[i]), CORV_NS_STUF, NULL, "code", out, sizeof out));
        assert_false(partner_xml_stuf_root(corv_view_str(bad[i]), out, sizeof out));
    }
}

static void adds_up_a_metric_with_labels_or_without(void **state)
{
    static const char text[] = "# HELP a_total x\na_total 2\na_total_more 100\nb{to=\"x\"} 3\n"
                               "b{to=\"y\"} 4.5\n";

    (void)state;
    assert_true(partner_metric(text, "a_total") == 2);
    assert_true(partner_metric(text, "b") == 7.5);
    assert_true(partner_metric(text, "c") == 0);
}

/* ---- settings, faults, results ----------------------------------------------------------------
 */

static void reads_ports_of_addresses(void **state)
{
    (void)state;
    assert_int_equal(partner_url_port("https://localhost:8443/x"), 8443);
    assert_int_equal(partner_url_port("https://localhost/a:1"), 443);
    assert_int_equal(partner_url_port("localhost:1"), 0);
    assert_int_equal(partner_url_port("https://"), 0);
    assert_int_equal(partner_url_port("https://x:70000"), 0);
}

#define SETTINGS(intake, dai, port)                                                                \
    "corvd: {intake: \"" intake "\", dai: \"" dai "\", admin: /a.sock}\n"                          \
    "listen: {address: 127.0.0.1, host: localhost, port: " port "}\ncertificates: /c\n"

static corv_rc settings_from(const char *text)
{
    char path[] = "/tmp/corv-partner-XXXXXX";
    int fd = mkstemp(path);
    struct partner_settings *s = NULL;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);

    corv_rc rc = partner_settings_load(path, &s);

    unlink(path);
    partner_settings_free(s);
    return rc;
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    assert_int_equal(
        settings_from(SETTINGS("https://localhost:1", "https://localhost:2/dai", "3")), CORV_OK);
    assert_int_equal(settings_from(SETTINGS("http://localhost:1", "https://localhost:2/dai", "3")),
        CORV_E_INVALID);
    assert_int_equal(
        settings_from(SETTINGS("https://localhost:1", "https://localhost:2", "3")), CORV_E_INVALID);
    assert_int_equal(
        settings_from(SETTINGS("https://localhost:1", "https://localhost:2/dai", "99999")),
        CORV_E_INVALID);
    assert_int_equal(settings_from("corvd: 1\n"), CORV_E_INVALID);
    assert_int_equal(settings_from(""), CORV_E_INVALID);
}

static void every_fault_has_a_name_and_an_expectation(void **state)
{
    (void)state;
    for (int i = 0; i < PARTNER_FAULTS; i++) {
        assert_int_equal(partner_faults[i].id, i);
        assert_ptr_equal(partner_fault_find(partner_faults[i].name), &partner_faults[i]);
        assert_true(strlen(partner_faults[i].title) > 10);
        assert_true(strlen(partner_faults[i].expectation) > 10);
    }
    assert_null(partner_fault_find("all"));
}

static void what_nobody_judged_has_failed(void **state)
{
    struct partner_results r = {.sections = NULL};

    (void)state;
    partner_results_end(&r);
    assert_false(partner_results_good(&r)); /* nothing was shown */
    assert_non_null(partner_section_new(&r, NULL, NULL));
    partner_step_pass(partner_step_new(&r, "1", "goed"));
    partner_results_end(&r);
    assert_true(partner_results_good(&r));
    (void)partner_step_new(&r, "2", "niet beoordeeld");
    partner_results_end(&r);
    assert_false(partner_results_good(&r));
    assert_int_equal(r.failed, 1);

    struct partner_step *s = partner_step_new(&r, "3", "eerst fout");

    partner_step_fail(s, "daarom");
    partner_step_pass(s); /* a failure stays one */
    assert_false(s->passed);
    assert_string_equal(s->reason, "daarom");
    partner_results_end(&r);
    assert_int_equal(r.failed, 2);
    partner_results_free(&r);
}

static void a_run_that_lost_a_step_is_not_good(void **state)
{
    struct partner_results r = {.sections = NULL};

    (void)state;
    partner_step_pass(partner_step_new(&r, "1", "zonder plaats"));
    partner_results_end(&r);
    assert_true(r.lost);
    assert_false(partner_results_good(&r));
    partner_results_free(&r);
}

static void soap_carries_the_bytes_of_the_message(void **state)
{
    static const char message[] = "<?xml version=\"1.0\"?>\n<a>é</a>\n";
    struct partner_fields f = {
        .from = &partner_parties[0], .to = &partner_parties[1], .reference = "r&1"};
    struct corv_buf soap;
    char id[100];

    (void)state;
    assert_int_equal(partner_dress(corv_view_str(message), &f, &soap), CORV_OK);
    assert_non_null(strstr(soap.p, "><a>é</a></dai:bericht>"));
    assert_true(
        partner_xml_text(corv_buf_view(&soap), PARTNER_NS_WSA, NULL, "MessageId", id, sizeof id));
    assert_string_equal(id, "urn:dkintern:r&1@CORV-TEST-gemeente.dkintern.nl");
    corv_buf_free(&soap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_official_scenarios_are_there),
        cmocka_unit_test(no_official_step_is_forgotten),
        cmocka_unit_test(a_wrong_scenario_is_refused),
        cmocka_unit_test(every_message_is_valid_and_about_nobody),
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(a_message_can_be_made_large),
        cmocka_unit_test(the_element_is_the_message_without_what_stands_around_it),
        cmocka_unit_test(reads_texts_of_elements),
        cmocka_unit_test(reads_nothing_from_what_is_no_xml),
        cmocka_unit_test(adds_up_a_metric_with_labels_or_without),
        cmocka_unit_test(reads_ports_of_addresses),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(every_fault_has_a_name_and_an_expectation),
        cmocka_unit_test(what_nobody_judged_has_failed),
        cmocka_unit_test(a_run_that_lost_a_step_is_not_good),
        cmocka_unit_test(soap_carries_the_bytes_of_the_message),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
