/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_function.h"

#include <libxml/hash.h>
#include <stdio.h>

#include "schemas/rule_date.h"
#include "schemas/rule_stack.h"
#include "schemas/rule_text.h"
#include "schemas/xml_path.h"

static struct corv_rule_scene *scene_of(xmlXPathParserContextPtr p)
{
    return p->context->userData;
}

static void f_waarde(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give_text(p, a.text);
    corv_rule_drop(&a);
}

static void f_gevuld(xmlXPathParserContextPtr p, int n)
{
    xmlXPathObjectPtr o;
    bool filled = false;

    if (!corv_rule_arity(p, n, 1))
        return;
    o = corv_rule_take_set(p);
    if (!o)
        return;
    for (int i = 0; o->nodesetval && i < o->nodesetval->nodeNr && !filled; i++) {
        const xmlNode *node = o->nodesetval->nodeTab[i];
        xmlChar *owned = NULL;

        if (!corv_rule_is_nil(node))
            filled = corv_rule_text_of(p, node, &owned).n > 0;
        xmlFree(owned);
    }
    xmlXPathFreeObject(o);
    corv_rule_give(p, filled);
}

static void f_aanwezig(xmlXPathParserContextPtr p, int n)
{
    xmlXPathObjectPtr from;
    xmlNodeSetPtr there;

    if (!corv_rule_arity(p, n, 1))
        return;
    from = corv_rule_take_set(p);
    if (!from)
        return;
    there = xmlXPathNodeSetCreate(NULL);
    for (int i = 0; there && from->nodesetval && i < from->nodesetval->nodeNr; i++)
        if (!corv_rule_is_nil(from->nodesetval->nodeTab[i]))
            (void)xmlXPathNodeSetAddUnique(there, from->nodesetval->nodeTab[i]);
    valuePush(p, there ? xmlXPathWrapNodeSet(there) : NULL);
    xmlXPathFreeObject(from);
}

static void add_extras(const xmlNode *holder, struct corv_view name, xmlNodeSetPtr into)
{
    for (xmlNodePtr block = holder->children; block; block = block->next) {
        if (!corv_node_is(block, CORV_NS_STUF, "extraElementen"))
            continue;
        for (xmlNodePtr e = block->children; e; e = e->next)
            if (corv_node_is(e, CORV_NS_STUF, "extraElement") &&
                corv_view_eq(corv_rule_trim(corv_rule_attribute(e, NULL, "naam")), name) &&
                !corv_rule_is_nil(e))
                (void)xmlXPathNodeSetAddUnique(into, e);
    }
}

static void f_extra(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument name;
    xmlXPathObjectPtr from;
    xmlNodeSetPtr found;

    if (!corv_rule_arity(p, n, 2))
        return;
    found = xmlXPathNodeSetCreate(NULL);
    name = corv_rule_take(p);
    from = corv_rule_take_set(p);
    for (int i = 0; found && from && from->nodesetval && i < from->nodesetval->nodeNr; i++) {
        const xmlNode *node = from->nodesetval->nodeTab[i];

        if (node->type == XML_ELEMENT_NODE)
            add_extras(node, name.text, found);
    }
    if (from && found) {
        (void)corv_rule_spend(p, 1 + (size_t)found->nodeNr);
        valuePush(p, xmlXPathWrapNodeSet(found));
    } else {
        xmlXPathFreeNodeSet(found);
    }
    xmlXPathFreeObject(from);
    corv_rule_drop(&name);
}

/* The element is one of names, "BG:inp.bsn ZKN:startdatum". */
static bool is_one_of(const xmlNode *e, struct corv_view names)
{
    size_t local = strlen((const char *)e->name);
    char name[CORV_NAME_TEXT];

    for (size_t at = 0, n; at < names.n; at += n + 1) {
        const char *word = names.p + at, *end = memchr(word, ' ', names.n - at);

        n = end ? (size_t)(end - word) : names.n - at;
        if (n > local && word[n - local - 1] == ':' &&
            memcmp(word + n - local, e->name, local) == 0 &&
            corv_view_is(corv_view_of(word, n), corv_node_name(e, name)))
            return true;
    }
    return false;
}

