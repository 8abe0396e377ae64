/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/buf.h"
#include "schemas/reader.h"
#include "test_verdict_messages.h"

static struct corv_document doc;
static struct corv_findings findings;

static corv_rc read_bytes(struct corv_view v, const struct corv_read_limits *limits)
{
    char *copy = malloc(v.n ? v.n : 1); /* exactly sized, for the sanitizer */
    corv_rc rc;

    assert_non_null(copy);
    memcpy(copy, v.p, v.n);
    corv_findings_free(&findings);
    corv_document_free(&doc);
    rc = corv_document_read(
        corv_view_of(copy, v.n), limits ? limits : &corv_read_limits_default, &doc, &findings);
    free(copy);
    assert_true((rc == CORV_OK) == (doc.xml != NULL));
    assert_true((rc == CORV_E_INVALID) == (findings.errors > 0));
    return rc;
}

static const char *code_of(const char *text)
{
    return read_bytes(corv_view_str(text), NULL) == CORV_OK ? "ok" : findings.list[0].code;
}

static void only_elements_and_single_texts_reach_the_tree(void **state)
{
    const xmlNode *root, *n;

    (void)state;
    assert_string_equal(
        code_of("<a>on<!-- x -->e <![CDATA[<two>]]>&#x20;&amp;<!----> three<b/> </a>"), "ok");
    root = xmlDocGetRootElement(doc.xml);
    n = root->children;
    assert_int_equal(n->type, XML_TEXT_NODE);
    assert_string_equal(n->content, "one <two> & three");
    n = n->next;
    assert_int_equal(n->type, XML_ELEMENT_NODE);
    assert_null(n->next);
}

/* The tree in short: a(…) for an element, [ ] for a text. */
static void tell(const xmlNode *n, struct corv_buf *out)
{
    for (; n; n = n->next) {
        if (n->type == XML_TEXT_NODE) {
            assert_int_equal(corv_buf_addf(out, "[%s]", (const char *)n->content), CORV_OK);
            continue;
        }
        assert_int_equal(corv_buf_addf(out, "%s(", (const char *)n->name), CORV_OK);
        tell(n->children, out);
        assert_int_equal(corv_buf_addf(out, ")"), CORV_OK);
    }
}

static void white_space_is_a_value_or_nothing(void **state)
{
    static const struct {
        const char *text;
        const char *tree;
    } rows[] = {
        {"<a>\n  <b>1</b>\n  <c/>\n</a>", "a(b([1])c())"}, {"<a> </a>", "a([ ])"},
        {"<a> <b> </b> <b>\t\n</b> </a>", "a(b([ ])b([\t\n]))"}, {"<a> <!-- x --> </a>", "a([  ])"},
        {"<a> <!-- x --> <b/><!-- y --> </a>", "a(b())"},
        {"<a> <![CDATA[ ]]>&#32;</a>", "a([   ])"}, {"<a> x</a>", "a([ x])"},
        {"<a> &amp; </a>", "a([ & ])"}, {"<a>x <b/> y <b/> </a>", "a([x ]b()[ y ]b())"},
        {"<a>x<!-- --> </a>", "a([x ])"}, {"<a><b/>x</a>", "a(b()[x])"},
        {"<a>&#xA0;<b/></a>", "a([\xc2\xa0]b())"}, /* no white space to XML */
    };
    struct corv_buf out;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        corv_buf_init(&out, 200);
        assert_string_equal(code_of(rows[i].text), "ok");
        tell(xmlDocGetRootElement(doc.xml), &out);
        assert_true(corv_view_is(corv_buf_view(&out), rows[i].tree));
        corv_buf_free(&out);
    }
}

