/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/findings_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/reader.h"

#define EXPECTED_MOST 6 /* names said of a longer list */

bool corv_subject_same(const struct corv_subject *a, const struct corv_subject *b)
{
    return a->value && b->value && a->node == b->node && strcmp(a->attribute, b->attribute) == 0;
}

__attribute__((format(printf, 3, 4))) static void say(
    struct corv_finding *out, const char *code, const char *fmt, ...)
{
    va_list ap;

    (void)snprintf(out->code, sizeof out->code, "schema.%s", code);
    va_start(ap, fmt);
    int n = vsnprintf(out->text, sizeof out->text, fmt, ap);
    va_end(ap);
    if (n < (int)sizeof out->text)
        return;

    size_t end = sizeof out->text - 4; /* cut, but not in the middle of a character */

    while (end && ((unsigned char)out->text[end] & 0xC0) == 0x80)
        end--;
    memcpy(out->text + end, "...", 4);
}

/* The sentence after "Element '{ns}name'" and, when present, ", attribute '{ns}name'". */
static const char *sentence_of(
    const xmlError *error, const xmlNode *node, char attribute[CORV_NAME_TEXT])
{
    const char *at = error->message ? error->message : "";
    const char *ns = node->ns ? (const char *)node->ns->href : NULL;
    size_t skip = strlen("Element '") + (ns ? strlen(ns) + 2 : 0) +
                  strlen((const char *)node->name) + strlen("'");

    attribute[0] = '\0';
    if (strncmp(at, "Element '", 9) != 0 || strlen(at) < skip)
        return at;
    at += skip;
    if (strncmp(at, ", attribute '", 13) == 0) {
        const char *name = at + 13;
        const char *end = strstr(name, "': ");

        if (!end)
            return at;
        (void)corv_clark_name(corv_view_of(name, (size_t)(end - name)), attribute);
        at = end + 1;
    }
    return strncmp(at, ": ", 2) == 0 ? at + 2 : at;
}

/* Names inside "Expected is ( {ns}a )." or "Expected is one of ( … )."; said with "of". */
struct expected {
    unsigned count;
    char first[CORV_NAME_TEXT];
    char text[200];
};

static void add_expected(struct expected *e, struct corv_view clark, bool last)
{
    char name[CORV_NAME_TEXT];
    size_t used = strlen(e->text);

    if (clark.n > 2 && (clark.p[0] == '#' || memchr(clark.p, '*', clark.n)))
        (void)snprintf(name, sizeof name, "een ander element");
    else
        (void)corv_clark_name(clark, name);
    if (++e->count == 1)
        memcpy(e->first, name, sizeof e->first);
    if (e->count > EXPECTED_MOST + 1)
        return;
    if (e->count > EXPECTED_MOST || used + strlen(name) + 8 > sizeof e->text) {
        (void)snprintf(e->text + used, sizeof e->text - used, "%s", " ...");
        e->count = e->count > EXPECTED_MOST ? e->count : EXPECTED_MOST + 1;
        return;
    }
    (void)snprintf(e->text + used, sizeof e->text - used, "%s%s",
        e->count == 1 ? ""
        : last        ? " of "
                      : ", ",
        name);
}

static void read_expected(const char *sentence, struct expected *e)
{
    const char *at = strstr(sentence, "Expected is ");

    *e = (struct expected){0};
    if (at)
        at = strstr(at, "( ");
    if (!at)
        return;
    for (at += 2; *at && *at != ')';) {
        size_t n = strcspn(at, ", )");
        const char *next = at + n;

        while (*next == ',' || *next == ' ')
            next++;
        if (n)
            add_expected(e, corv_view_of(at, n), *next == ')' || !*next);
        at = next;
    }
}

static bool comes_later(const xmlNode *node, const char *name)
{
    char other[CORV_NAME_TEXT];

    for (const xmlNode *n = node->next; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && strcmp(corv_node_name(n, other), name) == 0)
            return true;
    return false;
}

