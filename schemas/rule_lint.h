/* SPDX-License-Identifier: EUPL-1.2 */
/* Looks through the expressions of a pack for functions that do not exist and variables that no
 * let gives to that kind. libxml2 notices either only when evaluation comes along there, and a
 * rule may wait for years for the message that does. Pure. Test: tests/unit/test_rule_pack.c */
#ifndef CORV_SCHEMAS_RULE_LINT_H
#define CORV_SCHEMAS_RULE_LINT_H

#include "schemas/rule_pack.h"

CORV_MUST_CHECK corv_rc corv_rule_lint(const struct corv_rule_pack *pack, struct corv_fault *fault);

#endif
