/* SPDX-License-Identifier: EUPL-1.2 */
/* Modes, settings, bounds and threads of the rule engine, with small packs of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/base/buf.h"
#include "schemas/reader.h"
#include "schemas/rule.h"
#include "schemas/verdict.h"

#include "test_rule_messages.h"

#define DAY 20260615
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CPU_MS_MOST 6000.0
#else
#define CPU_MS_MOST 1000.0
#endif

static corv_rc apply(const struct corv_rules *rules, const char *text,
    const struct corv_rule_setting *settings, size_t count, const char *party,
    struct corv_findings *findings)
{
    struct corv_read_limits wide = corv_read_limits_default;
    struct corv_document d;
    struct corv_rule_input in = {.document = &d,
        .today = DAY,
        .party = party,
        .settings = settings,
        .settings_count = count};
    corv_rc rc;

    corv_findings_init(findings);
    wide.nodes = 100000; /* the cost is bounded by itself, whatever the reader lets in */
    assert_int_equal(corv_document_read(corv_view_str(text), &wide, &d, findings), CORV_OK);
    in.message = xmlDocGetRootElement(d.xml);
    in.kind = d.kind;
    rc = corv_rules_apply(rules, &in, findings);
    corv_document_free(&d);
    return rc;
}

static struct corv_rules *rules_of(const char *text)
{
    const struct corv_embedded files[] = {
        {"p.xml", (const unsigned char *)text, strlen(text)}, {NULL, NULL, 0}};
    struct corv_rules *rules = NULL;
    struct corv_fault fault = {0};

