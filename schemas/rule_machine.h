/* SPDX-License-Identifier: EUPL-1.2 */
/* The compiled form of a pack: every expression once, with the XPath context to run it in.
 * libxml2 keeps caches inside compiled expressions, so a machine serves one thread at a time;
 * rule.c keeps a pool of them. The work on one message is bounded by a budget of XPath steps.
 * Test: tests/unit/test_rule.c; fuzzer: tests/fuzz/fuzz_rules.c */
#ifndef CORV_SCHEMAS_RULE_MACHINE_H
#define CORV_SCHEMAS_RULE_MACHINE_H

#include "schemas/rule_function.h"

struct corv_rule_machine {
    const struct corv_rule_pack *pack; /* borrowed */
    xmlXPathContextPtr ctxt;           /* owned */
    xmlXPathCompExprPtr *lets;         /* owned, one per let */
    xmlXPathObjectPtr *values;         /* owned, one per let; of the message at hand */
    struct corv_rule_code {
        xmlXPathCompExprPtr select;
        xmlXPathCompExprPtr test;
        xmlXPathCompExprPtr at; /* or NULL */
    } * codes;                  /* owned, one per each of every rule, in order */
    size_t codes_count;
    struct corv_rule_scene scene;
    struct corv_rule_machine *next; /* in the pool */
};

CORV_MUST_CHECK corv_rc corv_rule_machine_new(
    const struct corv_rule_pack *pack, struct corv_rule_machine **out, struct corv_fault *fault);
void corv_rule_machine_free(struct corv_rule_machine *m); /* accepts NULL */

/* Prepares for a message of that kind: variables are evaluated. CORV_E_LIMIT: the budget is
 * spent; CORV_E_NOMEM; CORV_E_INTERNAL: the pack has an expression that cannot be evaluated. */
CORV_MUST_CHECK corv_rc corv_rule_machine_begin(struct corv_rule_machine *m, xmlNodePtr message,
    enum corv_kind kind, const struct corv_rule_scene *scene, unsigned long budget);
/* The nodes of an expression, in document order; to be freed by the caller. */
CORV_MUST_CHECK corv_rc corv_rule_machine_nodes(struct corv_rule_machine *m,
    xmlXPathCompExprPtr expression, xmlNodePtr from, xmlXPathObjectPtr *out);
CORV_MUST_CHECK corv_rc corv_rule_machine_test(
    struct corv_rule_machine *m, xmlXPathCompExprPtr expression, xmlNodePtr node, bool *holds);
/* Runs every expression of every kind on an empty message; a pack that cannot work is refused. */
CORV_MUST_CHECK corv_rc corv_rule_machine_rehearse(
    struct corv_rule_machine *m, struct corv_fault *fault);
void corv_rule_machine_end(struct corv_rule_machine *m); /* forgets the message */

#endif
