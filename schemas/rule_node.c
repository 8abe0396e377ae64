/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_node.h"

#include <string.h>

#include "schemas/kind.h"
#include "schemas/rule_text.h"

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
            if ((char)a->name[0] == name[0] && strcmp((const char *)a->name, name) == 0 &&
                (ns ? a->ns && strcmp((const char *)a->ns->href, ns) == 0 : !a->ns))
                return value_of(a);
    return (struct corv_view){"", 0};
}

bool corv_rule_says_nil(const xmlNode *element)
{
    struct corv_view nil = corv_rule_trim(corv_rule_attribute(element, CORV_NS_XSI, "nil"));

    return corv_view_is(nil, "true") || corv_view_is(nil, "1");
}