    if (corv_rules_new(files, &rules, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    return rules;
}

#define HEAD                                                                                       \
    "<rulepack xmlns='urn:corvd:rules:1' id='p' version='1' date='2026-01-01' for='x'>"            \
    "<source id='corvd'>s</source>"
#define RULE(id, severity, mode, from, each)                                                       \
    "<rule id='" id "' kinds='vtoDi01' severity='" severity "' mode='" mode "' from='" from        \
    "' article='corvd 7' who='partner'>" each "<text>De tekst.</text><action>a</action></rule>"
#define NO "<each select='JZ:object' test='false()'/>"

static void a_finding_carries_everything_but_the_value(void **state)
{
    struct corv_rules *rules = rules_of(HEAD RULE("een", "error", "enforce", "2026-01-01",
        "<each select='.//BG:inp.bsn' test='false()'/>") "</rulepack>");
    struct corv_findings f;

    (void)state;
    assert_int_equal(apply(rules, VTO, NULL, 0, NULL, &f), CORV_OK);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.errors, 1);
    assert_int_equal(f.list[0].layer, CORV_LAYER_RULE);
    assert_int_equal(f.list[0].severity, CORV_SEV_ERROR);
    assert_int_equal(f.list[0].actor, CORV_ACT_PARTNER);
    assert_string_equal(f.list[0].code, "rule.een");
    assert_string_equal(f.list[0].article, "corvd 7");
    assert_string_equal(f.list[0].text, "De tekst.");
    assert_string_equal(f.list[0].path, "/JZ:vtoDi01/JZ:object/ZKN:heeftBetrekkingOp[1]/"
                                        "ZKN:gerelateerde/ZKN:natuurlijkPersoon/BG:inp.bsn");
    assert_int_equal(f.list[0].line, 21);
    corv_findings_free(&f);
    corv_rules_free(rules);
}

static void mode_date_and_severity_decide(void **state)
{
    struct corv_rules *rules = rules_of(HEAD RULE("fout", "error", "enforce", "2026-01-01", NO)
            RULE("licht", "warning", "warn", "2026-01-01", NO) RULE("let-op", "error", "warn",
                "2026-01-01", NO) RULE("stil", "error", "off", "2026-01-01", NO)
                RULE("later", "error", "enforce", "2026-06-16", NO)
                    RULE("vandaag", "error", "enforce", "2026-06-15", NO) "</rulepack>");
    struct corv_findings f;

    (void)state;
    assert_int_equal(apply(rules, VTO, NULL, 0, NULL, &f), CORV_OK);
    assert_int_equal(f.count, 4);
    assert_int_equal(f.errors, 2);
    assert_string_equal(f.list[0].code, "rule.fout"); /* errors come first */
    assert_string_equal(f.list[1].code, "rule.vandaag");
    assert_string_equal(f.list[2].code, "rule.licht");
    assert_int_equal(f.list[2].severity, CORV_SEV_WARNING);
    assert_string_equal(f.list[3].code, "rule.let-op");
    assert_int_equal(f.list[3].severity, CORV_SEV_WARNING);
    corv_findings_free(&f);
    corv_rules_free(rules);
}

static void the_last_setting_that_fits_wins(void **state)
{
    const struct corv_rule rule = {
        .id = "bsn-elfproef", .mode = CORV_RULE_ENFORCE, .from = 20260101};
    const struct corv_rule_setting s[] = {
        {"*", NULL, CORV_RULE_WARN, 0},
        {"bsn-*", "politie", CORV_RULE_OFF, 20260201},
        {"bsn-elfproef", "politie", CORV_RULE_ENFORCE, 20260701},
        {"andere", NULL, CORV_RULE_OFF, 0},
    };

    (void)state;
    assert_int_equal(corv_rule_mode_of(&rule, NULL, 0, NULL, 20251231), CORV_RULE_OFF);
    assert_int_equal(corv_rule_mode_of(&rule, NULL, 0, NULL, 20260101), CORV_RULE_ENFORCE);
    assert_int_equal(corv_rule_mode_of(&rule, s, 4, "raad", 20260615), CORV_RULE_WARN);
    assert_int_equal(corv_rule_mode_of(&rule, s, 4, NULL, 20260615), CORV_RULE_WARN);
    assert_int_equal(corv_rule_mode_of(&rule, s, 4, "politie", 20260131), CORV_RULE_WARN);
    assert_int_equal(corv_rule_mode_of(&rule, s, 4, "politie", 20260201), CORV_RULE_OFF);
    assert_int_equal(corv_rule_mode_of(&rule, s, 4, "politie", 20260701), CORV_RULE_ENFORCE);
}

/* Promise: in mode warn nothing is refused, whatever is wrong with the message. */
static void in_mode_warn_no_message_is_refused(void **state)
{
    const struct corv_rule_setting warn = {"*", NULL, CORV_RULE_WARN, 0};
    struct corv_rules *rules = NULL;
    struct corv_fault fault = {0};
    struct corv_findings f;
    static const char empty[] = "<JZ:vtoDi01 xmlns:JZ=\"" CORV_NS_JZ "\" xmlns:ZKN=\"" CORV_NS_ZKN
                                "\"><JZ:stuurgegevens/><JZ:object><ZKN:heeftBetrekkingOp/>"
                                "<ZKN:heeftAlsBelanghebbende/></JZ:object></JZ:vtoDi01>";

    (void)state;
    assert_int_equal(corv_rules_new(NULL, &rules, &fault), CORV_OK);
    assert_int_equal(apply(rules, empty, NULL, 0, NULL, &f), CORV_OK);
    assert_true(f.errors >= 5);
    corv_findings_free(&f);
    assert_int_equal(apply(rules, empty, &warn, 1, NULL, &f), CORV_OK);
    assert_true(f.count >= 5);
    assert_int_equal(f.errors, 0);
    corv_findings_free(&f);
    corv_rules_free(rules);
}

static char *repeat(const char *front, const char *piece, size_t times, const char *tail)
{
    struct corv_buf out;
    size_t n;

    corv_buf_init(&out, 32u << 20);
    (void)corv_buf_add_str(&out, front);
    for (size_t i = 0; i < times; i++)
        (void)corv_buf_add_str(&out, piece);
    (void)corv_buf_add_str(&out, tail);
    assert_false(out.failed);
    return corv_buf_take(&out, &n);
}

#define FRONT                                                                                      \
    "<JZ:vtoDi01 xmlns:JZ=\"" CORV_NS_JZ "\" xmlns:ZKN=\"" CORV_NS_ZKN                             \
    "\" xmlns:StUF=\"" CORV_NS_STUF "\" xmlns:BG=\"" CORV_NS_BG                                    \
    "\"><JZ:stuurgegevens/><JZ:object>"
#define BACK "</JZ:object></JZ:vtoDi01>"

static double cpu_ms(void)
{
    struct timespec t;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* As many of one thing as the reader lets through, and rules that look at each with each. */
static void the_cost_is_bounded(void **state)
{
    static const struct {
        const char *piece;
        size_t times;
    } rows[] = {
        {"<ZKN:heeftBetrekkingOp><ZKN:gerelateerde><ZKN:natuurlijkPersoon><BG:inp.bsn>1"
         "</BG:inp.bsn><StUF:extraElementen><StUF:extraElement naam=\"clientvolgnummer\">1"
         "</StUF:extraElement></StUF:extraElementen></ZKN:natuurlijkPersoon></ZKN:gerelateerde>"
         "</ZKN:heeftBetrekkingOp>",
            10000},
        {"<ZKN:heeftAlsBelanghebbende><ZKN:gerelateerde><ZKN:natuurlijkPersoon>"
         "<BG:geslachtsnaam>a</BG:geslachtsnaam><BG:voornamen>b</BG:voornamen><BG:geboortedatum>"
         "20000101</BG:geboortedatum></ZKN:natuurlijkPersoon></ZKN:gerelateerde>"
         "</ZKN:heeftAlsBelanghebbende>",
            10000},
        {"<ZKN:heeftRelevant><ZKN:gerelateerde><ZKN:inhoud>AA==</ZKN:inhoud></ZKN:gerelateerde>"
         "</ZKN:heeftRelevant>",
            20000},
        {"<ZKN:x StUF:entiteittype=\"y\"/>", 45000},
    };
    struct corv_rules *rules = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(corv_rules_new(NULL, &rules, &fault), CORV_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = repeat(FRONT, rows[i].piece, rows[i].times, BACK);
        struct corv_findings f;
        double before = cpu_ms(), spent;

        assert_int_equal(apply(rules, text, NULL, 0, NULL, &f), CORV_OK);
        spent = cpu_ms() - before;
        assert_true(f.errors > 0);
        if (spent > CPU_MS_MOST)
            fail_msg("row %zu took %.0f ms", i, spent);
        corv_findings_free(&f);
        free(text);
    }
    corv_rules_free(rules);
}

static void what_cannot_be_judged_is_no_yes(void **state)
{
    struct corv_rules *rules = rules_of(HEAD RULE("duur", "error", "enforce", "2026-01-01",
        "<each select='.//ZKN:x' test='count(..//ZKN:x[. = 1]) = 0'/>") "</rulepack>");
    const struct corv_rule_setting warn = {"*", NULL, CORV_RULE_WARN, 0};
    char *text = repeat(FRONT, "<ZKN:x>2</ZKN:x>", 30000, BACK);
    struct corv_findings f;

    (void)state;
    assert_int_equal(apply(rules, text, NULL, 0, NULL, &f), CORV_OK);
    assert_int_equal(f.errors, 1);
    assert_string_equal(f.list[0].code, "rule.niet-beoordeeld");
    corv_findings_free(&f);
    assert_int_equal(apply(rules, text, &warn, 1, NULL, &f), CORV_OK);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.errors, 0);
    corv_findings_free(&f);
    free(text);
    corv_rules_free(rules);
}

static void one_rule_does_not_fill_the_list(void **state)
{
    struct corv_rules *rules = rules_of(HEAD RULE(
        "veel", "error", "enforce", "2026-01-01", "<each select='.//ZKN:x' test='false()'/>")
            RULE("een", "error", "enforce", "2026-01-01", NO) "</rulepack>");
    char *text = repeat(FRONT, "<ZKN:x/>", 500, BACK);
    struct corv_findings f;

    (void)state;
    assert_int_equal(apply(rules, text, NULL, 0, NULL, &f), CORV_OK);
    assert_int_equal(f.count, CORV_RULE_FINDINGS + 1);
    assert_string_equal(f.list[CORV_RULE_FINDINGS].code, "rule.een");
    corv_findings_free(&f);
    free(text);
    corv_rules_free(rules);
}

static void *judge_often(void *arg)
{
    for (int i = 0; i < 40; i++) {
        struct corv_findings f;

        if (apply(arg, i % 2 ? VTO : VT_MELDING, NULL, 0, NULL, &f) != CORV_OK || f.count != 0)
            return arg;
        corv_findings_free(&f);
    }
    return NULL;
}

static void threads_share_the_rules(void **state)
{
    struct corv_rules *rules = NULL;
    struct corv_fault fault = {0};
    pthread_t threads[4];

    (void)state;
    assert_int_equal(corv_rules_new(NULL, &rules, &fault), CORV_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_often, rules), 0);
    for (size_t i = 0; i < 4; i++) {
        void *bad = NULL;

        assert_int_equal(pthread_join(threads[i], &bad), 0);
        assert_null(bad);
    }
    corv_rules_free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_carries_everything_but_the_value),
        cmocka_unit_test(mode_date_and_severity_decide),
        cmocka_unit_test(the_last_setting_that_fits_wins),
        cmocka_unit_test(in_mode_warn_no_message_is_refused),
        cmocka_unit_test(the_cost_is_bounded),
        cmocka_unit_test(what_cannot_be_judged_is_no_yes),
        cmocka_unit_test(one_rule_does_not_fill_the_list),
        cmocka_unit_test(threads_share_the_rules),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
