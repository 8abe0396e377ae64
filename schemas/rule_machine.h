/* SPDX-License-Identifier: EUPL-1.2 */
/* A pack made ready to run. The code is every expression read once; immutable, shared by all
 * threads. A machine is what one thread needs to run it on a message: variables and scratch
 * memory; rule.c keeps a pool of them. The work on one message is bounded by a budget of steps.
 * Test: tests/unit/test_rule.c; fuzzer: tests/fuzz/fuzz_rules.c */
#ifndef CORV_SCHEMAS_RULE_MACHINE_H
#define CORV_SCHEMAS_RULE_MACHINE_H

#include "schemas/rule_eval.h"
#include "schemas/rule_pack.h"

struct corv_rule_code {
    const struct corv_rule_pack *pack; /* borrowed */
    struct corv_room room;             /* all expressions */
    struct corv_rule_names names;
    struct corv_rule_let_code {
        const struct corv_rule_expr *select;
        size_t slot;
    } * lets; /* owned, one per let */
    struct corv_rule_each_code {
        const struct corv_rule *rule;
        size_t nth; /* of the rule, from 1 */
        const struct corv_rule_expr *select;
        const struct corv_rule_expr *test;
        const struct corv_rule_expr *at;        /* or NULL */
    } * eachs;                                  /* owned, one per each of every rule, in order */
    const struct corv_rule_each_code **planned; /* owned: of each kind its own eachs, in order */
    struct corv_rule_plan {
        const struct corv_rule_each_code **list; /* in planned */
        size_t count;
    } plans[CORV_KIND_COUNT];
};

/* What a rule does in this message. */
enum corv_rule_part { CORV_RULE_SILENT, CORV_RULE_WARNS, CORV_RULE_REFUSES };

struct corv_rule_machine {
    const struct corv_rule_code *code; /* borrowed */
    enum corv_rule_part *parts;        /* owned; per rule of the pack; of the plan's they count */
    struct corv_rule_run run;
    struct corv_room_mark begun;    /* the variables end here */
    struct corv_rule_machine *next; /* in the pool */
};

CORV_MUST_CHECK corv_rc corv_rule_code_new(
    const struct corv_rule_pack *pack, struct corv_rule_code **out, struct corv_fault *fault);
void corv_rule_code_free(struct corv_rule_code *code); /* accepts NULL */
CORV_MUST_CHECK corv_rc corv_rule_machine_new(
    const struct corv_rule_code *code, struct corv_rule_machine **out);
void corv_rule_machine_free(struct corv_rule_machine *m); /* accepts NULL */

/* Prepares for a message of that kind: variables are evaluated. CORV_E_LIMIT: the budget is
 * spent; CORV_E_NOMEM; CORV_E_INTERNAL: the pack asks for a list it has not. */
CORV_MUST_CHECK corv_rc corv_rule_machine_begin(struct corv_rule_machine *m, xmlNodePtr message,
    enum corv_kind kind, const struct corv_rule_scene *scene, size_t budget);
/* The nodes of an expression, in document order; valid until _forget. */
CORV_MUST_CHECK corv_rc corv_rule_machine_nodes(struct corv_rule_machine *m,
    const struct corv_rule_expr *expression, const xmlNode *from, struct corv_rule_nodes *out);
CORV_MUST_CHECK corv_rc corv_rule_machine_test(struct corv_rule_machine *m,
    const struct corv_rule_expr *expression, const xmlNode *node, bool *holds);
/* Gives back what the expressions since _begin have taken. */
void corv_rule_machine_forget(struct corv_rule_machine *m);
/* Runs every expression of every kind on an empty message; a pack that cannot work is refused. */
CORV_MUST_CHECK corv_rc corv_rule_machine_rehearse(
    struct corv_rule_machine *m, struct corv_fault *fault);
void corv_rule_machine_end(struct corv_rule_machine *m); /* forgets the message */

#endif
