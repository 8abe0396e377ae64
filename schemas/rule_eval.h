/* SPDX-License-Identifier: EUPL-1.2 */
/* What an expression of rule_expr.h is worth, seen from a node. Every node that is looked at costs
 * a step of the run's budget. Results live in the run's room; a dot is worth the place itself, so
 * that must stay as long as the result is looked at. After trouble (run->rc) a result
 * means nothing. Test: tests/unit/test_rule_expr.c; fuzzer: tests/fuzz/fuzz_rules.c */
#ifndef CORV_SCHEMAS_RULE_EVAL_H
#define CORV_SCHEMAS_RULE_EVAL_H

#include "schemas/rule_expr.h"

struct corv_rule_place {
    const xmlNode *node;
    size_t position; /* 1.. */
    size_t size;
};

void corv_rule_eval(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out);

#endif
