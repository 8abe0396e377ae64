/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_value.h"

#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/rule_node.h"

#define BYTES_PER_STEP 64 /* reading this much text costs as much as looking at one node */

bool corv_rule_overspend(struct corv_rule_run *run)
{
    run->steps = 0;
    if (run->rc == CORV_OK)
        run->rc = CORV_E_LIMIT;
    return false;
}

void *corv_rule_take(struct corv_rule_run *run, size_t n)
{
    void *p = corv_room_take(&run->room, n);

    if (!p && run->rc == CORV_OK)
        run->rc = run->room.total + n > run->room.most ? CORV_E_LIMIT : CORV_E_NOMEM;
    return p;
}

/* ---- nodes ------------------------------------------------------------------------------------
 */

bool corv_rule_nodes_add(struct corv_rule_run *run, struct corv_rule_nodes *to, const xmlNode *n)
{
    if (to->count == to->room) {
        size_t room = to->room ? to->room * 2 : 4;
        const xmlNode **list = corv_rule_take(run, room * sizeof(const xmlNode *));

        if (!list)
            return false;
        if (to->count)
            memcpy(list, to->list, to->count * sizeof(const xmlNode *));
        to->list = list;
        to->room = room;
    }
    to->list[to->count++] = n;
    return true;
}

/* Elements carry their number, negative, where they have no content; an attribute comes after its
 * element and before the next one. */
static intptr_t number_of(const xmlNode *n)
{
    if (n->type == XML_ATTRIBUTE_NODE)
        n = n->parent;
    return n->type == XML_ELEMENT_NODE ? -(intptr_t)n->content : 0;
}

static int in_order(const xmlNode *a, const xmlNode *b)
{
    intptr_t x = number_of(a), y = number_of(b);

    if (x > 0 && y > 0 && x != y)
        return x < y ? -1 : 1;
    return a == b ? 0 : -xmlXPathCmpNodes((xmlNodePtr)a, (xmlNodePtr)b);
}

static int by_order(const void *a, const void *b)
{
    return in_order(*(const xmlNode *const *)a, *(const xmlNode *const *)b);
}

void corv_rule_nodes_order(struct corv_rule_run *run, struct corv_rule_nodes *nodes)
{
    size_t i = 1, kept = 1;

    while (i < nodes->count && in_order(nodes->list[i - 1], nodes->list[i]) < 0)
        i++;
    if (i >= nodes->count || !corv_rule_spend(run, 4 * nodes->count))
        return;
    qsort(nodes->list, nodes->count, sizeof(const xmlNode *), by_order);
    for (i = 1; i < nodes->count; i++)
        if (nodes->list[i] != nodes->list[kept - 1])
            nodes->list[kept++] = nodes->list[i];
    nodes->count = kept;
}

/* ---- one thing as another ---------------------------------------------------------------------
 */

/* Of several pieces; seldom: CDATA and comments leave one text node. */
static struct corv_view joined(struct corv_rule_run *run, const xmlNode *top)
{
    size_t n = 0, seen = 0;
    char *all;

    for (const xmlNode *c = top; (c = corv_rule_next(c, top)); seen++)
        n += c->type == XML_TEXT_NODE ? strlen((const char *)c->content) : 0;
    if (!corv_rule_spend(run, seen) || !(all = corv_rule_take(run, n + 1)))
        return corv_view_of("", 0);
    n = 0;
    for (const xmlNode *c = top; (c = corv_rule_next(c, top));)
        if (c->type == XML_TEXT_NODE) {
            size_t piece = strlen((const char *)c->content);

            memcpy(all + n, c->content, piece);
            n += piece;
        }
    return corv_view_of(all, n);
}

struct corv_view corv_rule_string_of(struct corv_rule_run *run, const xmlNode *node)
{
    const xmlNode *child = node->type == XML_TEXT_NODE ? node : node->children;
    struct corv_view text = {"", 0};

    if (child && child->type == XML_TEXT_NODE && (child == node || !child->next))
        text = corv_view_str((const char *)child->content);
    else if (child)
        text = joined(run, node);
    (void)corv_rule_spend(run, 1 + text.n / BYTES_PER_STEP);
    return text;
}

static struct corv_view number_text(struct corv_rule_run *run, double number)
{
    xmlChar *owned = xmlXPathCastNumberToString(number);
    struct corv_view text = {"", 0};
    size_t n = owned ? strlen((const char *)owned) : 0;
    char *copy = corv_rule_take(run, n + 1);

