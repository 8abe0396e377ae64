/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_eval.h"

#include <string.h>

#include "schemas/rule_function.h"
#include "schemas/rule_node.h"

/* Each saves only the registers it needs itself: most of what is asked needs few. */
#define APART __attribute__((noinline))

/* A copy, because a variable's list is everyone's. */
static void copy(
    struct corv_rule_run *run, const struct corv_rule_nodes *from, struct corv_rule_nodes *to)
{
    for (size_t i = 0; i < from->count && run->rc == CORV_OK; i++)
        (void)corv_rule_nodes_add(run, to, from->list[i]);
    (void)corv_rule_spend(run, from->count / 4);
}

/* ---- steps ------------------------------------------------------------------------------------
 */

static bool named(const struct corv_rule_step *s, const xmlNode *n)
{
    if (s->name &&
        (s->name[0] != (const char)n->name[0] || strcmp(s->name, (const char *)n->name) != 0))
        return false;
    if (s->any_ns)
        return true;
    return s->ns ? n->ns && strcmp(s->ns, (const char *)n->ns->href) == 0 : !n->ns;
}

static void attributes(struct corv_rule_run *run, const struct corv_rule_step *s,
    const xmlNode *from, struct corv_rule_nodes *to)
{
    if (from->type != XML_ELEMENT_NODE)
        return;
    for (const xmlAttr *a = from->properties; a; a = a->next)
        if (named(s, (const xmlNode *)a) && !corv_rule_nodes_add(run, to, (const xmlNode *)a))
            return;
}

static void children(struct corv_rule_run *run, const struct corv_rule_step *s, const xmlNode *from,
    struct corv_rule_nodes *to)
{
    size_t seen = 1;

    if (from->type == XML_ELEMENT_NODE)
        for (const xmlNode *c = from->children; c; c = c->next, seen++)
            if (c->type == XML_ELEMENT_NODE && named(s, c) && !corv_rule_nodes_add(run, to, c))
                return;
    (void)corv_rule_spend(run, seen);
}

static void all_below(struct corv_rule_run *run, const struct corv_rule_step *s,
    const xmlNode *from, struct corv_rule_nodes *to)
{
    size_t seen = 1;

    if (s->axis == CORV_AXIS_BELOW_ATTRIBUTE)
        attributes(run, s, from, to);
    if (from->type == XML_ELEMENT_NODE)
        for (const xmlNode *c = from; (c = corv_rule_next(c, from)) && run->rc == CORV_OK; seen++) {
            if (c->type != XML_ELEMENT_NODE)
                continue;
            if (s->axis == CORV_AXIS_BELOW_ATTRIBUTE)
                attributes(run, s, c, to);
            else if (named(s, c))
                (void)corv_rule_nodes_add(run, to, c);
        }
    (void)corv_rule_spend(run, seen);
}

/* self and parent: a * there means an element, a dot means anything. */
static bool is_one(const struct corv_rule_step *s, const xmlNode *n)
{
    bool anything = s->any_ns && !s->name;

    return n->type != XML_DOCUMENT_NODE &&
           (anything || (n->type == XML_ELEMENT_NODE && named(s, n)));
}

static void one(struct corv_rule_run *run, const struct corv_rule_step *s, const xmlNode *n,
    struct corv_rule_nodes *to)
{
    if (n && is_one(s, n))
        (void)corv_rule_nodes_add(run, to, n);
    (void)corv_rule_spend(run, 1);
}

static void walk(struct corv_rule_run *run, const struct corv_rule_step *s, const xmlNode *from,
    struct corv_rule_nodes *to)
{
    switch (s->axis) {
    case CORV_AXIS_CHILD:
        children(run, s, from, to);
        break;
    case CORV_AXIS_ATTRIBUTE:
        attributes(run, s, from, to);
        (void)corv_rule_spend(run, 1);
        break;
    case CORV_AXIS_SELF:
        one(run, s, from, to);
        break;
    case CORV_AXIS_PARENT:
        one(run, s, from->parent, to);
        break;
    case CORV_AXIS_BELOW:
    case CORV_AXIS_BELOW_ATTRIBUTE:
        if (s->deep && from == run->message)
            copy(run, &run->deep[s->deep], to);
        else
            all_below(run, s, from, to);
        break;
    }
}

static bool holds(
    struct corv_rule_run *run, const struct corv_rule_expr *e, const struct corv_rule_place *place)
{
    struct corv_room_mark mark = corv_room_mark(&run->room);
    struct corv_rule_value v;
    bool yes;

    corv_rule_eval(run, e, place, &v);
    yes = v.type == CORV_RULE_NUMBER ? v.number == (double)place->position : corv_rule_to_bool(&v);
    corv_room_back(&run->room, mark);
    return yes;
}

/* Of the nodes from first on only those for which every predicate holds. */
static void sift(struct corv_rule_run *run, const struct corv_rule_expr *predicates,
    struct corv_rule_nodes *nodes, size_t first)
{
    for (const struct corv_rule_expr *e = predicates; e && run->rc == CORV_OK; e = e->next) {
        size_t size = nodes->count - first, kept = first;

        for (size_t i = 0; i < size && run->rc == CORV_OK; i++) {
            struct corv_rule_place place = {nodes->list[first + i], i + 1, size};

            if (holds(run, e, &place))
                nodes->list[kept++] = place.node;
        }
        nodes->count = kept;
    }
}

static void take_step(
    struct corv_rule_run *run, const struct corv_rule_step *s, struct corv_rule_nodes *nodes)
{
    struct corv_rule_nodes to = {0};

    for (size_t i = 0; i < nodes->count && run->rc == CORV_OK; i++) {
        size_t first = to.count;

        walk(run, s, nodes->list[i], &to);
        if (s->predicates)
            sift(run, s->predicates, &to, first);
    }
    if (nodes->count > 1)
        corv_rule_nodes_order(run, &to);
    *nodes = to;
}

