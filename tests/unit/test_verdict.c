/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/base/buf.h"
#include "schemas/verdict.h"
#include "test_verdict_messages.h"

static struct corv_schemas *schemas;

/* "valid", or the code of the first error. */
static const char *verdict(const char *text, struct corv_verdict *keep)
{
    static _Thread_local char code[48];
    struct corv_verdict v;
    const char *answer = "valid";

    assert_int_equal(corv_verdict_of(schemas, corv_view_str(text), NULL, &v), CORV_OK);
    assert_int_equal(v.valid, v.findings.errors == 0);
    assert_int_equal(v.valid, v.envelope != NULL);
    for (size_t i = 0; !v.valid && i < v.findings.count; i++)
        if (v.findings.list[i].severity == CORV_SEV_ERROR) {
            (void)snprintf(code, sizeof code, "%s", v.findings.list[i].code);
            answer = code;
            break;
        }
    if (keep)
        *keep = v;
    else
        corv_verdict_free(&v);
    return answer;
}

static void good_messages_are_valid(void **state)
{
    struct corv_verdict v;

    (void)state;
    assert_string_equal(verdict(BV03, NULL), "valid");
    assert_string_equal(verdict(FO01(""), NULL), "valid");
    assert_string_equal(verdict(VTO("", "QUJD"), NULL), "valid");
    assert_string_equal(verdict(SOAP("<s:Header/>", VTO("", "QUJD")), &v), "valid");
    assert_int_equal(v.kind, CORV_KIND_VTO);
    assert_true(v.envelope->soap);
    assert_string_equal(v.envelope->referentienummer, "ref-1");
    assert_string_equal(v.envelope->children[0].woonplaats, "Proefdorp");
    assert_int_equal(v.findings.count, 0);
    corv_verdict_free(&v);
    corv_verdict_free(&v); /* twice is harmless */
    corv_verdict_free(NULL);
}