static void f_diep(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument names;
    xmlXPathObjectPtr from;
    xmlNodeSetPtr found;
    size_t seen = 0;

    if (!corv_rule_arity(p, n, 2))
        return;
    found = xmlXPathNodeSetCreate(NULL);
    names = corv_rule_take(p);
    from = corv_rule_take_set(p);
    for (int i = 0; found && from && from->nodesetval && i < from->nodesetval->nodeNr; i++) {
        const xmlNode *top = from->nodesetval->nodeTab[i];

        for (const xmlNode *e = top; (e = corv_rule_next(e, top)); seen++)
            if (e->type == XML_ELEMENT_NODE && is_one_of(e, names.text))
                (void)xmlXPathNodeSetAddUnique(found, (xmlNodePtr)e);
    }
    if (corv_rule_spend(p, 1 + seen) && from && found) {
        valuePush(p, xmlXPathWrapNodeSet(found));
        found = NULL;
    }
    xmlXPathFreeNodeSet(found);
    xmlXPathFreeObject(from);
    corv_rule_drop(&names);
}

/* Adds to later every node whose text was seen before. */
static void pick_repeats(xmlXPathParserContextPtr p, xmlNodeSetPtr set, xmlNodeSetPtr later)
{
    xmlHashTablePtr seen = xmlHashCreate(set->nodeNr + 1);

    for (int i = 0; seen && i < set->nodeNr; i++) {
        xmlChar *owned = NULL, *key = NULL;
        struct corv_view text = {"", 0};

        if (!corv_rule_is_nil(set->nodeTab[i]))
            text = corv_rule_text_of(p, set->nodeTab[i], &owned);
        if (text.n)
            key = xmlStrndup(BAD_CAST text.p, (int)text.n);
        /* The key is copied or kept in the table's dictionary; adding fails when it is there. */
        if (key && xmlHashAddEntry(seen, key, set) != 0)
            (void)xmlXPathNodeSetAddUnique(later, set->nodeTab[i]);
        xmlFree(key);
        xmlFree(owned);
        if (p->error != XPATH_EXPRESSION_OK)
            break;
    }
    if (!seen)
        xmlXPathErr(p, XPATH_MEMORY_ERROR);
    xmlHashFree(seen, NULL);
}

static void f_dubbel(xmlXPathParserContextPtr p, int n)
{
    xmlXPathObjectPtr from;
    xmlNodeSetPtr later;

    if (!corv_rule_arity(p, n, 1))
        return;
    from = corv_rule_take_set(p);
    if (!from)
        return;
    later = xmlXPathNodeSetCreate(NULL);
    xmlXPathNodeSetSort(from->nodesetval);
    if (later && from->nodesetval)
        pick_repeats(p, from->nodesetval, later);
    valuePush(p, later ? xmlXPathWrapNodeSet(later) : NULL);
    xmlXPathFreeObject(from);
}

static void f_huidig(xmlXPathParserContextPtr p, int n)
{
    if (!corv_rule_arity(p, n, 0))
        return;
    valuePush(p, xmlXPathNewNodeSet(scene_of(p)->current));
}

static void f_naam(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;
    char name[CORV_NAME_TEXT] = "";

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take_node(p);
    if (a.node && a.node->type == XML_ELEMENT_NODE)
        (void)corv_node_name(a.node, name);
    corv_rule_give_text(p, corv_view_str(name));
    corv_rule_drop(&a);
}

/* /JZ:a/ZKN:b[2] without the [2]. */
static void f_pad(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;
    char path[256] = "";
    size_t kept = 0;
    bool inside = false;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take_node(p);
    corv_node_path(a.node, NULL, path, sizeof path);
    for (const char *c = path; *c; c++) {
        inside = inside || *c == '[';
        if (!inside)
            path[kept++] = *c;
        inside = inside && *c != ']';
    }
    (void)corv_rule_spend(p, 8);
    corv_rule_give_text(p, corv_view_of(path, kept));
    corv_rule_drop(&a);
}

