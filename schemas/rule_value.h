/* SPDX-License-Identifier: EUPL-1.2 */
/* What an expression can be worth, as XPath 1.0 has it: nodes, a text, a number, yes or no; what
 * one becomes as another (XPath 1.0 §4), and how two compare (§3.4). Nodes are always in document
 * order and each once. A run is the work on one message: its budget of steps, its memory, and
 * what went wrong first. Everything a value points to belongs to the document or to the room.
 * One thread at a time. Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_VALUE_H
#define CORV_SCHEMAS_RULE_VALUE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "daemon/base/rc.h"
#include "daemon/base/view.h"
#include "schemas/room.h"

struct corv_rule_pack;
struct corv_document;
struct corv_reference;
struct corv_rule_name_memo;

enum corv_rule_type { CORV_RULE_NODES, CORV_RULE_TEXT, CORV_RULE_NUMBER, CORV_RULE_BOOL };

struct corv_rule_nodes {
    const xmlNode **list;
    size_t count;
    size_t room; /* of the list, while it grows */
};

struct corv_rule_value {
    enum corv_rule_type type;
    union {
        struct corv_rule_nodes nodes;
        struct corv_view text;
        double number;
        bool yes;
    };
};

/* What the functions may look at. */
struct corv_rule_scene {
    const struct corv_rule_pack *pack;
    const struct corv_document *document;   /* NULL: attachments are read from the tree */
    const struct corv_reference *reference; /* NULL: no list */
    const xmlNode *current;                 /* for huidig() */
    int today;                              /* YYYYMMDD */
};

struct corv_rule_run {
    corv_rc rc;   /* the first trouble; from then on nothing a value says counts */
    size_t steps; /* left */
    struct corv_room room;
    struct corv_rule_scene scene;
    struct corv_rule_nodes *variables; /* owned by the machine; by slot */
    const xmlNode *message;            /* whose depths are known; NULL: none */
    struct corv_rule_nodes *deep;      /* by request, from 1 (rule_deep.h) */
    struct corv_rule_name_memo *names; /* owned by the machine (rule_name.h) */
};

bool corv_rule_overspend(struct corv_rule_run *run);
/* Counts work. False when the budget is spent: rc says CORV_E_LIMIT then. */
static inline bool corv_rule_spend(struct corv_rule_run *run, size_t steps)
{
    if (run->steps < steps)
        return corv_rule_overspend(run);
    run->steps -= steps;
    return run->rc == CORV_OK;
}
/* From the run's room; NULL and rc set when there is none. */
void *corv_rule_take(struct corv_rule_run *run, size_t n);

/* At the end of the list; false when there is no room. Order is the caller's. */
bool corv_rule_nodes_add(struct corv_rule_run *run, struct corv_rule_nodes *to, const xmlNode *n);
/* Into document order, each once. Quick when the elements are numbered (corv_rule_deep_find). */
void corv_rule_nodes_order(struct corv_rule_run *run, struct corv_rule_nodes *nodes);

/* All the text in a node; white space and all. */
struct corv_view corv_rule_string_of(struct corv_rule_run *run, const xmlNode *node);
struct corv_view corv_rule_to_text(struct corv_rule_run *run, const struct corv_rule_value *v);
double corv_rule_to_number(struct corv_rule_run *run, const struct corv_rule_value *v);
static inline bool corv_rule_to_bool(const struct corv_rule_value *v)
{
    switch (v->type) {
    case CORV_RULE_NODES:
        return v->nodes.count > 0;
    case CORV_RULE_TEXT:
        return v->text.n > 0;
    case CORV_RULE_NUMBER:
        return v->number < 0 || v->number > 0; /* not zero, not NaN */
    case CORV_RULE_BOOL:
    default:
        return v->yes;
    }
}

enum corv_rule_relation {
    CORV_RULE_EQ,
    CORV_RULE_NE,
    CORV_RULE_LT,
    CORV_RULE_LE,
    CORV_RULE_GT,
    CORV_RULE_GE,
};
bool corv_rule_compare(struct corv_rule_run *run, enum corv_rule_relation relation,
    const struct corv_rule_value *a, const struct corv_rule_value *b);

#endif