static void each_layer_says_no_in_its_turn(void **state)
{
    static const struct {
        const char *text;
        const char *code;
    } rows[] = {
        {"", "well-formed.empty"},
        {"hello", "well-formed.empty"},
        {"<a>", "well-formed.truncated"},
        {"<!DOCTYPE a><a/>", "security.doctype"},
        {"<vtoDi01/>", "schema.unknown-kind"},
        {"<ZKN:vtoDi01" NAMESPACES "/>", "schema.unknown-kind"},
        {"<StUF:Tr01Bericht" NAMESPACES "/>", "schema.unknown-kind"},
        {"<kennisgeving xmlns=\"urn:corvd:kennisgeving:1\"/>", "schema.unknown-kind"},
        {SOAP("", ""), "schema.soap-body"},
        {SOAP("", SOAP("", BV03)), "schema.unknown-kind"},
        {SOAP("", "<s:Fault/>"), "schema.unknown-kind"},
        {"<JZ:vtoDi01" NAMESPACES "/>", "schema.missing-element"},
        {VTO("", "QUJ"), "schema.base64"},
        {VTO(" xsi:nil=\"true\"", ""), "schema.nil"},
        {VTO(" xsi:nil=\"true\"", " "), "schema.nil"},
        {VTO("", "<a/>"), "schema.content"},
        {BV03_WITH("", "a&#10;b"), "security.control-character"},
        {BV03_WITH("", "a&#9;b"), "security.control-character"},
        {BV03_WITH("", "a&#x85;b"), "security.control-character"},
        {BV03_WITH("", "a&#x2028;b"), "security.control-character"},
        {BV03_WITH("", "\na\n"), "security.control-character"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(verdict(rows[i].text, NULL), rows[i].code);
    assert_string_equal(verdict(BV03_WITH("", "a&#xA0;b &#x2027;"), NULL), "valid");
    assert_string_equal(verdict(VTO("", ""), NULL), "valid"); /* empty base64 is a value */
}

/* What the schema skips, it skips: our base64 check has no opinion of its own. */
static void an_inhoud_that_nobody_checks_is_not_judged(void **state)
{
    (void)state;
    assert_string_equal(
        verdict(
            FO01("<StUF:detailsXML><ZKN:inhoud>not base64!</ZKN:inhoud></StUF:detailsXML>"), NULL),
        "valid");
}

/* An unbounded text beyond the limit: security. A bounded one: the schema's own word, once. */
static void one_long_text_is_one_finding(void **state)
{
    struct corv_read_limits limits = corv_read_limits_default;
    struct corv_verdict v;
    const char *text = VTO_HEAD(
        EXTRA("gezinsGeschiedenis", "0123456789012345678901234567890123456789012345678901234"
                                    "56789012345678901234567890123456789012345678901234567"))
        VTO_CHILD VTO_GUARDIAN VTO_REQUESTER DOCUMENT("", "QUJD") VTO_TAIL;

    (void)state;
    limits.text_bytes = 100;
    assert_int_equal(corv_verdict_of(schemas, corv_view_str(text), &limits, &v), CORV_OK);
    assert_false(v.valid);
    assert_int_equal(v.findings.count, 1);
    assert_string_equal(v.findings.list[0].code, "security.text-size");
    assert_string_equal(
        v.findings.list[0].path, "/JZ:vtoDi01/JZ:object/StUF:extraElementen/StUF:extraElement[2]");
    corv_verdict_free(&v);

    limits.text_bytes = 50;
    text = BV03_WITH("", "012345678901234567890123456789012345678901234567890123456789");
    assert_int_equal(corv_verdict_of(schemas, corv_view_str(text), &limits, &v), CORV_OK);
    assert_false(v.valid);
    /* what was left of it is short enough for the schema, so the limit speaks */
    assert_int_equal(v.findings.count, 1);
    assert_string_equal(v.findings.list[0].code, "security.text-size");
    corv_verdict_free(&v);
}

static double cpu_ms(void)
{
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_THREAD, &u), 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static struct corv_verdict timed(const char *what, const struct corv_buf *b)
{
    struct corv_verdict v;
    double spent = cpu_ms();

    assert_int_equal(corv_verdict_of(schemas, corv_buf_view(b), NULL, &v), CORV_OK);
    spent = cpu_ms() - spent;
    (void)fprintf(stderr, "%s: %zu bytes, %.1f ms CPU, %zu findings, %zu not kept\n", what, b->n,
        spent, v.findings.count, v.findings.dropped);
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
    assert_true(spent < 150); /* on an idle machine a third of it */
#endif
    return v;
}

static void add(struct corv_buf *b, const char *text)
{
    assert_int_equal(corv_buf_add_str(b, text), CORV_OK);
}

/* As many errors as the limits let in, all in one parent, each repeated element the last. */
static void a_flood_of_errors_is_cut(void **state)
{
    static const char *const units[] = {
        "<StUF:extraElement x=\"1\" y=\"2\">z</StUF:extraElement>",
        "<StUF:extraElement naam=\"a\"><x/></StUF:extraElement>",
        "<StUF:extraElement naam=\"a\" xsi:type=\"StUF:q\"/>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct corv_buf b;
        struct corv_verdict v;

        corv_buf_init(&b, 10000000);
        add(&b, VTO_HEAD("") "<ZKN:heeftBetrekkingOp/>" VTO_TAIL);
        b.n = (size_t)(strstr(b.p, "</StUF:extraElementen>") - b.p);
        for (int k = 0; k < 9000; k++)
            add(&b, units[i]);
        add(&b, "</StUF:extraElementen>" VTO_TAIL);
        v = timed("flood", &b);
        assert_false(v.valid);
        assert_int_equal(v.findings.list[0].layer, CORV_LAYER_SCHEMA);
        assert_in_range(v.findings.count, 1, CORV_FINDINGS_MAX);
        corv_verdict_free(&v);
        corv_buf_free(&b);
    }
}

/* Valid all the way, and as much of it as the limits let in: children, guardians, numbers. */
static void the_biggest_valid_message_stays_cheap(void **state)
{
    struct corv_buf b;
    struct corv_verdict v;

    (void)state;
    corv_buf_init(&b, 10000000);
    add(&b, VTO_HEAD(""));
    for (int i = 0; i < 1120; i++)
        add(&b, CHILD("1", "", "Client (ongeboren kind)"));
    for (int i = 0; i < 880; i++)
        add(&b, GUARDIAN("2", "", "ouder, gezag niet benoemd"));
    add(&b, VTO_REQUESTER DOCUMENT("", "QUJD") VTO_TAIL);
    v = timed("crowd", &b);
    assert_true(v.valid);
    assert_int_equal(v.envelope->children_count, 1120);
    corv_verdict_free(&v);
    corv_buf_free(&b);
}

/* Errors at the far end of long rows of siblings: the numbers in the paths cost counting. */
static void paths_far_down_stay_cheap(void **state)
{
    struct corv_buf b;
    struct corv_verdict v;

    (void)state;
    corv_buf_init(&b, 10000000);
    add(&b, VTO_HEAD("") VTO_CHILD VTO_GUARDIAN VTO_REQUESTER);
    for (int i = 0; i < 1160; i++)
        add(&b, i < 1040 ? DOCUMENT("", "QU-JD") : DOCUMENT("", "Q"));
    add(&b, VTO_TAIL);
    v = timed("far", &b);
    assert_false(v.valid);
    assert_int_equal(v.findings.count, CORV_FINDINGS_MAX);
    corv_verdict_free(&v);
    corv_buf_free(&b);
}

static void *work(void *result)
{
    int *wrong = result;

    for (int i = 0; i < 300; i++) {
        *wrong += strcmp(verdict(VTO("", "QUJD"), NULL), "valid") != 0;
        *wrong += strcmp(verdict(VTO("", "QUJ"), NULL), "schema.base64") != 0;
        *wrong += strcmp(verdict(BV03, NULL), "valid") != 0;
        *wrong += strcmp(verdict("<a>", NULL), "well-formed.truncated") != 0;
        *wrong += strcmp(verdict(FO01("<StUF:x/>"), NULL), "schema.unexpected-element") != 0;
    }
    return NULL;
}

static void workers_share_one_set(void **state)
{
    pthread_t threads[4];
    int wrong[4] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, &wrong[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_messages_are_valid),
        cmocka_unit_test(each_layer_says_no_in_its_turn),
        cmocka_unit_test(an_inhoud_that_nobody_checks_is_not_judged),
        cmocka_unit_test(one_long_text_is_one_finding),
        cmocka_unit_test(a_flood_of_errors_is_cut),
        cmocka_unit_test(the_biggest_valid_message_stays_cheap),
        cmocka_unit_test(paths_far_down_stay_cheap),
        cmocka_unit_test(workers_share_one_set),
    };
    struct corv_fault fault = {0};

    corv_schemas_init();
    if (corv_schemas_new(&schemas, &fault) != CORV_OK)
        return 1;

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    corv_schemas_free(schemas);
    return failed;
}
