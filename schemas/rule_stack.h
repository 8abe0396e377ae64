/* SPDX-License-Identifier: EUPL-1.2 */
/* Arguments of the functions of rule_function.h: off libxml2's XPath stack and back on it, and
 * the account of what they cost. On the thread of the machine. Test:
 * tests/unit/test_rule_function.c */
#ifndef CORV_SCHEMAS_RULE_STACK_H
#define CORV_SCHEMAS_RULE_STACK_H

#include <libxml/xpathInternals.h>

#include "daemon/base/view.h"

/* One argument, taken off the stack: its text, and the node it came from if any. Drop it. */
struct corv_rule_argument {
    xmlXPathObjectPtr object; /* owned */
    xmlChar *owned;           /* the text, when it had to be copied */
    const xmlNode *node;      /* NULL: a string, or no node that is not nil */
    struct corv_view text;    /* trimmed */
};

bool corv_rule_arity(xmlXPathParserContextPtr p, int given, int wanted);
/* Counts work with the budget (opLimit). False when it is spent; the error is set then. */
bool corv_rule_spend(xmlXPathParserContextPtr p, size_t ops);
/* Borrowed from the document; empty when there is none. ns NULL: an attribute without one. */
struct corv_view corv_rule_attribute(const xmlNode *node, const char *ns, const char *name);
bool corv_rule_is_nil(const xmlNode *node);
/* The text of a node, trimmed. *owned is NULL or must go to xmlFree; the text may point there. */
struct corv_view corv_rule_text_of(
    xmlXPathParserContextPtr p, const xmlNode *node, xmlChar **owned);
/* In document order below top; NULL after the last. */
const xmlNode *corv_rule_next(const xmlNode *node, const xmlNode *top);
/* A string, or the first node of a node-set that is not nil. */
struct corv_rule_argument corv_rule_take(xmlXPathParserContextPtr p);
/* The same without looking at the text, which for an element high up is much work. */
struct corv_rule_argument corv_rule_take_node(xmlXPathParserContextPtr p);
void corv_rule_drop(struct corv_rule_argument *a);
/* A node-set (owned by the caller); NULL and an error when it is something else. */
xmlXPathObjectPtr corv_rule_take_set(xmlXPathParserContextPtr p);
void corv_rule_give_text(xmlXPathParserContextPtr p, struct corv_view text);
void corv_rule_give(xmlXPathParserContextPtr p, bool value);

#endif
