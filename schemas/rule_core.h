/* SPDX-License-Identifier: EUPL-1.2 */
/* The functions of XPath 1.0 §4 that rules may use: last position count local-name string concat
 * starts-with contains substring-before substring-after substring string-length normalize-space
 * translate boolean not true false number. Their argument is never left out.
 * Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_CORE_H
#define CORV_SCHEMAS_RULE_CORE_H

#include "schemas/rule_function.h"

extern const struct corv_rule_function corv_rule_core[]; /* ends with a NULL name */

#endif
