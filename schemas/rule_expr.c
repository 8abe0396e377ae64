/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_expr.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/rule_function.h"
#include "schemas/rule_pack.h"
#include "schemas/xml_path.h"

#define DEPTH_MAX     40
#define OPERATORS_MAX 500 /* a chain of them is as deep as it is long when it is judged */

struct reader {
    const char *at;
    const char *wrong; /* the first place nothing fits */
    struct corv_room *room;
    struct corv_rule_names *names;
    unsigned depth;
    unsigned operators;
    bool positional; /* position() or last() was met */
    bool no_memory;
};

size_t corv_rule_slot(struct corv_rule_names *names, struct corv_view name)
{
    struct corv_view *list;

    for (size_t i = 0; i < names->count; i++)
        if (corv_view_eq(names->list[i], name))
            return i;
    list = realloc(names->list, (names->count + 1) * sizeof *list);
    if (!list)
        return SIZE_MAX;
    names->list = list;
    list[names->count] = name;
    return names->count++;
}

/* ---- words ------------------------------------------------------------------------------------
 */

static void *fail(struct reader *r, const char *at)
{
    if (!r->wrong)
        r->wrong = at;
    return NULL;
}

static void *take(struct reader *r, size_t n)
{
    void *p = corv_room_take(r->room, n);

    if (p)
        return memset(p, 0, n);
    r->no_memory = true;
    return fail(r, r->at);
}

static struct corv_rule_expr *make(
    struct reader *r, enum corv_rule_op op, enum corv_rule_type type, struct corv_rule_expr *a)
{
    struct corv_rule_expr *e = take(r, sizeof *e);

    if (!e)
        return NULL;
    e->op = op;
    e->type = type;
    e->a = a;
    return e;
}

