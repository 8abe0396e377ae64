/* SPDX-License-Identifier: EUPL-1.2 */
/* The tree we build is the one libxml2 would have built, link by link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "daemon/base/buf.h"
#include "schemas/reader.h"
#include "test_verdict_messages.h"

static void same_ns(const xmlNs *a, const xmlNs *b)
{
    if (!a || !b) {
        assert_ptr_equal(a, b);
        return;
    }
    assert_int_equal(a->type, b->type);
    assert_true(xmlStrEqual(a->href, b->href));
    assert_true(xmlStrEqual(a->prefix, b->prefix));
}

static void same_attributes(const xmlNode *ours, const xmlNode *theirs)
{
    const xmlAttr *a = ours->properties, *b = theirs->properties, *before = NULL;

    for (; a && b; before = a, a = a->next, b = b->next) {
        assert_int_equal(a->type, XML_ATTRIBUTE_NODE);
        assert_string_equal(a->name, b->name);
        same_ns(a->ns, b->ns);
        assert_ptr_equal(a->parent, ours);
        assert_ptr_equal(a->prev, before);
        assert_ptr_equal(a->doc, ours->doc);
        assert_ptr_equal(a->children, a->last);
        assert_null(b->children->next);
        assert_int_equal(a->children->type, XML_TEXT_NODE);
        assert_ptr_equal(a->children->parent, a);
        assert_ptr_equal(a->children->doc, a->doc);
        assert_null(a->children->next);
        assert_string_equal(a->children->content, b->children->content);
    }
    assert_null(a);
    assert_null(b);
}

static void same_node(const xmlNode *ours, const xmlNode *theirs)
{
    const xmlNode *a = ours->children, *b = theirs->children, *before = NULL;
    const xmlNs *x = ours->nsDef, *y = theirs->nsDef;

    assert_int_equal(ours->type, theirs->type);
    assert_string_equal(ours->name, theirs->name);
    assert_ptr_equal(xmlNodeIsText((xmlNodePtr)ours) ? xmlStringText : ours->name, ours->name);
    assert_true(xmlStrEqual(ours->content, theirs->content));
    if (ours->type != XML_ELEMENT_NODE)
        return;
    assert_int_equal(ours->line, theirs->line);
    same_ns(ours->ns, theirs->ns);
    for (; x && y; x = x->next, y = y->next)
        same_ns(x, y);
    assert_true(!x && !y);
    same_attributes(ours, theirs);
    for (; a && b; before = a, a = a->next, b = b->next) {
        assert_ptr_equal(a->parent, ours);
        assert_ptr_equal(a->prev, before);
        assert_ptr_equal(a->doc, ours->doc);
        same_node(a, b);
    }
    assert_true(!a && !b);
    assert_ptr_equal(ours->last, before);
}

static corv_rc read_text(struct corv_view text, struct corv_document *d, struct corv_findings *f)
{
    corv_findings_init(f);
    return corv_document_read(text, &corv_read_limits_default, d, f);
}

/* Texts without comments and CDATA: those we see differently. */
static void same_as_libxml2(struct corv_view text)
{
    struct corv_document d;
    struct corv_findings f;
    xmlDocPtr theirs = xmlReadMemory(text.p, (int)text.n, NULL, NULL, XML_PARSE_NOBLANKS);
    const xmlNode *root;

    assert_non_null(theirs);
    assert_int_equal(read_text(text, &d, &f), CORV_OK);
    root = xmlDocGetRootElement(d.xml);
    assert_ptr_equal(root->parent, d.xml);
    assert_ptr_equal(root->doc, d.xml);
    same_node(root, xmlDocGetRootElement(theirs));
    xmlFreeDoc(theirs);
    corv_document_free(&d);
    corv_findings_free(&f);
}

static void is_what_libxml2_would_build(void **state)
{
    static const char *const texts[] = {"<a/>", "<a><b>1</b><c>2</c>x<d/>y</a>",
        "<a b='1' c='' d='x y'/>",
        "<a b='&amp;' c='&#38;#38;' d='&amp;amp;&lt;&quot;&#65;' e='\xc3\xa9\n\tx' f='&amp;#38;'/>",
        "<a b='&#38;&#38;&amp;' c='x&amp;' d='&amp;#3'/>",
        "<a xmlns='urn:1'><b xmlns=''><c/></b><d xmlns='urn:2'><e/></d><f/></a>",
        "<p:a xmlns:p='urn:1' p:x='1'><p:b xmlns:p='urn:2' p:x='1' x='2'><p:c p:y='3'/></p:b>"
        "<p:d/><q:e xmlns:q='urn:1' xmlns='urn:3' q:x='4'><f/></q:e><p:g p:x='5'/></p:a>",
        "<a xml:lang='nl' xml:space='preserve'><b xml:lang='fy'/></a>",
        "<a xml:id='i'><b xml:id='j'/></a>", "<a>one &amp; two &#x20AC; \xc3\xa9 three</a>",
        "<a>x<b>y<c>z</c>&lt;</b>&gt;</a>", BV03, FO01("x"), SOAP("", BV03)};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        same_as_libxml2(corv_view_str(texts[i]));
}

/* Texts come in pieces of some hundreds of bytes, and grow. */
static void long_texts_grow(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 1000000);
    assert_int_equal(corv_buf_add_str(&b, "<a><b>"), CORV_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(corv_buf_addf(&b, "caf\xc3\xa9 %d &amp; ", i), CORV_OK);
    assert_int_equal(corv_buf_add_str(&b, "</b>x<c>"), CORV_OK);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(corv_buf_addf(&b, "<d e='%d'>%d</d>", i, i), CORV_OK);
    assert_int_equal(corv_buf_add_str(&b, "</c></a>"), CORV_OK);
    same_as_libxml2(corv_buf_view(&b));
    corv_buf_free(&b);
}

static void an_xml_id_is_a_name_and_one_of_a_kind(void **state)
{
    static const struct {
        const char *text;
        int line;
    } rows[] = {
        {"<a xml:id='i'>\n<b xml:id='i'/></a>", 2},
        {"<a>\n\n<b xml:id='1 2'/></a>", 3},
        {"<a xml:id=''/>", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_document d;
        struct corv_findings f;

        assert_int_equal(read_text(corv_view_str(rows[i].text), &d, &f), CORV_E_INVALID);
        assert_int_equal(f.count, 1);
        assert_string_equal(f.list[0].code, "well-formed.syntax");
        assert_int_equal(f.list[0].line, rows[i].line);
        corv_document_free(&d);
        corv_findings_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_libxml2_would_build),
        cmocka_unit_test(long_texts_grow),
        cmocka_unit_test(an_xml_id_is_a_name_and_one_of_a_kind),
    };

    xmlInitParser();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
