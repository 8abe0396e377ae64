/* SPDX-License-Identifier: EUPL-1.2 */
/* The expressions of a rule pack, read once into a tree: the part of XPath 1.0 that the rules
 * speak, with every type known and every name resolved beforehand.
 *
 *   paths       a/b, @a, ., .., .//a, .//@a, *, P:*, self::P:a, from the context node, from a
 *               variable, from a function that gives nodes, or from ( ); never from the root
 *   predicates  [ ] on steps and on what paths begin with; by position too, but not after //
 *   operators   or and = != < <= > >= + - | and the sign
 *   functions   of rule_core.h and rule_function.h; $variables are nodes
 *
 * Anything else is refused when the pack is read, with the place in the text. Immutable after
 * _read and shared by all threads. Why not libxml2's XPath: docs/decisions/0008; it is the judge
 * in tests/unit/test_rule_expr.c, where both say the same. */
#ifndef CORV_SCHEMAS_RULE_EXPR_H
#define CORV_SCHEMAS_RULE_EXPR_H

#include "schemas/rule_deep.h"
#include "schemas/rule_value.h"

struct corv_rule_function;
struct corv_rule_list;
struct corv_rule_pack;

enum corv_rule_op {
    CORV_OP_OR,
    CORV_OP_AND,
    CORV_OP_COMPARE,
    CORV_OP_PLUS,
    CORV_OP_MINUS,
    CORV_OP_SIGN,
    CORV_OP_UNION,
    CORV_OP_TEXT,
    CORV_OP_NUMBER,
    CORV_OP_VARIABLE,
    CORV_OP_HERE, /* a dot alone: by far the most frequent path */
    CORV_OP_CALL,
    CORV_OP_PATH,
};

enum corv_rule_axis {
    CORV_AXIS_CHILD,
    CORV_AXIS_ATTRIBUTE,
    CORV_AXIS_SELF,
    CORV_AXIS_PARENT,
    CORV_AXIS_BELOW,           /* //name: elements at any depth */
    CORV_AXIS_BELOW_ATTRIBUTE, /* //@name: attributes of the node and of all below it */
};

struct corv_rule_expr;

struct corv_rule_step {
    enum corv_rule_axis axis;
    const char *name; /* NULL: any */
    const char *ns;   /* URI; NULL: none */
    bool any_ns;
    unsigned deep;                     /* the request that finds this below a message, or 0 */
    struct corv_rule_expr *predicates; /* a list */
    struct corv_rule_step *next;
};

struct corv_rule_expr {
    enum corv_rule_op op;
    enum corv_rule_type type;
    enum corv_rule_relation relation;
    struct corv_rule_expr *a;          /* operand; first argument; where a path begins, or NULL */
    struct corv_rule_expr *b;          /* second operand */
    struct corv_rule_expr *next;       /* in a list of arguments or predicates */
    struct corv_rule_expr *predicates; /* of what a path begins with */
    struct corv_rule_step *steps;
    const struct corv_rule_function *function;
    struct corv_view text;
    const struct corv_rule_list *list; /* of a text: the list of the pack that is called so */
    double number;
    size_t slot;   /* of the variable */
    unsigned deep; /* of a call: the request that finds this below a message, or 0 */
};

/* Names of variables become slots: the first asked for is 0. What is asked of all that lies below
 * a message becomes a request. */
struct corv_rule_names {
    struct corv_view *list; /* owned */
    size_t count;
    const struct corv_rule_pack *pack; /* borrowed: whose lists they are; or NULL */
    struct corv_rule_deep deep;        /* in the room of the expressions */
};
/* SIZE_MAX: no memory. */
size_t corv_rule_slot(struct corv_rule_names *names, struct corv_view name);

/* The expression lives in room, and so does what it points to, but for text itself.
 * CORV_E_INVALID: *at is where it is wrong; CORV_E_NOMEM. */
CORV_MUST_CHECK corv_rc corv_rule_expr_read(const char *text, struct corv_room *room,
    struct corv_rule_names *names, const struct corv_rule_expr **out, const char **at);

#endif