static void much_white_space_is_kept_and_counts(void **state)
{
    struct corv_read_limits limits = corv_read_limits_default;
    char text[2048];

    (void)state;
    for (int n = 250; n < 260; n++) { /* as much as is waited with, and more */
        (void)snprintf(text, sizeof text, "<a>%*s</a>", n, "");
        assert_string_equal(code_of(text), "ok");
        assert_int_equal(strlen((const char *)xmlDocGetRootElement(doc.xml)->children->content), n);
        (void)snprintf(text, sizeof text, "<a>%*s<!-- -->%*s-</a>", 200, "", n, "");
        assert_string_equal(code_of(text), "ok");
        assert_int_equal(
            strlen((const char *)xmlDocGetRootElement(doc.xml)->children->content), 200 + n + 1);
    }
    limits.text_total = 500; /* also of what is dropped */
    (void)snprintf(text, sizeof text, "<a>%*s<b/>%*s<b/>%*s</a>", 200, "", 200, "", 200, "");
    assert_int_equal(read_bytes(corv_view_str(text), &limits), CORV_E_INVALID);
    assert_string_equal(findings.list[0].code, "security.text-size");
    limits.text_total = 600;
    assert_int_equal(read_bytes(corv_view_str(text), &limits), CORV_OK);
}

static void what_is_not_well_formed_is_told_once_with_a_place(void **state)
{
    static const struct {
        const char *text;
        const char *code;
        int line;
    } rows[] = {
        {"<a>\n<b></a>", "well-formed.end-tag", 2},
        {"<a>\n", "well-formed.truncated", 2},
        {"<a/><b/>", "well-formed.trailing", 1},
        {"{\"a\":1}", "well-formed.empty", 1},
        {"<a>\n&nbsp;</a>", "well-formed.entity", 2},
        {"<a>\n\n<x:b/></a>", "well-formed.namespace", 3},
        {"<a b='1' b='2'/>", "well-formed.attribute-twice", 1},
        {"<a xmlns:x='u' xmlns:y='u' x:b='1' y:b='2'/>", "well-formed.attribute-twice", 1},
        {"<a b=1/>", "well-formed.attribute", 1},
        {"<a>&#0;</a>", "well-formed.character", 1},
        {"<a>\x01</a>", "well-formed.character", 1},
        {"<a><![CDATA[</a>", "well-formed.cdata", 1},
        {"<a><!-- -- --></a>", "well-formed.comment", 1},
        {" <?xml version='1.0'?><a/>", "well-formed.declaration", 1},
        {"<?xml version='2.0'?><a/>", "well-formed.declaration", 1},
        {"<a>]]></a>", "well-formed.cdata", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(code_of(rows[i].text), rows[i].code);
        assert_int_equal(findings.count, 1);
        assert_int_equal(findings.list[0].layer, CORV_LAYER_WELL_FORMED);
        assert_int_equal(findings.list[0].line, rows[i].line);
    }
}

static void what_is_dangerous_is_refused(void **state)
{
    (void)state;
    assert_string_equal(code_of("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>"),
        "security.doctype");
    assert_string_equal(code_of("<a><?pi x?></a>"), "security.processing-instruction");
    assert_string_equal(code_of("<a><i:include xmlns:i='http://www.w3.org/2001/XInclude' "
                                "href='file:///etc/passwd'/></a>"),
        "security.xinclude");
    assert_string_equal(code_of("<a>\n<Include xmlns='http://www.w3.org/2004/08/xop/include' "
                                "href='cid:x'/></a>"),
        "schema.xop-include");
    assert_int_equal(findings.list[0].line, 2);
    assert_string_equal(findings.list[0].path, "/?"); /* no name of the standard */
    assert_string_equal(code_of("<a>&lt;!DOCTYPE x&gt;<!-- <!DOCTYPE x> --></a>"), "ok");
}

static void long_texts_are_cut_and_noted(void **state)
{
    struct corv_read_limits limits = corv_read_limits_default;

    (void)state;
    limits.text_bytes = 10;
    limits.text_total = 35;
    assert_int_equal(
        read_bytes(corv_view_str("<a>0123456789<b>0123456789x</b></a>"), &limits), CORV_OK);
    assert_int_equal(doc.overlong_count, 1);
    assert_string_equal(doc.overlong[0].node->name, "b");
    assert_int_equal(
        read_bytes(corv_view_str("<a><b>0123456789</b><b>0123456789</b><b>0123456789</b>"
                                 "<b>012345</b></a>"),
            &limits),
        CORV_E_INVALID);
    assert_string_equal(findings.list[0].code, "security.text-size");
    limits.text_bytes = limits.text_total = 100000;
    limits.nodes = 20;
    assert_int_equal(read_bytes(corv_view_str("<a>&#65;&#65;&#65;&#65;&#65;&#65;&#65;&#65;&#65;"
                                              "&#65;&#65;&#65;&#65;&#65;&#65;&#65;&#65;&#65;&#65;"
                                              "&#65;&#65;</a>"),
                         &limits),
        CORV_E_INVALID);
    assert_string_equal(findings.list[0].code, "security.nodes");
}

static void the_kind_is_seen_as_far_as_one_got(void **state)
{
    (void)state;
    assert_string_equal(code_of("<JZ:vtoDi01" NAMESPACES "><a>"), "well-formed.truncated");
    assert_int_equal(doc.kind, CORV_KIND_VTO);
    assert_string_equal(code_of(SOAP("", BV03)), "ok");
    assert_int_equal(doc.kind, CORV_KIND_BV03);
    assert_string_equal(code_of("<a>" BV03 "</a>"), "ok");
    assert_int_equal(doc.kind, CORV_KIND_UNKNOWN);
}

static void lines_do_not_end_at_65535(void **state)
{
    struct corv_buf b;
    const xmlNode *last;

    (void)state;
    corv_buf_init(&b, 1000000);
    assert_int_equal(corv_buf_add_str(&b, "<a><b>"), CORV_OK);
    for (int i = 0; i < 70000; i++)
        assert_int_equal(corv_buf_add_str(&b, "\n"), CORV_OK);
    assert_int_equal(corv_buf_add_str(&b, "</b><c\n d='1'/></a>"), CORV_OK);
    assert_int_equal(read_bytes(corv_buf_view(&b), NULL), CORV_OK);
    last = xmlGetLastChild(xmlDocGetRootElement(doc.xml));
    assert_int_equal(corv_node_line(last), 70002);
    corv_buf_free(&b);
}

#define INHOUD(content) "<ZKN:inhoud" NAMESPACES ">" content "</ZKN:inhoud>"

static void attachments_are_cut_out(void **state)
{
    static const struct {
        const char *text;
        const char *standin;
        size_t bytes;
        int line;
    } rows[] = {
        {INHOUD("QUJDREVG"), "AAAA", 6, 1},
        {INHOUD("\r\nQUJD\r\nREVG\r\n"), "AAAA", 6, 1},
        {INHOUD("QU<!-- x -->JD<![CDATA[REVG]]>&#13;"), "AAAA", 6, 1},
        {INHOUD(" \n "), " ", 0, 1},
        {INHOUD(""), NULL, 0, 1},
        {INHOUD("QUJ"), "A", 0, 1},
        {INHOUD("QUJD\nQ!JD\n"), "A", 0, 2},
        {INHOUD("QUJD\n\nQQ==\nQUJD"), "A", 0, 4},
        {INHOUD("QUJD\n-\n_"), "AAAA", 3, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const xmlNode *root;

        assert_string_equal(code_of(rows[i].text), "ok");
        root = xmlDocGetRootElement(doc.xml);
        assert_int_equal(doc.attachments_count, 1);
        assert_ptr_equal(corv_document_attachment(&doc, root), &doc.attachments[0]);
        assert_int_equal(doc.attachments[0].line, rows[i].line);
        if (rows[i].standin)
            assert_string_equal(root->children->content, rows[i].standin);
        else
            assert_null(root->children);
        if (corv_base64_valid(&doc.attachments[0].base64))
            assert_int_equal(corv_base64_bytes(&doc.attachments[0].base64), rows[i].bytes);
    }
}

static void elements_inside_an_attachment_stay(void **state)
{
    const xmlNode *root;

    (void)state;
    assert_string_equal(code_of(INHOUD("QU<x>text</x>JD")), "ok");
    root = xmlDocGetRootElement(doc.xml);
    assert_string_equal(root->children->name, "x");
    assert_string_equal(root->children->children->content, "text");
    assert_string_equal(root->last->content, "AAAA");
}

static void an_attachment_of_blanks_is_refused(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 1000000);
    assert_int_equal(corv_buf_add_str(&b, "<ZKN:inhoud" NAMESPACES ">"), CORV_OK);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(corv_buf_addf(&b, "%76s\n", ""), CORV_OK);
    assert_int_equal(corv_buf_add_str(&b, "</ZKN:inhoud>"), CORV_OK);
    assert_int_equal(read_bytes(corv_buf_view(&b), NULL), CORV_E_INVALID);
    assert_string_equal(findings.list[0].code, "security.attachment-blanks");
    corv_buf_free(&b);
}

/* A message whose one attachment has so many lines. */
static void big_message(struct corv_buf *b, size_t lines, const char *line)
{
    corv_buf_init(b, (size_t)40 * 1024 * 1024);
    assert_int_equal(corv_buf_add_str(b, "<ZKN:inhoud" NAMESPACES ">"), CORV_OK);
    for (size_t i = 0; i < lines; i++)
        assert_int_equal(corv_buf_add_str(b, line), CORV_OK);
    assert_int_equal(corv_buf_add_str(b, "</ZKN:inhoud>"), CORV_OK);
}

static double cpu_ms(void)
{
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

#define B64_76 "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"

/* In a child process, because the peak of a process never comes down again. */
static void judge_big(const char *line, size_t lines)
{
    struct corv_buf b;
    struct rusage before, after;
    double small, large;
    long grown;

    big_message(&b, lines / 16, line);
    (void)read_bytes(corv_buf_view(&b), NULL); /* warm */
    small = cpu_ms();
    for (int i = 0; i < 4; i++)
        assert_int_equal(read_bytes(corv_buf_view(&b), NULL), CORV_OK);
    small = (cpu_ms() - small) / 4 * 16;
    corv_buf_free(&b);
    big_message(&b, lines, line);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    large = cpu_ms();
    assert_int_equal(
        corv_document_read(corv_buf_view(&b), &corv_read_limits_default, &doc, &findings), CORV_OK);
    large = cpu_ms() - large;
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    grown = after.ru_maxrss - before.ru_maxrss;
    (void)fprintf(stderr, "%zu bytes: %.1f ms, sixteen of a sixteenth: %.1f ms, %ld KiB more\n",
        b.n, large, small, grown);
    assert_true(large < 4 * small + 50); /* a square would be sixteen times */
#ifndef __SANITIZE_ADDRESS__
    assert_true(grown < 8 * 1024);
#endif
    corv_buf_free(&b);
    corv_document_free(&doc);
}

static void big_attachments_cost_the_same_per_byte_and_no_memory(void **state)
{
    static const char *const lines[] = {B64_76, B64_76 "\n", B64_76 "\r\n", B64_76 "&#13;\n"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
            judge_big(lines[i], 300000);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

static int cleared(void **state)
{
    (void)state;
    corv_document_free(&doc);
    corv_findings_free(&findings);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(only_elements_and_single_texts_reach_the_tree, cleared),
        cmocka_unit_test_teardown(white_space_is_a_value_or_nothing, cleared),
        cmocka_unit_test_teardown(much_white_space_is_kept_and_counts, cleared),
        cmocka_unit_test_teardown(what_is_not_well_formed_is_told_once_with_a_place, cleared),
        cmocka_unit_test_teardown(what_is_dangerous_is_refused, cleared),
        cmocka_unit_test_teardown(long_texts_are_cut_and_noted, cleared),
        cmocka_unit_test_teardown(the_kind_is_seen_as_far_as_one_got, cleared),
        cmocka_unit_test_teardown(lines_do_not_end_at_65535, cleared),
        cmocka_unit_test_teardown(attachments_are_cut_out, cleared),
        cmocka_unit_test_teardown(elements_inside_an_attachment_stay, cleared),
        cmocka_unit_test_teardown(an_attachment_of_blanks_is_refused, cleared),
        cmocka_unit_test_teardown(big_attachments_cost_the_same_per_byte_and_no_memory, cleared),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
