/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_name.h"

#include <stdint.h>

void corv_rule_names_forget(struct corv_rule_name_memo *memo)
{
    for (size_t i = 0; i < CORV_RULE_NAMES; i++)
        memo->slots[i].name = NULL;
}

/* The words of a document are in one dictionary: a word has one address. Where that should not be
 * so, it is only made anew. */
struct corv_view corv_rule_name(struct corv_rule_name_memo *memo, const xmlNode *element)
{
    size_t i = ((uintptr_t)element->name ^ (uintptr_t)element->name >> 6) % CORV_RULE_NAMES;

    if (element->type != XML_ELEMENT_NODE)
        return corv_view_of("", 0);
    if (memo->slots[i].name != element->name || memo->slots[i].ns != element->ns) {
        memo->slots[i].name = element->name;
        memo->slots[i].ns = element->ns;
        memo->slots[i].n = strlen(corv_node_name(element, memo->slots[i].text));
    }
    return corv_view_of(memo->slots[i].text, memo->slots[i].n);
}