static void f_in_lijst(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument value, list;
    char text[512], name[64];

    if (!corv_rule_arity(p, n, 2))
        return;
    list = corv_rule_take(p);
    value = corv_rule_take(p);
    (void)snprintf(name, sizeof name, "%.*s", (int)list.text.n, list.text.p);
    if (!corv_rule_list_known(scene_of(p)->pack, name))
        xmlXPathErr(p, XPATH_EXPR_ERROR);
    if (value.text.n < sizeof text) {
        memcpy(text, value.text.p, value.text.n);
        text[value.text.n] = '\0';
        corv_rule_give(p, corv_rule_in_list(scene_of(p)->pack, name, text));
    } else {
        corv_rule_give(p, false);
    }
    corv_rule_drop(&value);
    corv_rule_drop(&list);
}

static void f_elfproef(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give(p, corv_rule_bsn(a.text));
    corv_rule_drop(&a);
}

static void f_tijdstip_geldig(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give(p, corv_rule_moment_valid(a.text));
    corv_rule_drop(&a);
}

static void f_bestandsnaam_geldig(xmlXPathParserContextPtr p, int n)
{
    xmlChar *name; /* not trimmed: a space in front is what the rule is about */

    if (!corv_rule_arity(p, n, 1))
        return;
    name = xmlXPathPopString(p);
    corv_rule_give(p, corv_rule_file_name(corv_view_str((const char *)name), false));
    xmlFree(name);
}

static void f_bestandsnaam_leesbaar(xmlXPathParserContextPtr p, int n)
{
    xmlChar *name;

    if (!corv_rule_arity(p, n, 1))
        return;
    name = xmlXPathPopString(p);
    corv_rule_give(p, corv_rule_file_name(corv_view_str((const char *)name), true));
    xmlFree(name);
}

static void f_extensie(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;
    char extension[16];

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give_text(p, corv_view_str(corv_rule_extension(a.text, extension)));
    corv_rule_drop(&a);
}

/* How much of the date is known; V when nothing says so. */
static char known_part(const xmlNode *node)
{
    struct corv_view value = {"V", 1};

    if (node)
        value = corv_rule_attribute(node, CORV_NS_STUF, "indOnvolledigeDatum");
    if (!value.n)
        return 'V';
    return value.p[0];
}

static struct corv_rule_date day_of(const struct corv_rule_argument *a)
{
    return corv_rule_day_of(a->text, known_part(a->node));
}

static void f_datum_geldig(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give(p, corv_rule_date_read(a.text, known_part(a.node)).valid);
    corv_rule_drop(&a);
}

static void f_datum_na(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a, b;

    if (!corv_rule_arity(p, n, 2))
        return;
    b = corv_rule_take(p);
    a = corv_rule_take(p);
    corv_rule_give(p, corv_rule_date_after(day_of(&a), day_of(&b)));
    corv_rule_drop(&a);
    corv_rule_drop(&b);
}

static void give_day(xmlXPathParserContextPtr p, int day)
{
    char text[16] = "";

    if (day)
        (void)snprintf(text, sizeof text, "%08d", day);
    corv_rule_give_text(p, corv_view_str(text));
}

static void f_datum_plus(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;
    struct corv_rule_date day;
    double days;

    if (!corv_rule_arity(p, n, 2))
        return;
    days = xmlXPathPopNumber(p);
    a = corv_rule_take(p);
    day = day_of(&a);
    if (!(days > -400000 && days < 400000) || !day.valid || day.first != day.last)
        give_day(p, 0);
    else
        give_day(p, corv_rule_day_plus(day.first, (int)days));
    corv_rule_drop(&a);
}

static void f_vandaag(xmlXPathParserContextPtr p, int n)
{
    if (!corv_rule_arity(p, n, 0))
        return;
    give_day(p, scene_of(p)->today);
}

/* As the reader counted it while it cut the text out; from the tree when there was no reader. */
static struct corv_base64 base64_of(xmlXPathParserContextPtr p, const xmlNode *node)
{
    const struct corv_document *d = scene_of(p)->document;
    const struct corv_attachment *a = d ? corv_document_attachment(d, node) : NULL;
    struct corv_base64 base64 = {0};
    struct corv_view text;
    xmlChar *owned;

