/* SPDX-License-Identifier: EUPL-1.2 */
/* Tests on one value that XPath cannot express. Pure; any thread. Test: tests/unit/test_rule_text.c
 */
#ifndef CORV_SCHEMAS_RULE_TEXT_H
#define CORV_SCHEMAS_RULE_TEXT_H

#include <stdbool.h>

#include "daemon/base/view.h"

/* XML white space. */
static inline bool corv_rule_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* White space off both ends. */
static inline struct corv_view corv_rule_trim(struct corv_view text)
{
    while (text.n && corv_rule_blank(text.p[0]))
        text = corv_view_of(text.p + 1, text.n - 1);
    while (text.n && corv_rule_blank(text.p[text.n - 1]))
        text.n--;
    return text;
}
/* Nine digits that pass the 11-proef and are not all zero. */
bool corv_rule_bsn(struct corv_view text);
/* Letters, digits, space, dash, underscore, one dot and an extension; no space in front. When
 * accents is true letters outside ASCII count as letters. */
bool corv_rule_file_name(struct corv_view text, bool accents);
/* What stands after the last dot, lower case ASCII, in out; empty when there is none. */
char *corv_rule_extension(struct corv_view name, char out[16]);

#endif