static const char *parent_name(const xmlNode *node, char out[CORV_NAME_TEXT])
{
    return node->parent && node->parent->type == XML_ELEMENT_NODE
               ? corv_node_name(node->parent, out)
               : "het bericht";
}

/* Code 1871 is both: an element too few at the end, and another one than expected. The second is
 * told as "missing" when exactly one name was expected and it does not come later either. */
static void say_content(struct corv_finding *out, const xmlNode *node, const char *sentence)
{
    struct expected e;
    char name[CORV_NAME_TEXT], parent[CORV_NAME_TEXT];

    read_expected(sentence, &e);
    (void)corv_node_name(node, name);
    if (strncmp(sentence, "Missing child", 13) == 0) {
        if (e.count == 1)
            say(out, "missing-element", "In %s ontbreekt het verplichte element %s.", name, e.text);
        else
            say(out, "missing-element", "In %s ontbreekt een verplicht element: %s.", name, e.text);
    } else if (e.count == 1 && !comes_later(node, e.first)) {
        say(out, "missing-element", "In %s ontbreekt vóór %s het verplichte element %s.",
            parent_name(node, parent), name, e.text);
    } else if (e.count) {
        say(out, "unexpected-element",
            "Element %s mag hier niet staan (onbekend, te vaak of verkeerde volgorde); "
            "verwacht: %s.",
            name, e.text);
    } else {
        say(out, "unexpected-element",
            "Element %s mag hier niet staan; in %s mag niets meer volgen.", name,
            parent_name(node, parent));
    }
}

/* What people need to hear of values that are often wrong; facts of the standard. */
static const char *hint(const char *name)
{
    static const struct {
        const char *part;
        const char *hint;
    } hints[] = {
        {"BG:inp.bsn", "negen cijfers, met voorloopnul"},
        {"BG:anp.identificatie", "zeventien cijfers"},
        {"BG:aoa.postcode", "vier cijfers en twee hoofdletters, zonder spatie"},
        {"BG:aoa.huisnummer", "alleen cijfers; letter en toevoeging hebben een eigen element"},
        {"BG:inp.gemeenteVanInschrijving", "gemeentecode van vier cijfers"},
        {"StUF:tijdstipBericht", "8 tot 17 cijfers (jjjjmmdd en eventueel de tijd)"},
        {"OINNummer", "OIN van twintig cijfers"},
        {"oinNummer", "OIN van twintig cijfers"},
        {"datumTijd", "cijfers (jjjjmmdd en de tijd)"},
        {"datumStatusGezet", "8 tot 17 cijfers (jjjjmmdd en eventueel de tijd)"},
        {"datum", "acht cijfers (jjjjmmdd)"},
    };

    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strstr(name, hints[i].part))
            return hints[i].hint;
    return NULL;
}

static const char *text_of(const char *s)
{
    return s ? s : "?";
}

struct telling {
    int code;
    const char *name;
    const char *with;    /* %s is the thing, %s the bound from the schema */
    const char *without; /* %s is the thing; when there is no bound */
};