    if (copy && owned) {
        memcpy(copy, owned, n);
        text = corv_view_of(copy, n);
    } else if (run->rc == CORV_OK) {
        run->rc = CORV_E_NOMEM;
    }
    xmlFree(owned);
    return text;
}

struct corv_view corv_rule_to_text(struct corv_rule_run *run, const struct corv_rule_value *v)
{
    switch (v->type) {
    case CORV_RULE_NODES:
        return v->nodes.count ? corv_rule_string_of(run, v->nodes.list[0]) : corv_view_of("", 0);
    case CORV_RULE_TEXT:
        return v->text;
    case CORV_RULE_NUMBER:
        return number_text(run, v->number);
    case CORV_RULE_BOOL:
    default:
        return corv_view_str(v->yes ? "true" : "false");
    }
}

static double text_number(struct corv_rule_run *run, struct corv_view text)
{
    char *copy = corv_rule_take(run, text.n + 1); /* libxml2 wants its end marked */

    if (!copy)
        return 0;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    return xmlXPathStringEvalNumber(BAD_CAST copy);
}

double corv_rule_to_number(struct corv_rule_run *run, const struct corv_rule_value *v)
{
    if (v->type == CORV_RULE_NUMBER)
        return v->number;
    if (v->type == CORV_RULE_BOOL)
        return v->yes ? 1 : 0;
    return text_number(run, corv_rule_to_text(run, v));
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static bool relates(enum corv_rule_relation relation, double a, double b)
{
    switch (relation) {
    case CORV_RULE_EQ:
        return a == b;
    case CORV_RULE_NE:
        return !relates(CORV_RULE_EQ, a, b);
    case CORV_RULE_LT:
        return a < b;
    case CORV_RULE_LE:
        return a <= b;
    case CORV_RULE_GT:
        return a > b;
    case CORV_RULE_GE:
    default:
        return a >= b;
    }
}

static bool equality(enum corv_rule_relation relation)
{
    return relation == CORV_RULE_EQ || relation == CORV_RULE_NE;
}

/* Two that are no nodes. */
static bool simple(struct corv_rule_run *run, enum corv_rule_relation relation,
    const struct corv_rule_value *a, const struct corv_rule_value *b)
{
    bool equal;

    if (!equality(relation) || ((a->type == CORV_RULE_NUMBER || b->type == CORV_RULE_NUMBER) &&
                                   a->type != CORV_RULE_BOOL && b->type != CORV_RULE_BOOL))
        return relates(relation, corv_rule_to_number(run, a), corv_rule_to_number(run, b));
    if (a->type == CORV_RULE_BOOL || b->type == CORV_RULE_BOOL)
        equal = corv_rule_to_bool(a) == corv_rule_to_bool(b);
    else
        equal = corv_view_eq(a->text, b->text);
    return equal == (relation == CORV_RULE_EQ);
}

/* Each node as a text against something else: one that holds is enough. */
static bool any_of(struct corv_rule_run *run, enum corv_rule_relation relation,
    const struct corv_rule_nodes *nodes, const struct corv_rule_value *b, bool turned)
{
    bool found = false;

    for (size_t i = 0; i < nodes->count && !found && run->rc == CORV_OK; i++) {
        struct corv_room_mark mark = corv_room_mark(&run->room);
        struct corv_rule_value one = {.type = CORV_RULE_TEXT};

        one.text = corv_rule_string_of(run, nodes->list[i]);
        found = turned ? corv_rule_compare(run, relation, b, &one)
                       : corv_rule_compare(run, relation, &one, b);
        corv_room_back(&run->room, mark);
    }
    return found;
}

bool corv_rule_compare(struct corv_rule_run *run, enum corv_rule_relation relation,
    const struct corv_rule_value *a, const struct corv_rule_value *b)
{
    struct corv_rule_value yes = {.type = CORV_RULE_BOOL};

    if (a->type == CORV_RULE_NODES && b->type != CORV_RULE_BOOL)
        return any_of(run, relation, &a->nodes, b, false);
    if (b->type == CORV_RULE_NODES && a->type != CORV_RULE_BOOL)
        return any_of(run, relation, &b->nodes, a, true);
    if (a->type == CORV_RULE_NODES) {
        yes.yes = corv_rule_to_bool(a);
        return simple(run, relation, &yes, b);
    }
    if (b->type == CORV_RULE_NODES) {
        yes.yes = corv_rule_to_bool(b);
        return simple(run, relation, a, &yes);
    }
    return simple(run, relation, a, b);
}