static void blanks(struct reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static bool sign(struct reader *r, const char *word)
{
    size_t n = strlen(word);

    blanks(r);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static struct corv_view name(struct reader *r)
{
    const char *begin = r->at;

    if (isalpha((unsigned char)*r->at) || *r->at == '_')
        while (in_name(*r->at))
            r->at++;
    return corv_view_of(begin, (size_t)(r->at - begin));
}

/* or, and: a word of its own. */
static bool word(struct reader *r, const char *which)
{
    const char *before = r->at;

    blanks(r);
    if (corv_view_is(name(r), which) && *r->at != ':')
        return true;
    r->at = before;
    return false;
}

static const char *keep(struct reader *r, struct corv_view text)
{
    char *copy = take(r, text.n + 1);

    if (copy)
        memcpy(copy, text.p, text.n);
    return copy;
}

/* ---- paths ------------------------------------------------------------------------------------
 */

static struct corv_rule_expr *expression(struct reader *r);

/* *, P:*, name or P:name. */
static bool node_test(struct reader *r, struct corv_rule_step *s)
{
    const char *before = r->at;
    struct corv_view first;

    if (sign(r, "*")) {
        s->any_ns = true;
        return true;
    }
    first = name(r);
    if (first.n && r->at[0] == ':' && r->at[1] != ':') {
        r->at++;
        s->ns = corv_prefix_ns(first);
        if (!s->ns)
            return fail(r, before);
        if (*r->at == '*') {
            r->at++;
            return true;
        }
        first = name(r);
    }
    blanks(r);
    if (!first.n || *r->at == '(' || !(s->name = keep(r, first)))
        return fail(r, before);
    return true;
}

/* [ ] [ ] …; by position is allowed where positions mean something. */
static struct corv_rule_expr *predicates(struct reader *r, bool by_position)
{
    struct corv_rule_expr *first = NULL, **last = &first;
    bool outer = r->positional;

    while (!r->wrong && sign(r, "[")) {
        const char *before = r->at;

        r->positional = false;
        *last = expression(r);
        if (!*last || !sign(r, "]"))
            return fail(r, r->at);
        if (!by_position && (r->positional || (*last)->type == CORV_RULE_NUMBER))
            return fail(r, before);
        last = &(*last)->next;
    }
    r->positional = outer;
    return first;
}

static bool axis(struct reader *r, struct corv_rule_step *s)
{
    const char *before = r->at;
    struct corv_view word = name(r);

    if (!word.n || strncmp(r->at, "::", 2) != 0) {
        r->at = before;
        return true;
    }
    r->at += 2;
    if (corv_view_is(word, "self"))
        s->axis = CORV_AXIS_SELF;
    else if (corv_view_is(word, "parent"))
        s->axis = CORV_AXIS_PARENT;
    else if (corv_view_is(word, "attribute"))
        s->axis = CORV_AXIS_ATTRIBUTE;
    else if (!corv_view_is(word, "child"))
        return fail(r, before);
    return true;
}

static bool abbreviated(struct reader *r, struct corv_rule_step *s)
{
    if (sign(r, ".."))
        s->axis = CORV_AXIS_PARENT;
    else if (sign(r, "."))
        s->axis = CORV_AXIS_SELF;
    else
        return false;
    s->any_ns = true;
    return true;
}

/* One name, at any depth. */
static unsigned ask(struct reader *r, const struct corv_rule_step *s)
{
    struct corv_rule_wanted wanted = {.count = 1};

    if (!s->name)
        return 0;
    wanted.list[0].ns = s->ns;
    wanted.list[0].name = corv_view_str(s->name);
    return corv_rule_deep_ask(
        &r->names->deep, r->room, &wanted, s->axis == CORV_AXIS_BELOW_ATTRIBUTE);
}

static bool below(struct reader *r, struct corv_rule_step *s, const char *before)
{
    if (s->axis == CORV_AXIS_CHILD)
        s->axis = CORV_AXIS_BELOW;
    else if (s->axis == CORV_AXIS_ATTRIBUTE)
        s->axis = CORV_AXIS_BELOW_ATTRIBUTE;
    else
        return fail(r, before);
    s->deep = ask(r, s);
    return true;
}

static struct corv_rule_step *step(struct reader *r, bool deep)
{
    struct corv_rule_step *s = take(r, sizeof *s);
    const char *before = r->at;

    blanks(r);
    if (!s)
        return NULL;
    if (abbreviated(r, s))
        return deep ? fail(r, before) : s;
    if (sign(r, "@"))
        s->axis = CORV_AXIS_ATTRIBUTE;
    else if (!axis(r, s))
        return NULL;
    if (!node_test(r, s) || (deep && !below(r, s, before)))
        return NULL;
    s->predicates = predicates(r, !deep);
    return s;
}

/* The steps after a first / or //, or the first without one. */
static struct corv_rule_step *steps(struct reader *r, bool begin)
{
    struct corv_rule_step *first = NULL, **last = &first;

    while (!r->wrong) {
        bool deep = sign(r, "//");

        if (!deep && !sign(r, "/") && !begin)
            return first;
        if (begin && deep)
            return fail(r, r->at);
        begin = false;
        *last = step(r, deep);
        if (!*last)
            return fail(r, r->at);
        last = &(*last)->next;
    }
    return NULL;
}

/* ---- what a path can begin with ----------------------------------------------------------------
 */

static struct corv_rule_expr *literal(struct reader *r)
{
    const char *begin = r->at + 1, *end = strchr(begin, *r->at);
    struct corv_rule_expr *e = make(r, CORV_OP_TEXT, CORV_RULE_TEXT, NULL);

    if (!e || !end)
        return fail(r, r->at);
    e->text = corv_view_of(begin, (size_t)(end - begin));
    e->list = r->names->pack ? corv_rule_list_by_name(r->names->pack, e->text) : NULL;
    e->text.p = keep(r, e->text);
    r->at = end + 1;
    return e;
}

static struct corv_rule_expr *number(struct reader *r)
{
    struct corv_rule_expr *e = make(r, CORV_OP_NUMBER, CORV_RULE_NUMBER, NULL);

    while (e && isdigit((unsigned char)*r->at))
        e->number = e->number * 10 + (*r->at++ - '0');
    return e;
}

static struct corv_rule_expr *variable(struct reader *r)
{
    struct corv_rule_expr *e = make(r, CORV_OP_VARIABLE, CORV_RULE_NODES, NULL);
    struct corv_view which;

    r->at++;
    which = name(r);
    if (!e || !which.n)
        return fail(r, r->at);
    which.p = keep(r, which);
    e->slot = which.p ? corv_rule_slot(r->names, which) : SIZE_MAX;
    if (e->slot == SIZE_MAX) {
        r->no_memory = true;
        return fail(r, r->at);
    }
    return e;
}

/* diep() with its names written out. */
static unsigned ask_names(struct reader *r, const struct corv_rule_expr *call)
{
    const struct corv_rule_expr *names = call->a ? call->a->next : NULL;
    struct corv_rule_wanted wanted;

    if (!names || names->op != CORV_OP_TEXT)
        return 0;
    corv_rule_wanted_read(names->text, &wanted);
    return corv_rule_deep_ask(&r->names->deep, r->room, &wanted, false);
}

/* Each argument that must be nodes is nodes, and there are as many as it wants. */
static bool fits(const struct corv_rule_function *f, const struct corv_rule_expr *arguments)
{
    unsigned count = 0;

    for (const struct corv_rule_expr *e = arguments; e && count <= f->most; e = e->next, count++)
        if ((f->nodes >> count & 1) && e->type != CORV_RULE_NODES)
            return false;
    return count >= f->least && count <= f->most;
}

static struct corv_rule_expr *call(struct reader *r, struct corv_view which)
{
    struct corv_rule_expr *e = make(r, CORV_OP_CALL, CORV_RULE_BOOL, NULL);
    struct corv_rule_expr **last = e ? &e->a : NULL;

    if (!e || !(e->function = corv_rule_function_find(which)) || !sign(r, "("))
        return fail(r, which.p);
    r->positional = r->positional || e->function->positional;
    e->type = e->function->gives;
    while (!r->wrong && !sign(r, ")")) {
        if (e->a && !sign(r, ","))
            return fail(r, r->at);
        *last = expression(r);
        if (!*last)
            return NULL;
        last = &(*last)->next;
    }
    if (!fits(e->function, e->a))
        return fail(r, which.p);
    e->deep = e->function->deep ? ask_names(r, e) : 0;
    return e;
}

/* A variable, a literal, a number, ( ) or a call; NULL without a complaint when it is a step. */
static struct corv_rule_expr *primary(struct reader *r)
{
    const char *before = r->at;
    struct corv_rule_expr *e;
    struct corv_view which;

    if (*r->at == '$')
        return variable(r);
    if (*r->at == '\'' || *r->at == '"')
        return literal(r);
    if (isdigit((unsigned char)*r->at))
        return number(r);
    if (sign(r, "(")) {
        e = expression(r);
        return e && sign(r, ")") ? e : fail(r, r->at);
    }
    which = name(r);
    blanks(r);
    if (which.n && *r->at == '(')
        return call(r, which);
    r->at = before;
    return NULL;
}

static bool only_a_dot(const struct corv_rule_expr *path)
{
    const struct corv_rule_step *s = path->steps;

    return !path->a && s && !s->next && s->axis == CORV_AXIS_SELF && s->any_ns && !s->name &&
           !s->predicates;
}

static struct corv_rule_expr *path(struct reader *r)
{
    struct corv_rule_expr *begin, *e, *these;
    struct corv_rule_step *way;
    const char *before;

    blanks(r);
    before = r->at;
    if (*r->at == '/')
        return fail(r, r->at);
    begin = primary(r);
    if (r->wrong)
        return NULL;
    these = begin ? predicates(r, true) : NULL;
    way = steps(r, !begin);
    if (r->wrong)
        return NULL;
    if (begin && !these && !way)
        return begin;
    if (begin && begin->type != CORV_RULE_NODES)
        return fail(r, before);
    e = make(r, CORV_OP_PATH, CORV_RULE_NODES, begin);
    if (e) {
        e->predicates = these;
        e->steps = way;
        e->op = only_a_dot(e) ? CORV_OP_HERE : CORV_OP_PATH;
    }
    return e;
}

/* ---- operators --------------------------------------------------------------------------------
 */

static struct corv_rule_expr *two(struct reader *r, enum corv_rule_op op, enum corv_rule_type type,
    struct corv_rule_expr *a, struct corv_rule_expr *b)
{
    struct corv_rule_expr *e = a && b ? make(r, op, type, a) : NULL;

    if (++r->operators > OPERATORS_MAX)
        return fail(r, r->at);
    if (e)
        e->b = b;
    return e;
}

static struct corv_rule_expr *unions(struct reader *r)
{
    const char *before = r->at;
    struct corv_rule_expr *e = path(r);

    while (e && sign(r, "|")) {
        e = two(r, CORV_OP_UNION, CORV_RULE_NODES, e, path(r));
        if (e && (e->a->type != CORV_RULE_NODES || e->b->type != CORV_RULE_NODES))
            return fail(r, before);
    }
    return e;
}

static struct corv_rule_expr *signs(struct reader *r)
{
    struct corv_rule_expr *e;

    if (!sign(r, "-"))
        return unions(r);
    e = unions(r);
    return e ? make(r, CORV_OP_SIGN, CORV_RULE_NUMBER, e) : NULL;
}

static struct corv_rule_expr *sums(struct reader *r)
{
    struct corv_rule_expr *e = signs(r);

    while (e) {
        if (sign(r, "+"))
            e = two(r, CORV_OP_PLUS, CORV_RULE_NUMBER, e, signs(r));
        else if (sign(r, "-"))
            e = two(r, CORV_OP_MINUS, CORV_RULE_NUMBER, e, signs(r));
        else
            return e;
    }
    return NULL;
}

static bool relation_sign(struct reader *r, bool equality, enum corv_rule_relation *relation)
{
    static const struct {
        const char *word;
        enum corv_rule_relation relation;
        bool equality;
    } table[] = {{"=", CORV_RULE_EQ, true}, {"!=", CORV_RULE_NE, true}, {"<=", CORV_RULE_LE, false},
        {">=", CORV_RULE_GE, false}, {"<", CORV_RULE_LT, false}, {">", CORV_RULE_GT, false}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].equality == equality && sign(r, table[i].word)) {
            *relation = table[i].relation;
            return true;
        }
    return false;
}

static struct corv_rule_expr *comparisons(struct reader *r, bool equality)
{
    struct corv_rule_expr *e = equality ? comparisons(r, false) : sums(r);
    enum corv_rule_relation relation;

    while (e && relation_sign(r, equality, &relation)) {
        e = two(r, CORV_OP_COMPARE, CORV_RULE_BOOL, e, equality ? comparisons(r, false) : sums(r));
        if (e)
            e->relation = relation;
    }
    return e;
}

static struct corv_rule_expr *ands(struct reader *r)
{
    struct corv_rule_expr *e = comparisons(r, true);

    while (e && word(r, "and"))
        e = two(r, CORV_OP_AND, CORV_RULE_BOOL, e, comparisons(r, true));
    return e;
}

static struct corv_rule_expr *expression(struct reader *r)
{
    struct corv_rule_expr *e;

    if (++r->depth > DEPTH_MAX)
        return fail(r, r->at);
    e = ands(r);
    while (e && word(r, "or"))
        e = two(r, CORV_OP_OR, CORV_RULE_BOOL, e, ands(r));
    r->depth--;
    return e ? e : fail(r, r->at);
}

corv_rc corv_rule_expr_read(const char *text, struct corv_room *room, struct corv_rule_names *names,
    const struct corv_rule_expr **out, const char **at)
{
    struct reader r = {.at = text, .room = room, .names = names};
    struct corv_rule_expr *e = expression(&r);

    blanks(&r);
    if (e && *r.at != '\0')
        e = fail(&r, r.at);
    *out = e;
    *at = r.wrong ? r.wrong : r.at;
    if (r.no_memory)
        return CORV_E_NOMEM;
    return e ? CORV_OK : CORV_E_INVALID;
}
