/* SPDX-License-Identifier: EUPL-1.2 */
/* The expressions of the rules against libxml2's XPath, which is the judge here: both must say the
 * same about every expression of the pack on every kind of message, also where it was not made
 * for, and about rows that try each corner. The functions are ours on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/kind.h"
#include "schemas/reader.h"
#include "schemas/rule.h"
#include "schemas/rule_core.h"
#include "schemas/rule_eval.h"
#include "schemas/rule_machine.h"
#include "schemas/rule_node.h"
#include "schemas/verdict.h"
#include "schemas/xml_path.h"

#include "test_rule_messages.h"

#define DAY 20260615

static struct corv_rules *rules;
static struct corv_rule_code *code;
static size_t compared;

/* ---- libxml2's side ---------------------------------------------------------------------------
 */

struct judge {
    struct corv_rule_machine *m;
    xmlXPathContextPtr ctxt;
};

static xmlXPathObjectPtr object_of(const struct corv_rule_value *v)
{
    xmlNodeSetPtr set;

    switch (v->type) {
    case CORV_RULE_NODES:
        set = xmlXPathNodeSetCreate(NULL);
        for (size_t i = 0; i < v->nodes.count; i++)
            assert_int_equal(xmlXPathNodeSetAdd(set, (xmlNodePtr)v->nodes.list[i]), 0);
        return xmlXPathWrapNodeSet(set);
    case CORV_RULE_TEXT:
        return xmlXPathWrapString(xmlStrndup(BAD_CAST v->text.p, (int)v->text.n));
    case CORV_RULE_NUMBER:
        return xmlXPathNewFloat(v->number);
    case CORV_RULE_BOOL:
    default:
        return xmlXPathNewBoolean(v->yes);
    }
}

static void value_of(struct corv_rule_run *run, xmlXPathObjectPtr o, struct corv_rule_value *v)
{
    memset(v, 0, sizeof *v);
    assert_non_null(o);
    if (!o)
        return;
    if (o->type == XPATH_NODESET) {
        v->type = CORV_RULE_NODES;
        xmlXPathNodeSetSort(o->nodesetval);
        for (int i = 0; o->nodesetval && i < o->nodesetval->nodeNr; i++)
            assert_true(corv_rule_nodes_add(run, &v->nodes, o->nodesetval->nodeTab[i]));
    } else if (o->type == XPATH_NUMBER) {
        v->type = CORV_RULE_NUMBER;
        v->number = o->floatval;
    } else if (o->type == XPATH_BOOLEAN) {
        v->type = CORV_RULE_BOOL;
        v->yes = o->boolval;
    } else {
        size_t n = strlen((const char *)o->stringval);
        char *copy = corv_rule_take(run, n + 1);

        v->type = CORV_RULE_TEXT;
        memcpy(copy, o->stringval, n + 1);
        v->text = corv_view_of(copy, n);
    }
}

/* Any function of ours, called by libxml2. */
static void bridge(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_machine *m = p->context->userData;
    const struct corv_rule_function *f =
        corv_rule_function_find(corv_view_str((const char *)p->context->function));
    struct corv_rule_value arguments[CORV_RULE_ARGUMENTS];
    struct corv_rule_value out = {.type = f->gives};
    struct corv_rule_call c = {.run = &m->run, .arguments = arguments, .count = (unsigned)n};

    for (int i = n - 1; i >= 0; i--) {
        xmlXPathObjectPtr o = valuePop(p);

        value_of(&m->run, o, &arguments[i]);
        xmlXPathFreeObject(o);
    }
    f->run(&c, &out);
    valuePush(p, object_of(&out));
}

static xmlXPathFunction functions(void *data, const xmlChar *name, const xmlChar *ns)
{
    struct corv_view which = corv_view_str((const char *)name);

    (void)data;
    for (const struct corv_rule_function *f = corv_rule_core; f->name; f++)
        if (corv_view_is(which, f->name))
            return NULL; /* its own */
    return !ns && corv_rule_function_find(which) ? bridge : NULL;
}

static xmlXPathObjectPtr variables(void *data, const xmlChar *name, const xmlChar *ns)
{
    struct corv_rule_machine *m = data;
    struct corv_rule_value v = {.type = CORV_RULE_NODES};

    (void)ns;
    for (size_t i = 0; i < code->names.count; i++)
        if (corv_view_is(code->names.list[i], (const char *)name))
            v.nodes = m->run.variables[i];
    return object_of(&v);
}

