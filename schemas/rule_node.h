/* SPDX-License-Identifier: EUPL-1.2 */
/* Looking at nodes of a document of reader.h: its elements, attributes and texts. Pure; nothing
 * is copied. Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_NODE_H
#define CORV_SCHEMAS_RULE_NODE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "daemon/base/view.h"

/* Borrowed from the document; empty when there is none. ns NULL: an attribute without one. */
struct corv_view corv_rule_attribute(const xmlNode *node, const char *ns, const char *name);
bool corv_rule_says_nil(const xmlNode *element);
/* xsi:nil; most elements have no attributes at all. */
static inline bool corv_rule_is_nil(const xmlNode *node)
{
    return node->type == XML_ELEMENT_NODE && node->properties && corv_rule_says_nil(node);
}
/* In document order below top; NULL after the last. Here, because whole messages are walked so. */
static inline const xmlNode *corv_rule_next(const xmlNode *node, const xmlNode *top)
{
    if (node->children && (node->type == XML_ELEMENT_NODE || node == top))
        return node->children;
    while (node != top && !node->next)
        node = node->parent;
    return node == top ? NULL : node->next;
}

#endif