static const struct telling tellings[] = {
    {XML_SCHEMAV_CVC_ENUMERATION_VALID, "enumeration",
        "De waarde van %s is niet toegestaan; toegestaan: %s.",
        "De waarde van %s is niet toegestaan."},
    {XML_SCHEMAV_CVC_PATTERN_VALID, "pattern", "De waarde van %s heeft niet de juiste vorm: %s.",
        "De waarde van %s heeft niet de juiste vorm."},
    {XML_SCHEMAV_CVC_LENGTH_VALID, "length", "De waarde van %s moet precies %s tekens lang zijn.",
        "De waarde van %s heeft niet de juiste lengte."},
    {XML_SCHEMAV_CVC_MINLENGTH_VALID, "length", "De waarde van %s is te kort; minstens %s tekens.",
        "De waarde van %s is te kort."},
    {XML_SCHEMAV_CVC_MAXLENGTH_VALID, "length", "De waarde van %s is te lang; hoogstens %s tekens.",
        "De waarde van %s is te lang."},
    {XML_SCHEMAV_CVC_MININCLUSIVE_VALID, "range", "De waarde van %s is te klein; minstens %s.",
        "De waarde van %s is te klein."},
    {XML_SCHEMAV_CVC_MAXINCLUSIVE_VALID, "range", "De waarde van %s is te groot; hoogstens %s.",
        "De waarde van %s is te groot."},
    {XML_SCHEMAV_CVC_MINEXCLUSIVE_VALID, "range", "De waarde van %s moet groter zijn dan %s.",
        "De waarde van %s is te klein."},
    {XML_SCHEMAV_CVC_MAXEXCLUSIVE_VALID, "range", "De waarde van %s moet kleiner zijn dan %s.",
        "De waarde van %s is te groot."},
    {XML_SCHEMAV_CVC_TOTALDIGITS_VALID, "digits", "De waarde van %s heeft meer dan %s cijfers.",
        "De waarde van %s heeft te veel cijfers."},
    {XML_SCHEMAV_CVC_FRACTIONDIGITS_VALID, "digits",
        "De waarde van %s heeft meer dan %s cijfers achter de komma.",
        "De waarde van %s heeft te veel cijfers achter de komma."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, "type", NULL,
        "De waarde van %s is niet van het juiste soort."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_2, "type", NULL,
        "De waarde van %s is niet van het juiste soort."},
    {XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_3, "type", NULL,
        "De waarde van %s is niet van het juiste soort."},
    {XML_SCHEMAV_CVC_FACET_VALID, "value", NULL, "De waarde van %s is niet toegestaan."},
    {XML_SCHEMAV_CVC_ELT_5_2_2_2_1, "fixed", "De waarde van %s ligt vast: %s.",
        "De waarde van %s ligt vast en is anders."},
    {XML_SCHEMAV_CVC_ELT_5_2_2_2_2, "fixed", "De waarde van %s ligt vast: %s.",
        "De waarde van %s ligt vast en is anders."},
    {XML_SCHEMAV_CVC_ATTRIBUTE_4, "fixed", NULL, "De waarde van %s ligt vast en is anders."},
    {XML_SCHEMAV_CVC_AU, "fixed", NULL, "De waarde van %s ligt vast en is anders."},
    {XML_SCHEMAV_CVC_ELT_3_1, "nil", NULL,
        "%s mag niet als leeg worden gemarkeerd (xsi:nil); vul een waarde in."},
    {XML_SCHEMAV_CVC_ELT_3_2_1, "nil", NULL,
        "%s is als leeg gemarkeerd (xsi:nil) en heeft toch inhoud."},
    {XML_SCHEMAV_CVC_ELT_3_2_2, "nil", NULL,
        "%s mag niet als leeg worden gemarkeerd (xsi:nil): de waarde ligt vast."},
};

static const struct telling *telling_of(int code)
{
    for (size_t i = 0; i < sizeof tellings / sizeof *tellings; i++)
        if (tellings[i].code == code)
            return &tellings[i];
    return NULL;
}