static void judge_begin(struct judge *j, struct corv_rule_machine *m, xmlDocPtr doc)
{
    static const char *const names[] = {"JZ", "ZKN", "BG", "StUF", "xsi", "xmime"};

    j->m = m;
    j->ctxt = xmlXPathNewContext(doc);
    j->ctxt->userData = m;
    xmlXPathRegisterVariableLookup(j->ctxt, variables, m);
    xmlXPathRegisterFuncLookup(j->ctxt, functions, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(xmlXPathRegisterNs(j->ctxt, BAD_CAST names[i],
                             BAD_CAST corv_prefix_ns(corv_view_str(names[i]))),
            0);
}

/* ---- both -------------------------------------------------------------------------------------
 */

static bool same(const struct corv_rule_value *a, const struct corv_rule_value *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case CORV_RULE_NODES:
        return a->nodes.count == b->nodes.count &&
               (a->nodes.count == 0 || memcmp(a->nodes.list, b->nodes.list,
                                           a->nodes.count * sizeof(const xmlNode *)) == 0);
    case CORV_RULE_TEXT:
        return corv_view_eq(a->text, b->text);
    case CORV_RULE_NUMBER:
        return a->number == b->number || (isnan(a->number) && isnan(b->number));
    case CORV_RULE_BOOL:
    default:
        return a->yes == b->yes;
    }
}

static void compare(struct judge *j, const char *text, const struct corv_rule_expr *e,
    const xmlNode *from, struct corv_rule_value *ours)
{
    struct corv_rule_place *place = corv_rule_take(&j->m->run, sizeof *place);
    struct corv_rule_value theirs;
    xmlXPathObjectPtr o;

    assert_non_null(place);
    *place = (struct corv_rule_place){from, 1, 1};

    j->m->run.scene.current = from;
    j->ctxt->node = (xmlNodePtr)from;
    o = xmlXPathEvalExpression(BAD_CAST text, j->ctxt);
    if (!o)
        fail_msg("libxml2 refuses %s", text);
    value_of(&j->m->run, o, &theirs);
    xmlXPathFreeObject(o);
    corv_rule_eval(&j->m->run, e, place, ours);
    assert_int_equal(j->m->run.rc, CORV_OK);
    compared++;
    if (!same(ours, &theirs))
        fail_msg("%s at <%s> (line %d): not what libxml2 says", text, (const char *)from->name,
            corv_node_line(from));
}

static void compare_each(struct judge *j, const struct corv_rule_each *each,
    const struct corv_rule_each_code *compiled, const xmlNode *root)
{
    struct corv_rule_value nodes, unused;

    compare(j, each->select, compiled->select, root, &nodes);
    for (size_t i = 0; i <= nodes.nodes.count; i++) {
        const xmlNode *n = i < nodes.nodes.count ? nodes.nodes.list[i] : root;

        compare(j, each->test, compiled->test, n, &unused);
        if (each->at)
            compare(j, each->at, compiled->at, n, &unused);
    }
    corv_rule_machine_forget(j->m);
}

static void the_pack_on(const char *text, enum corv_kind as)
{
    const struct corv_rule_pack *pack = code->pack;
    const struct corv_rule_each_code *compiled = code->eachs;
    struct corv_rule_machine *m;
    struct corv_document d;
    struct corv_rule_scene scene = {.document = &d, .today = DAY};
    struct corv_findings f;
    struct judge j;

    corv_findings_init(&f);
    assert_int_equal(
        corv_document_read(corv_view_str(text), &corv_read_limits_default, &d, &f), CORV_OK);
    assert_int_equal(corv_rule_machine_new(code, &m), CORV_OK);

    xmlNodePtr root = xmlDocGetRootElement(d.xml);

    assert_int_equal(corv_rule_machine_begin(m, root, as, &scene, 0), CORV_OK);
    judge_begin(&j, m, d.xml);
    for (size_t i = 0; i < pack->lets_count; i++) {
        struct corv_rule_value unused;

        if (pack->lets[i].kinds >> as & 1)
            compare(&j, pack->lets[i].select, code->lets[i].select, root, &unused);
    }
    for (size_t r = 0; r < pack->rules_count; r++)
        for (size_t e = 0; e < pack->rules[r].each_count; e++, compiled++)
            if (pack->rules[r].each[e].kinds >> as & 1)
                compare_each(&j, &pack->rules[r].each[e], compiled, root);
    xmlXPathFreeContext(j.ctxt);
    corv_rule_machine_end(m);
    corv_rule_machine_free(m);
    corv_document_free(&d);
    corv_findings_free(&f);
}

