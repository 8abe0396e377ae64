/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_stack.h"

#include "schemas/kind.h"
#include "schemas/rule_text.h"

#define BYTES_PER_OP 64 /* reading this much text costs as much as one step of XPath */

/* Counts work with the budget of the machine. False when it is spent; the error is set. */
bool corv_rule_spend(xmlXPathParserContextPtr p, size_t ops)
{
    xmlXPathContextPtr c = p->context;

    if (c->opLimit == 0)
        return true;
    if (ops > c->opLimit || c->opCount > c->opLimit - ops) {
        c->opCount = c->opLimit;
        xmlXPathErr(p, XPATH_OP_LIMIT_EXCEEDED);
        return false;
    }
    c->opCount += ops;
    return true;
}

/* The value of an attribute; libxml2's own functions would copy it. */
static struct corv_view value_of(const xmlAttr *a)
{
    const xmlNode *text = a ? a->children : NULL;

    if (!text || text->next || text->type != XML_TEXT_NODE)
        return (struct corv_view){"", 0};
    return corv_view_str((const char *)text->content);
}

struct corv_view corv_rule_attribute(const xmlNode *node, const char *ns, const char *name)
{
    if (node->type == XML_ELEMENT_NODE)
        for (const xmlAttr *a = node->properties; a; a = a->next)
            if (strcmp((const char *)a->name, name) == 0 &&
                (ns ? a->ns && strcmp((const char *)a->ns->href, ns) == 0 : !a->ns))
                return value_of(a);
    return (struct corv_view){"", 0};
}

bool corv_rule_is_nil(const xmlNode *node)
{
    struct corv_view nil = corv_rule_trim(corv_rule_attribute(node, CORV_NS_XSI, "nil"));

    return corv_view_is(nil, "true") || corv_view_is(nil, "1");
}

const xmlNode *corv_rule_next(const xmlNode *node, const xmlNode *top)
{
    if (node->type == XML_ELEMENT_NODE && node->children)
        return node->children;
    while (node != top && !node->next)
        node = node->parent;
    return node == top ? NULL : node->next;
}

/* What libxml2 walks to collect the text of an element; an empty text can be many nodes. */
static size_t nodes_below(const xmlNode *top)
{
    size_t count = 0;

    for (const xmlNode *n = top; (n = corv_rule_next(n, top));)
        count++;
    return count;
}

struct corv_view corv_rule_text_of(xmlXPathParserContextPtr p, const xmlNode *node, xmlChar **owned)
{
    const xmlNode *child = node->children;
    struct corv_view text = {"", 0};

    *owned = NULL;
    if (node->type == XML_TEXT_NODE) {
        text = corv_view_str((const char *)node->content);
    } else if (child && !child->next && child->type == XML_TEXT_NODE) {
        text = corv_view_str((const char *)child->content);
    } else if (child && node->type == XML_ELEMENT_NODE && !corv_rule_spend(p, nodes_below(node))) {
        return text;
    } else if (child) {
        *owned = xmlNodeGetContent(node);
        text = corv_view_str((const char *)*owned);
        if (!*owned)
            xmlXPathErr(p, XPATH_MEMORY_ERROR);
    }
    (void)corv_rule_spend(p, 1 + text.n / BYTES_PER_OP);
    return corv_rule_trim(text);
}

void corv_rule_drop(struct corv_rule_argument *a)
{
    xmlXPathFreeObject(a->object);
    xmlFree(a->owned);
}

struct corv_rule_argument corv_rule_take_node(xmlXPathParserContextPtr p)
{
    struct corv_rule_argument a = {.object = valuePop(p), .text = {"", 0}};
    xmlNodeSetPtr set;

    if (!a.object || a.object->type != XPATH_NODESET)
        return a;
    set = a.object->nodesetval;
    xmlXPathNodeSetSort(set);
    for (int i = 0; set && i < set->nodeNr && !a.node; i++)
        if (!corv_rule_is_nil(set->nodeTab[i]))
            a.node = set->nodeTab[i];
    return a;
}

struct corv_rule_argument corv_rule_take(xmlXPathParserContextPtr p)
{
    struct corv_rule_argument a = corv_rule_take_node(p);

    if (a.node) {
        a.text = corv_rule_text_of(p, a.node, &a.owned);
    } else if (a.object && a.object->type != XPATH_NODESET) {
        a.owned = xmlXPathCastToString(a.object);
        a.text = corv_rule_trim(corv_view_str((const char *)a.owned));
    }
    return a;
}

xmlXPathObjectPtr corv_rule_take_set(xmlXPathParserContextPtr p)
{
    xmlXPathObjectPtr o = valuePop(p);

    if (o && o->type == XPATH_NODESET)
        return o;
    xmlXPathFreeObject(o);
    xmlXPathErr(p, XPATH_INVALID_TYPE);
    return NULL;
}

void corv_rule_give_text(xmlXPathParserContextPtr p, struct corv_view text)
{
    xmlChar *copy = xmlStrndup(BAD_CAST text.p, (int)text.n);

    valuePush(p, copy ? xmlXPathWrapString(copy) : NULL);
}

void corv_rule_give(xmlXPathParserContextPtr p, bool value)
{
    valuePush(p, xmlXPathNewBoolean(value));
}

bool corv_rule_arity(xmlXPathParserContextPtr p, int given, int wanted)
{
    if (given != wanted)
        xmlXPathErr(p, XPATH_INVALID_ARITY);
    else if (p->valueNr < p->valueFrame + wanted)
        xmlXPathErr(p, XPATH_STACK_ERROR);
    return p->error == XPATH_EXPRESSION_OK;
}