/* Along the steps that lead from one node to one at most - parent and self - and need no list.
 * *s is where that ended. NULL: to nowhere. */
static const xmlNode *stride(
    struct corv_rule_run *run, const struct corv_rule_step **s, const xmlNode *n)
{
    size_t steps = 0;

    for (; n && *s && !(*s)->predicates; *s = (*s)->next, steps++) {
        if ((*s)->axis == CORV_AXIS_PARENT)
            n = n->parent;
        else if ((*s)->axis != CORV_AXIS_SELF)
            break;
        n = n && is_one(*s, n) ? n : NULL;
    }
    (void)corv_rule_spend(run, steps);
    return n;
}

static APART void path(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    const struct corv_rule_step *s = e->steps;
    const xmlNode *here[1];
    struct corv_rule_nodes nodes = {here, 1, 1};
    struct corv_rule_value begin;

    if (!e->a) {
        here[0] = stride(run, &s, place->node);
        if (here[0] && !s)
            (void)corv_rule_nodes_add(run, &out->nodes, here[0]);
        if (!here[0] || !s)
            return;
    }
    if (e->a && e->a->op == CORV_OP_VARIABLE) {
        nodes = run->variables[e->a->slot];
    } else if (e->a) {
        corv_rule_eval(run, e->a, place, &begin);
        nodes = begin.nodes;
    }
    if (nodes.count == 0)
        return; /* from nothing no way leads anywhere */
    if (e->predicates) {
        struct corv_rule_nodes own = {0};

        copy(run, &nodes, &own);
        sift(run, e->predicates, &own, 0);
        nodes = own;
    }
    for (; s && run->rc == CORV_OK; s = s->next)
        take_step(run, s, &nodes);
    if (run->rc == CORV_OK) /* else it may still be here */
        out->nodes = nodes;
}

/* ---- operators --------------------------------------------------------------------------------
 */

static bool truth(
    struct corv_rule_run *run, const struct corv_rule_expr *e, const struct corv_rule_place *place)
{
    struct corv_rule_value v;

    corv_rule_eval(run, e, place, &v);
    return corv_rule_to_bool(&v);
}

static double figure(
    struct corv_rule_run *run, const struct corv_rule_expr *e, const struct corv_rule_place *place)
{
    struct corv_rule_value v;

    corv_rule_eval(run, e, place, &v);
    return corv_rule_to_number(run, &v);
}

static APART void unite(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    struct corv_rule_value a, b;

    corv_rule_eval(run, e->a, place, &a);
    corv_rule_eval(run, e->b, place, &b);
    out->nodes = a.nodes.count ? a.nodes : b.nodes;
    if (run->rc != CORV_OK || !a.nodes.count || !b.nodes.count)
        return;
    out->nodes = (struct corv_rule_nodes){0};
    copy(run, &a.nodes, &out->nodes);
    copy(run, &b.nodes, &out->nodes);
    corv_rule_nodes_order(run, &out->nodes);
}

static APART void call(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    struct corv_rule_value arguments[CORV_RULE_ARGUMENTS];
    struct corv_rule_call c = {
        .run = run, .place = place, .said = e->a, .arguments = arguments, .deep = e->deep};

    for (const struct corv_rule_expr *a = e->a; a && run->rc == CORV_OK; a = a->next)
        corv_rule_eval(run, a, place, &arguments[c.count++]);
    (void)corv_rule_spend(run, 1);
    if (run->rc == CORV_OK)
        e->function->run(&c, out);
}

static APART void compare(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    struct corv_rule_value a, b;

    corv_rule_eval(run, e->a, place, &a);
    corv_rule_eval(run, e->b, place, &b);
    out->yes = run->rc == CORV_OK && corv_rule_compare(run, e->relation, &a, &b);
}

static APART void work(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    switch (e->op) {
    case CORV_OP_OR:
        out->yes = truth(run, e->a, place) || truth(run, e->b, place);
        break;
    case CORV_OP_AND:
        out->yes = truth(run, e->a, place) && truth(run, e->b, place);
        break;
    case CORV_OP_PLUS:
        out->number = figure(run, e->a, place) + figure(run, e->b, place);
        break;
    case CORV_OP_MINUS:
        out->number = figure(run, e->a, place) - figure(run, e->b, place);
        break;
    case CORV_OP_SIGN:
        out->number = -figure(run, e->a, place);
        break;
    case CORV_OP_UNION:
    default:
        unite(run, e, place, out);
        break;
    }
}

/* Half of what is asked takes no work. */
void corv_rule_eval(struct corv_rule_run *run, const struct corv_rule_expr *e,
    const struct corv_rule_place *place, struct corv_rule_value *out)
{
    *out = (struct corv_rule_value){.type = e->type};
    if (run->rc != CORV_OK)
        return;
    switch (e->op) {
    case CORV_OP_TEXT:
        out->text = e->text;
        break;
    case CORV_OP_NUMBER:
        out->number = e->number;
        break;
    case CORV_OP_VARIABLE:
        out->nodes = run->variables[e->slot];
        break;
    case CORV_OP_HERE: /* the place is its list, which nobody changes */
        out->nodes = (struct corv_rule_nodes){(const xmlNode **)&place->node, 1, 1};
        (void)corv_rule_spend(run, 1);
        break;
    case CORV_OP_CALL:
        call(run, e, place, out);
        break;
    case CORV_OP_PATH:
        path(run, e, place, out);
        break;
    case CORV_OP_COMPARE:
        compare(run, e, place, out);
        break;
    default:
        work(run, e, place, out);
        break;
    }
}