static void the_pack_says_what_libxml2_says(void **state)
{
    static const char *const messages[] = {VTO, NOTIFICATIE, ONGEBOREN, NOTIFICATIEJR, ZORGMELDING,
        TERUGKOPPELING, VT_MELDING, VT_TERUGKOPPELING, VCOB, UCOB, GENERIEK, UITKOMST, BV01, BV03,
        FO01};

    (void)state;
    compared = 0;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        for (int kind = CORV_KIND_UNKNOWN + 1; kind < CORV_KIND_KENNISGEVING; kind++)
            the_pack_on(messages[i], (enum corv_kind)kind);
    print_message("%zu values compared\n", compared);
    assert_true(compared > 10000);
}

/* ---- corners ----------------------------------------------------------------------------------
 */

static const char SMALL[] =
    "<JZ:a xmlns:JZ=\"" CORV_NS_JZ "\" xmlns:ZKN=\"" CORV_NS_ZKN "\" xmlns:xsi=\"" CORV_NS_XSI
    "\" xmlns:StUF=\"" CORV_NS_STUF "\" naam=\" n \" StUF:naam=\"s\">"
    "<ZKN:b>1</ZKN:b><ZKN:b naam=\"x\"> 2 </ZKN:b><ZKN:b xsi:nil=\"true\"/>"
    "<JZ:b>een<ZKN:c>twee</ZKN:c>drie<ZKN:c naam=\"y\"><ZKN:c>vier</ZKN:c></ZKN:c></JZ:b>"
    "<ZKN:d>caf\xc3\xa9 \xe2\x82\xac 5</ZKN:d><e xmlns=\"\">geen</e>"
    "<ZKN:f><ZKN:b>1</ZKN:b><ZKN:b>-3.5</ZKN:b></ZKN:f><ZKN:g> a \t\n b  </ZKN:g></JZ:a>";