    if (d) /* the look-up walked the list */
        (void)corv_rule_spend(p, d->attachments_count / 16);
    if (a)
        return a->base64;
    text = corv_rule_text_of(p, node, &owned);
    (void)corv_base64_add(&base64, text);
    xmlFree(owned);
    return base64;
}

static void f_bijlage_bytes(xmlXPathParserContextPtr p, int n)
{
    xmlXPathObjectPtr o;
    double bytes = 0;

    if (!corv_rule_arity(p, n, 1))
        return;
    o = corv_rule_take_set(p);
    if (!o)
        return;
    for (int i = 0; o->nodesetval && i < o->nodesetval->nodeNr; i++) {
        struct corv_base64 base64 = base64_of(p, o->nodesetval->nodeTab[i]);

        bytes += (double)corv_base64_bytes(&base64);
    }
    xmlXPathFreeObject(o);
    valuePush(p, xmlXPathNewFloat(bytes));
}

static void f_bijlage_zuiver(xmlXPathParserContextPtr p, int n)
{
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take_node(p);
    corv_rule_give(p, !a.node || base64_of(p, a.node).strange == 0);
    corv_rule_drop(&a);
}

static bool is_oin(struct corv_view text)
{
    return text.n == 20 && strspn(text.p, "0123456789") >= 20;
}

static void f_instantie_bekend(xmlXPathParserContextPtr p, int n)
{
    const struct corv_reference *r = scene_of(p)->reference;
    struct corv_rule_argument a;

    if (!corv_rule_arity(p, n, 1))
        return;
    a = corv_rule_take(p);
    corv_rule_give(p, !r || is_oin(a.text) || corv_reference_by_code(r, a.text));
    corv_rule_drop(&a);
}

static void f_instantie_actief(xmlXPathParserContextPtr p, int n)
{
    const struct corv_reference *r = scene_of(p)->reference;
    const struct corv_instance *found = NULL;
    struct corv_rule_argument a, on;
    struct corv_rule_date day;

    if (!corv_rule_arity(p, n, 2))
        return;
    on = corv_rule_take(p);
    a = corv_rule_take(p);
    day = day_of(&on);
    if (r && day.valid)
        found = is_oin(a.text) ? corv_reference_by_oin(r, a.text, day.first)
                               : corv_reference_by_code(r, a.text);
    corv_rule_give(p, !found || corv_instance_valid(found, day.first));
    corv_rule_drop(&a);
    corv_rule_drop(&on);
}

static const struct {
    const char *name;
    xmlXPathFunction f;
} functions[] = {
    {"waarde", f_waarde},
    {"gevuld", f_gevuld},
    {"aanwezig", f_aanwezig},
    {"diep", f_diep},
    {"extra", f_extra},
    {"dubbel", f_dubbel},
    {"huidig", f_huidig},
    {"naam", f_naam},
    {"pad", f_pad},
    {"in-lijst", f_in_lijst},
    {"elfproef", f_elfproef},
    {"datum-geldig", f_datum_geldig},
    {"datum-na", f_datum_na},
    {"datum-plus", f_datum_plus},
    {"vandaag", f_vandaag},
    {"tijdstip-geldig", f_tijdstip_geldig},
    {"bestandsnaam-geldig", f_bestandsnaam_geldig},
    {"bestandsnaam-leesbaar", f_bestandsnaam_leesbaar},
    {"extensie", f_extensie},
    {"bijlage-bytes", f_bijlage_bytes},
    {"bijlage-zuiver", f_bijlage_zuiver},
    {"instantie-bekend", f_instantie_bekend},
    {"instantie-actief", f_instantie_actief},
};

bool corv_rule_function_known(struct corv_view name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (corv_view_is(name, functions[i].name))
            return true;
    return false;
}

corv_rc corv_rule_functions_register(xmlXPathContextPtr ctxt)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (xmlXPathRegisterFunc(ctxt, BAD_CAST functions[i].name, functions[i].f) != 0)
            return CORV_E_NOMEM;
    return CORV_OK;
}
