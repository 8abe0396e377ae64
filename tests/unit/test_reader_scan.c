/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "schemas/xml_scan.h"

static const struct corv_read_limits limits = {
    .bytes = 100000,
    .depth = 5,
    .nodes = 30,
    .attributes = 4,
    .attribute_bytes = 10,
    .text_bytes = 100,
    .text_total = 1000,
    .comment_bytes = 40,
};

/* The code of the refusal, "ok" when all was counted, "stop" when the walk gave up. */
static const char *scan(const char *text)
{
    static char code[48];
    struct corv_view v = corv_view_str(text);
    struct corv_findings f;
    size_t approved = 0;
    char *copy = malloc(v.n + 1);

    assert_non_null(copy);
    memcpy(copy, text, v.n);
    corv_findings_init(&f);

    corv_rc rc = corv_xml_scan(corv_view_of(copy, v.n), &limits, &approved, &f);

    if (rc == CORV_OK) {
        assert_int_equal(f.count, 0);
        assert_true(approved <= v.n);
        (void)snprintf(code, sizeof code, "%s", approved == v.n ? "ok" : "stop");
    } else {
        assert_int_equal(rc, CORV_E_INVALID);
        assert_int_equal(f.count, 1);
        assert_int_equal(f.list[0].layer, CORV_LAYER_SECURITY);
        (void)snprintf(code, sizeof code, "%s", f.list[0].code);
    }
    corv_findings_free(&f);
    free(copy);
    return code;
}

static void ordinary_markup_is_counted(void **state)
{
    static const char *const good[] = {
        "<a/>",
        "<?xml version='1.0'?>\n<a><b c='1' d = \"2\"/>text</a>\n",
        "<a><!-- <!DOCTYPE x> <?pi?> - --></a>",
        "<a><![CDATA[<!DOCTYPE x> ]] ]]]></a>",
        "<a b='>'/>",
        "<a b='a>b' c=\"'/>'\"></a>",
        "<a><b><c><d><e/></d></c></b></a>",
        "<a b='1' c='2' d='3' e='4'/>",
        "<a b='0123456789'/>",
        "plain text is the parser's business",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_string_equal(scan(good[i]), "ok");
}

static void what_costs_too_much_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *code;
    } rows[] = {
        {"<a><b><c><d><e><f/></e></d></c></b></a>", "security.depth"},
        {"<a b='1' c='2' d='3' e='4' f='5'/>", "security.attributes"},
        {"<a xmlns:b='1' xmlns:c='2' xmlns:d='3' xmlns:e='4' xmlns:f='5'/>", "security.attributes"},
        {"<a b='01234567890'/>", "security.attribute-size"},
        {"<a b='01234567890", "security.attribute-size"},
        {"<a><!--0123456789012345678901234567890123456789--></a>", "security.comment-size"},
        {"<a><!--0123456789012345678901234567890123456789", "security.comment-size"},
        {"<!DOCTYPE a><a/>", "security.doctype"},
        {"<!-- x --><!DOCTYPE a><a/>", "security.doctype"},
        {"<a><?php x?></a>", "security.processing-instruction"},
        {"<?xml-stylesheet href='x'?><a/>", "security.processing-instruction"},
        {"<?xml version='1.0'?><?xml-model href='x'?><a/>", "security.processing-instruction"},
        {"<a>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/>x<b/></a>",
            "security.nodes"},
        {"<a><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]>"
         "<![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]>"
         "<![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]>"
         "<![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]>"
         "<![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]><![CDATA[x]]></a>",
            "security.nodes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(scan(rows[i].text), rows[i].code);
}

static void tags_together_have_a_limit(void **state)
{
    char text[1100];

    (void)state;
    (void)snprintf(text, sizeof text, "<a%985s></a>", "");
    assert_string_equal(scan(text), "ok");
    (void)snprintf(text, sizeof text, "<a%1000s></a>", "");
    assert_string_equal(scan(text), "security.markup-size");
    (void)snprintf(text, sizeof text, "<a></a%1000s>", "");
    assert_string_equal(scan(text), "security.markup-size");
    (void)snprintf(text, sizeof text, "<a>%1000s</a>", "");
    assert_string_equal(scan(text), "ok"); /* text is not a tag */
}

/* Behind markup that no document has the walk stops, and so does what the parser may see. */
static void the_parser_sees_little_beyond_what_was_counted(void **state)
{
    static const char *const broken[] = {
        "<a b=1/>",
        "<a b/>",
        "< a/>",
        "<a b='<'/>",
        "</a>",
        "<a><!-- -- --></a>",
        "<![CDATA[x]]><a/>",
        "<!ELEMENT a>",
        " <?xml version='1.0'?>",
        "<a / >",
        "<",
        "<a",
        "<a ",
    };
    char *text = malloc(3 * CORV_SCAN_SLACK);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        size_t n = strlen(broken[i]);

        memcpy(text, broken[i], n);
        memset(text + n, ' ', 2 * CORV_SCAN_SLACK);
        text[n + 2 * CORV_SCAN_SLACK] = '\0';
        assert_string_equal(scan(text), "stop");
    }
    free(text);
}

static void long_names_are_refused(void **state)
{
    char text[CORV_SCAN_NAME_MAX + 16] = "<";

    (void)state;
    memset(text + 1, 'a', CORV_SCAN_NAME_MAX);
    memcpy(text + 1 + CORV_SCAN_NAME_MAX, "/>", 3);
    assert_string_equal(scan(text), "ok");
    text[1 + CORV_SCAN_NAME_MAX] = 'a';
    memcpy(text + 2 + CORV_SCAN_NAME_MAX, "/>", 3);
    assert_string_equal(scan(text), "security.name-size");
}

/* Declarations count while they are in scope, and no longer. */
static void namespaces_are_counted_where_they_are_in_scope(void **state)
{
    struct corv_read_limits wide = {.text_total = 100000,
        .depth = 200,
        .nodes = 100000,
        .attributes = 64,
        .attribute_bytes = 100,
        .comment_bytes = 10};
    char *text = malloc(100000);
    size_t n = 0, approved;
    struct corv_findings f;

    (void)state;
    assert_non_null(text);
    n += (size_t)snprintf(text, 100000, "<r>");
    for (int i = 0; i < 400; i++) /* one after another: fine */
        n += (size_t)snprintf(text + n, 100000 - n, "<a xmlns:p%d='u' xmlns='v'/>", i);
    corv_findings_init(&f);
    assert_int_equal(corv_xml_scan(corv_view_of(text, n), &wide, &approved, &f), CORV_OK);
    for (int i = 0; i < 150; i++) /* one inside another: each is looked up through all */
        n += (size_t)snprintf(text + n, 100000 - n, "<a xmlns:p%d='u' xmlns='v'>", i);
    assert_int_equal(corv_xml_scan(corv_view_of(text, n), &wide, &approved, &f), CORV_E_INVALID);
    assert_string_equal(f.list[0].code, "security.namespaces");
    corv_findings_free(&f);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_markup_is_counted),
        cmocka_unit_test(what_costs_too_much_is_refused),
        cmocka_unit_test(the_parser_sees_little_beyond_what_was_counted),
        cmocka_unit_test(tags_together_have_a_limit),
        cmocka_unit_test(long_names_are_refused),
        cmocka_unit_test(namespaces_are_counted_where_they_are_in_scope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