static const char *const corners[] = {".", "..", "*", "e", "ZKN:b", "ZKN:*", "JZ:*", "ZKN:b[1]",
    "ZKN:b[last()]", "ZKN:b[position() > 1]", "ZKN:b[2][1]", "ZKN:b[@naam]", "(ZKN:b)[2]",
    "*[2]/..", "*/*", "*/..", "*/*/..", ".//ZKN:c", ".//ZKN:c/..", ".//ZKN:c//ZKN:c", ".//@naam",
    ".//@StUF:naam", ".//*[@naam]/@naam", "ZKN:b/@naam", "@naam | @StUF:naam",
    "ZKN:b | JZ:b | ZKN:b", ".//ZKN:c | JZ:b/ZKN:c", "ZKN:f/ZKN:b | ZKN:b",
    "*[self::ZKN:b or self::ZKN:d]", "self::JZ:a", "self::ZKN:a", "self::*", "child::ZKN:b",
    "ZKN:f/parent::JZ:a", "attribute::naam", "ZKN:b = 1", "ZKN:b = '1'", "ZKN:b != '1'",
    "ZKN:b = ZKN:f/ZKN:b", "ZKN:x = ZKN:b", "ZKN:x != ZKN:b", "ZKN:b = true()", "ZKN:x = false()",
    "true() = 'x'", "true() = 0", "1 = '1.0'", "'a' = 'a'", "'a' != 'b'", "ZKN:b > 1", "ZKN:b >= 2",
    "1 < ZKN:b", "ZKN:b < ZKN:f/ZKN:b", "ZKN:b <= 1 and ZKN:d", "not(ZKN:x) or ZKN:y", "1 + 2 - 4",
    "-3", "- ZKN:f/ZKN:b[2]", "3-1", "ZKN:b[1] + ZKN:b[2]", "count(.//*)", "count(ZKN:b) = 3",
    "string(JZ:b)", "string(ZKN:b)", "string(ZKN:x)", "string(number('1.5') - 7)", "string(0 - 7)",
    "string(true())", "number('12')", "number(' -1.5 ')", "number('1e2')", "number('x')",
    "number('')", "number(ZKN:f/ZKN:b[2])", "number(true())", "boolean('')", "boolean('0')",
    "boolean(0)", "boolean(number('x'))", "boolean(ZKN:x)", "not('a')",
    "concat('a', ZKN:b, 1, true())", "starts-with(ZKN:d, 'caf')", "starts-with('a', 'ab')",
    "starts-with('a', '')", "contains(ZKN:d, '\xe2\x82\xac')", "contains('abc', '')",
    "contains('', 'a')", "substring-before('a=b=c', '=')", "substring-after('a=b=c', '=')",
    "substring-before('abc', 'x')", "substring-after('abc', 'x')", "substring-after('abc', '')",
    "substring('12345', 2, 3)", "substring('12345', 2)", "substring('12345', 0, 3)",
    "substring('12345', number('1.5'), number('2.6'))", "substring('12345', 0 - 1, 3)",
    "substring('12345', 7)", "substring('12345', number('x'), 3)",
    "substring('12345', 1, number('x'))", "substring(ZKN:d, 4, 3)", "string-length(ZKN:d)",
    "string-length('')", "normalize-space(ZKN:g)", "normalize-space('   ')",
    "translate('abc', 'ab', 'AB')", "translate('abc', 'abc', 'A')", "translate('aab', 'aa', 'xy')",
    "translate(ZKN:d, 'c', 'k')", "translate(ZKN:d, '\xc3\xa9', 'e')",
    "translate(ZKN:d, '\xe2\x82\xac', '')", "translate('x', '', 'y')", "local-name(ZKN:d)",
    "local-name(ZKN:x)", "local-name(@naam)", "waarde(ZKN:b[2])", "waarde(ZKN:b[3] | ZKN:d)",
    "gevuld(ZKN:b[3])", "aanwezig(ZKN:b)", "aanwezig(ZKN:b)[2]", "diep(., 'ZKN:c ZKN:b')",
    "diep(.//*, 'ZKN:c')", "dubbel(.//ZKN:b)", "huidig()/ZKN:d", "ZKN:b[. = huidig()/ZKN:f/ZKN:b]",
    "naam(ZKN:b)", "naam(JZ:b/..)", "vaste-waarde(@naam, 'entiteittypen', 'entiteitplaatsen')",
    "vaste-waarde(ZKN:x, 'entiteittypen', 'entiteitplaatsen')",
    "vaste-waarde(., 'entiteittypen', 'entiteitplaatsen')", "pad(JZ:b/ZKN:c)",
    "ZKN:b[ZKN:x or 1 = 1]", "ZKN:b[false()]", "ZKN:b[count(..) = 1]", "ZKN:b [ 1 ] / @naam",
    "((ZKN:b))", "'\"'", "\"'\"", ".//ZKN:x", ".//e", ".//ZKN:c[@naam]/..", ".//@naam[. = 'y']",
    ".//@xsi:nil/..", "ZKN:f//ZKN:b | .//ZKN:b", "diep(., 'ZKN:c')/@naam",
    "diep(., 'ZKN:b JZ:b ZKN:b X:b b :')", "diep(., '')", "diep(., concat('ZKN', ':b'))",
    "diep(ZKN:x, 'ZKN:b')", "diep(. | *, 'ZKN:c')", ".//@naam | *[2]/@naam | .//@StUF:naam",
    ". | .//ZKN:b", "self::*[ZKN:b]", "../ZKN:b", "./ZKN:b", "self::*/..",
    "self::ZKN:b/self::ZKN:*", "ZKN:f/ZKN:b[../../ZKN:d]", "../self::JZ:a", "./.", "@naam/..",
    "@naam/../../ZKN:b", "count(. | huidig())", "aanwezig(.)/..", "(. | *)[2]",
    "ZKN:b[position() = last()]", "JZ:b/ZKN:c[1] | JZ:b/ZKN:c[2]/ZKN:c[1]", "*[2]", "*/*[1]",
    "(*/*)[1]", "*[last()]/.."};

#define CORNERS (sizeof corners / sizeof *corners)

/* Above the root is nothing here, and the document there. */
static bool ends_above_the_root(const char *corner)
{
    static const char *const ones[] = {"..", "self::*/..", "aanwezig(.)/.."};

    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        if (strcmp(corner, ones[i]) == 0)
            return true;
    return false;
}

