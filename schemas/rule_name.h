/* SPDX-License-Identifier: EUPL-1.2 */
/* The names of elements as the rules write them, ZKN:gerelateerde. A message has few names and many
 * elements, and a name is looked up in the vocabulary, so each is made once per message. Owned by a
 * machine, for one message at a time. Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_NAME_H
#define CORV_SCHEMAS_RULE_NAME_H

#include "schemas/xml_path.h"

#define CORV_RULE_NAMES 64 /* a power of two; names that meet in one place take turns */

struct corv_rule_name_memo {
    struct {
        const xmlChar *name; /* of the document that is judged; NULL: nothing here */
        const xmlNs *ns;
        size_t n;
        char text[CORV_NAME_TEXT];
    } slots[CORV_RULE_NAMES];
};

void corv_rule_names_forget(struct corv_rule_name_memo *memo);
/* Borrowed until the next one is asked for. Empty when it is no element. */
struct corv_view corv_rule_name(struct corv_rule_name_memo *memo, const xmlNode *element);

#endif