/* The table holds the formats, each with one or two strings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void say_value(
    struct corv_finding *out, const struct telling *t, const xmlError *error, const char *thing)
{
    bool shape = t->code == XML_SCHEMAV_CVC_PATTERN_VALID || strcmp(t->name, "type") == 0 ||
                 strcmp(t->name, "digits") == 0;
    const char *why = shape ? hint(thing) : NULL;

    if (why)
        say(out, t->name, "De waarde van %s heeft niet de juiste vorm: %s.", thing, why);
    else if (t->with && error->str2)
        say(out, t->name, t->with, thing, error->str2);
    else
        say(out, t->name, t->without, thing);
}
#pragma GCC diagnostic pop

static void say_attribute(
    struct corv_finding *out, const xmlError *error, const char *name, char attribute[])
{
    if (error->code == XML_SCHEMAV_CVC_COMPLEX_TYPE_4) {
        (void)corv_clark_name(corv_view_str(text_of(error->str1)), attribute);
        say(out, "attribute-missing", "Bij element %s ontbreekt het verplichte attribuut %s.", name,
            attribute);
    } else {
        say(out, "attribute-unknown", "Attribuut %s mag niet bij element %s staan.", attribute,
            name);
    }
}

/* Everything that is not about one value. */
static void say_structure(struct corv_finding *out, const xmlError *error, const xmlNode *node,
    const char *sentence, char attribute[CORV_NAME_TEXT])
{
    char name[CORV_NAME_TEXT];

    (void)corv_node_name(node, name);
    switch (error->code) {
    case XML_SCHEMAV_ELEMENT_CONTENT:
        say_content(out, node, sentence);
        break;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_4:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_1:
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_3_2_2:
    case XML_SCHEMAV_CVC_TYPE_3_1_1:
        say_attribute(out, error, name, attribute);
        break;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_1:
        say(out, "content", "Element %s moet leeg zijn.", name);
        break;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_2:
    case XML_SCHEMAV_CVC_TYPE_3_1_2:
        say(out, "content", "In element %s hoort alleen een waarde, geen andere elementen.", name);
        break;
    case XML_SCHEMAV_CVC_COMPLEX_TYPE_2_3:
        say(out, "text", "In element %s staat losse tekst tussen de elementen.", name);
        break;
    case XML_SCHEMAV_CVC_ELT_1:
        say(out, "unknown-kind", "Dit bericht is geen bekende berichtsoort.");
        break;
    case XML_SCHEMAV_CVC_ELT_4_1:
    case XML_SCHEMAV_CVC_ELT_4_2:
    case XML_SCHEMAV_CVC_ELT_4_3:
        say(out, "xsi-type", "Element %s heeft met xsi:type een type dat hier niet mag.", name);
        break;
    default:
        say(out, "invalid", "Element %s is niet in orde volgens het schema.", name);
    }
}

/* Whose hands made it: values of the case are typed by people, the rest comes from software. */
static enum corv_actor actor_of(const xmlNode *node, const struct corv_subject *subject)
{
    if (!subject->value || subject->attribute[0])
        return CORV_ACT_LEVERANCIER;
    for (const xmlNode *n = node; n && n->type == XML_ELEMENT_NODE; n = n->parent)
        if (strcmp((const char *)n->name, "stuurgegevens") == 0 ||
            strcmp((const char *)n->name, "inhoud") == 0)
            return CORV_ACT_LEVERANCIER;
    return CORV_ACT_BEHANDELAAR;
}

void corv_schema_finding(
    const xmlError *error, struct corv_finding *out, struct corv_subject *subject)
{
    const xmlNode *node = error->node;
    const struct telling *t = telling_of(error->code);
    char thing[2 * CORV_NAME_TEXT + 16];

    *out = (struct corv_finding){.layer = CORV_LAYER_SCHEMA, .line = corv_node_line(node)};
    *subject = (struct corv_subject){.node = node, .value = t != NULL};
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->parent;
    if (!node) {
        say(out, "invalid", "Het bericht is niet in orde volgens het schema.");
        out->actor = CORV_ACT_LEVERANCIER;
        return;
    }

    const char *sentence = sentence_of(error, node, subject->attribute);

    if (t) {
        char name[CORV_NAME_TEXT];

        (void)corv_node_name(node, name);
        if (subject->attribute[0])
            (void)snprintf(thing, sizeof thing, "attribuut %s bij %s", subject->attribute, name);
        else
            (void)snprintf(thing, sizeof thing, "%s", name);
        say_value(out, t, error, thing);
    } else {
        say_structure(out, error, node, sentence, subject->attribute);
    }
    out->actor = actor_of(node, subject);
    corv_node_path(
        node, subject->attribute[0] ? subject->attribute : NULL, out->path, sizeof out->path);
}