static void each_corner_is_as_in_libxml2(void **state)
{
    struct corv_rule_scene scene = {.today = DAY};
    struct corv_rule_machine *m;
    struct corv_room room;
    struct corv_rule_names names = {0};
    const struct corv_rule_expr *read[CORNERS];
    struct corv_document d;
    struct corv_findings f;
    struct judge j;

    (void)state;
    corv_findings_init(&f);
    corv_room_init(&room, 1u << 20);
    assert_int_equal(
        corv_document_read(corv_view_str(SMALL), &corv_read_limits_default, &d, &f), CORV_OK);
    assert_int_equal(corv_rule_machine_new(code, &m), CORV_OK);
    assert_int_equal(
        corv_rule_machine_begin(m, xmlDocGetRootElement(d.xml), CORV_KIND_BV01, &scene, 0),
        CORV_OK);
    judge_begin(&j, m, d.xml);
    for (size_t i = 0; i < CORNERS; i++) {
        const char *at;

        if (corv_rule_expr_read(corners[i], &room, &names, &read[i], &at) != CORV_OK)
            fail_msg("%s is refused at %s", corners[i], at);
    }
    assert_in_range(names.deep.requests, 8, CORV_RULE_DEEP_REQUESTS - 1);
    assert_true(corv_rule_deep_find(&names.deep, xmlDocGetRootElement(d.xml), &m->run));
    for (size_t i = 0; i < CORNERS; i++) {
        const struct corv_rule_expr *e = read[i];
        struct corv_rule_value unused;

        for (const xmlNode *n = xmlDocGetRootElement(d.xml)->children; n; n = n->next)
            compare(&j, corners[i], e, n, &unused);
        if (!ends_above_the_root(corners[i]))
            compare(&j, corners[i], e, xmlDocGetRootElement(d.xml), &unused);
    }
    xmlXPathFreeContext(j.ctxt);
    corv_rule_machine_free(m);
    corv_room_free(&room);
    free(names.list);
    corv_document_free(&d);
    corv_findings_free(&f);
}

/* More expressions that ask at any depth than the walk has numbers for: those walk by themselves.
 */
static void what_has_no_number_is_walked_for(void **state)
{
    static const char *const texts[] = {".//ZKN:c", ".//@naam", "diep(., 'ZKN:c ZKN:b')"};
    const struct corv_rule_expr *read[CORV_RULE_DEEP_REQUESTS + 6];
    struct corv_rule_scene scene = {.today = DAY};
    struct corv_rule_machine *m;
    struct corv_room room;
    struct corv_rule_names names = {0};
    struct corv_document d;
    struct corv_findings f;
    const char *at;

    (void)state;
    corv_findings_init(&f);
    corv_room_init(&room, 1u << 20);
    assert_int_equal(
        corv_document_read(corv_view_str(SMALL), &corv_read_limits_default, &d, &f), CORV_OK);

    const struct corv_rule_place place = {xmlDocGetRootElement(d.xml), 1, 1};

    assert_int_equal(corv_rule_machine_new(code, &m), CORV_OK);
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        assert_int_equal(corv_rule_expr_read(texts[i % 3], &room, &names, &read[i], &at), CORV_OK);
    assert_int_equal(names.deep.requests, CORV_RULE_DEEP_REQUESTS);
    assert_int_equal(
        corv_rule_machine_begin(m, (xmlNodePtr)place.node, CORV_KIND_BV01, &scene, 0), CORV_OK);
    assert_true(corv_rule_deep_find(&names.deep, (xmlNodePtr)place.node, &m->run));
    for (size_t i = 3; i < sizeof read / sizeof *read; i++) {
        struct corv_rule_value first, this;

        corv_rule_eval(&m->run, read[i % 3], &place, &first);
        corv_rule_eval(&m->run, read[i], &place, &this);
        assert_true(first.nodes.count > 2 && same(&first, &this));
    }
    corv_rule_machine_free(m);
    corv_room_free(&room);
    free(names.list);
    corv_document_free(&d);
    corv_findings_free(&f);
}

/* vaste-waarde() is short for this. */
#define LONG_FORM                                                                                  \
    "in-lijst(concat(naam(../..), '/', naam(..), '=', .), 'entiteittypen') or "                    \
    "not(in-lijst(concat(naam(../..), '/', naam(..)), 'entiteitplaatsen'))"

static size_t both_forms(struct corv_rule_run *run, const struct corv_rule_expr *const forms[2],
    const xmlNode *attribute)
{
    const struct corv_rule_place place = {attribute, 1, 1};
    struct corv_rule_value a, b;

    corv_rule_eval(run, forms[0], &place, &a);
    corv_rule_eval(run, forms[1], &place, &b);
    assert_int_equal(run->rc, CORV_OK);
    assert_int_equal(corv_rule_to_bool(&a), corv_rule_to_bool(&b));
    return corv_rule_to_bool(&a) ? 0 : 1;
}

static size_t fixed_values_of(const char *text, const struct corv_rule_expr *const forms[2])
{
    static const char *const values[] = {"ZAK", "NPS", "NPS ", " NPS", "\n", "X"};
    struct corv_rule_scene scene = {.today = DAY};
    struct corv_rule_machine *m;
    struct corv_document d;
    struct corv_findings f;
    size_t wrong = 0;

    corv_findings_init(&f);
    assert_int_equal(
        corv_document_read(corv_view_str(text), &corv_read_limits_default, &d, &f), CORV_OK);
    assert_int_equal(corv_rule_machine_new(code, &m), CORV_OK);

    const xmlNode *root = xmlDocGetRootElement(d.xml);

    assert_int_equal(
        corv_rule_machine_begin(m, (xmlNodePtr)root, CORV_KIND_BV01, &scene, 0), CORV_OK);
    for (const xmlNode *n = root; n; n = corv_rule_next(n, root))
        for (xmlAttr *a = n->type == XML_ELEMENT_NODE ? n->properties : NULL; a; a = a->next) {
            xmlChar *was = a->children->content;

            wrong += both_forms(&m->run, forms, (const xmlNode *)a);
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                a->children->content = BAD_CAST values[i];
                wrong += both_forms(&m->run, forms, (const xmlNode *)a);
            }
            a->children->content = was;
        }
    corv_rule_machine_free(m);
    corv_document_free(&d);
    corv_findings_free(&f);
    return wrong;
}

static void a_fixed_value_is_judged_as_in_the_long_form(void **state)
{
    static const char *const messages[] = {VTO, NOTIFICATIE, ONGEBOREN, NOTIFICATIEJR, ZORGMELDING,
        TERUGKOPPELING, VT_MELDING, VT_TERUGKOPPELING, VCOB, UCOB, GENERIEK, UITKOMST, SMALL};
    const struct corv_rule_expr *forms[2];
    struct corv_room room;
    struct corv_rule_names names = {0};
    const char *at;
    size_t wrong = 0;

    (void)state;
    corv_room_init(&room, 1u << 20);
    assert_int_equal(corv_rule_expr_read(LONG_FORM, &room, &names, &forms[0], &at), CORV_OK);
    assert_int_equal(corv_rule_expr_read("vaste-waarde(., 'entiteittypen', 'entiteitplaatsen')",
                         &room, &names, &forms[1], &at),
        CORV_OK);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        wrong += fixed_values_of(messages[i], forms);
    assert_true(wrong > 20);
    corv_room_free(&room);
    free(names.list);
}

static void what_is_not_ours_is_refused_where_it_stands(void **state)
{
    static const struct {
        const char *text;
        const char *at;
    } rows[] = {
        {"", ""},
        {"a b", "b"},
        {"a[", ""},
        {"a]", "]"},
        {"/a", "/a"},
        {"//a", "//a"},
        {"a/", ""},
        {"a//..", ".."},
        {"a//b[1]", "1]"},
        {"a//b[position() = 1]", "position() = 1]"},
        {"a//b[count(c[last()]) = 1]", NULL},
        {"text()", "text()"},
        {"node()", "node()"},
        {"comment()", "comment()"},
        {"a/text()", "text()"},
        {"ancestor::a", "ancestor::a"},
        {"descendant::a", "descendant::a"},
        {"following-sibling::a", "following-sibling::a"},
        {"X:a", "X:a"},
        {"a * 2", "* 2"},
        {"4 div 2", "div 2"},
        {"5 mod 2", "mod 2"},
        {"1.5", ".5"},
        {"'a", "'a"},
        {"$", ""},
        {"id('a')", "id('a')"},
        {"sum(a)", "sum(a)"},
        {"count('a')", "count('a')"},
        {"count()", "count()"},
        {"not()", "not()"},
        {"not(1, 2)", "not(1, 2)"},
        {"true(1)", "true(1)"},
        {"concat('a')", "concat('a')"},
        {"'a'/b", "'a'/b"},
        {"'a'[1]", "'a'[1]"},
        {"a | 'b'", "a | 'b'"},
        {"(a", ""},
        {"a = ", ""},
        {"a and", ""},
        {"or", NULL}, /* an element of that name */
        /* deeper than anybody writes */
        {"((((((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))))))",
            "("},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_room room;
        struct corv_rule_names names = {0};
        const struct corv_rule_expr *e;
        const char *at = NULL;
        corv_rc rc;

        corv_room_init(&room, 1u << 20);
        rc = corv_rule_expr_read(rows[i].text, &room, &names, &e, &at);
        if (rc != (rows[i].at ? CORV_E_INVALID : CORV_OK))
            fail_msg("%s: %s", rows[i].text, corv_rc_name(rc));
        if (rows[i].at && strncmp(at, rows[i].at, strlen(rows[i].at)) != 0)
            fail_msg("%s: wrong at %s", rows[i].text, at);
        corv_room_free(&room);
        free(names.list);
    }
}

/* What is read as a chain is worth what hangs below it, so its length is depth when it is judged;
 * and more arguments than any function has are none of its bits. */
static void what_is_longer_than_anybody_writes_is_refused(void **state)
{
    static char text[80000];
    static const struct {
        const char *begin;
        const char *more;
        const char *end;
        unsigned count;
        corv_rc rc;
    } rows[] = {
        {"1", "+1", "", 400, CORV_OK},
        {"1", "+1", "", 30000, CORV_E_INVALID},
        {"a", "|a", "", 30000, CORV_E_INVALID},
        {"a", " or a", "", 10000, CORV_E_INVALID},
        {"concat(1", ",1", ")", 7, CORV_OK},
        {"concat(1", ",1", ")", 40, CORV_E_INVALID},
        {"count(a", ",a", ")", 40, CORV_E_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n = (size_t)snprintf(text, sizeof text, "%s", rows[i].begin);
        struct corv_room room;
        struct corv_rule_names names = {0};
        const struct corv_rule_expr *e;
        const char *at = NULL;

        for (unsigned k = 0; k < rows[i].count; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", rows[i].more);
        (void)snprintf(text + n, sizeof text - n, "%s", rows[i].end);
        corv_room_init(&room, 16u << 20);
        assert_int_equal(corv_rule_expr_read(text, &room, &names, &e, &at), rows[i].rc);
        corv_room_free(&room);
        free(names.list);
    }
}

static void room_is_given_back_and_has_an_end(void **state)
{
    struct corv_room room;
    struct corv_room_mark mark;
    char *first;

    (void)state;
    corv_room_init(&room, 100000);
    first = corv_room_take(&room, 10);
    assert_non_null(first);
    mark = corv_room_mark(&room);
    for (int i = 0; i < 5; i++)
        assert_non_null(corv_room_take(&room, 16000));
    assert_null(corv_room_take(&room, 50000));
    assert_null(corv_room_take(&room, SIZE_MAX));
    corv_room_back(&room, mark);
    assert_non_null(corv_room_take(&room, 50000));
    corv_room_back(&room, (struct corv_room_mark){0});
    assert_ptr_equal(corv_room_take(&room, 10), first);
    corv_room_free(&room);
    assert_int_equal(room.total, 0);
}

static int set_up(void **state)
{
    struct corv_fault fault = {0};

    (void)state;
    corv_schemas_init();
    if (corv_rules_new(NULL, &rules, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(corv_rule_code_new(corv_rules_pack(rules), &code, &fault), CORV_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_rule_code_free(code);
    corv_rules_free(rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pack_says_what_libxml2_says),
        cmocka_unit_test(each_corner_is_as_in_libxml2),
        cmocka_unit_test(what_has_no_number_is_walked_for),
        cmocka_unit_test(a_fixed_value_is_judged_as_in_the_long_form),
        cmocka_unit_test(what_is_not_ours_is_refused_where_it_stands),
        cmocka_unit_test(what_is_longer_than_anybody_writes_is_refused),
        cmocka_unit_test(room_is_given_back_and_has_an_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
