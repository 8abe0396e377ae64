/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_core.h"

#include <math.h>
#include <string.h>

#include "daemon/base/utf8.h"
#include "schemas/rule_eval.h"
#include "schemas/rule_text.h"

static struct corv_view text(const struct corv_rule_call *c, unsigned i)
{
    return corv_rule_to_text(c->run, &c->arguments[i]);
}

static double number(const struct corv_rule_call *c, unsigned i)
{
    return corv_rule_to_number(c->run, &c->arguments[i]);
}

static void f_last(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->number = (double)c->place->size;
}

static void f_position(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->number = (double)c->place->position;
}

static void f_count(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->number = (double)c->arguments[0].nodes.count;
}

static void f_local_name(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    const struct corv_rule_nodes *n = &c->arguments[0].nodes;
    bool has = n->count && n->list[0]->type != XML_TEXT_NODE;

    out->text = corv_view_str(has ? (const char *)n->list[0]->name : "");
}

static void f_string(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->text = text(c, 0);
}

static void f_concat(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view pieces[CORV_RULE_ARGUMENTS];
    size_t n = 0;
    char *all;

    for (unsigned i = 0; i < c->count; i++) {
        pieces[i] = text(c, i);
        n += pieces[i].n;
    }
    all = corv_rule_take(c->run, n + 1);
    if (!all)
        return;
    out->text = corv_view_of(all, n);
    for (unsigned i = 0; i < c->count; i++) {
        if (pieces[i].n)
            memcpy(all, pieces[i].p, pieces[i].n);
        all += pieces[i].n;
    }
}

static const char *found(struct corv_view in, struct corv_view what)
{
    return what.n ? memmem(in.p, in.n, what.p, what.n) : in.p;
}

static void f_starts_with(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0), what = text(c, 1);

    out->yes = what.n <= in.n && corv_view_eq(corv_view_of(in.p, what.n), what);
}

static void f_contains(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = found(text(c, 0), text(c, 1)) != NULL;
}

static void f_substring_before(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0);
    const char *at = found(in, text(c, 1));

    out->text = corv_view_of(in.p, at ? (size_t)(at - in.p) : 0);
}

static void f_substring_after(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0), what = text(c, 1);
    const char *at = found(in, what);
    size_t from = at ? (size_t)(at - in.p) + what.n : in.n;

    out->text = corv_view_of(in.p + from, in.n - from);
}

static size_t character(struct corv_view in, size_t at)
{
    size_t n = corv_utf8_at(in, at);

    return n ? n : 1;
}

/* Characters count from 1; the bounds are rounded, and may be anything. */
static void f_substring(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0);
    double from = floor(number(c, 1) + 0.5);
    double until = c->count > 2 ? from + floor(number(c, 2) + 0.5) : INFINITY;
    size_t position = 1;
    size_t begin = in.n, end = in.n;

    for (size_t at = 0; at < in.n; at += character(in, at), position++) {
        bool inside = (double)position >= from && (double)position < until;

        if (inside && begin == in.n)
            begin = at;
        if (!inside && begin < in.n) {
            end = at;
            break;
        }
    }
    out->text = corv_view_of(in.p + begin, end - begin);
}

static void f_string_length(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0);

    for (size_t at = 0; at < in.n; at += character(in, at))
        out->number++;
}

static void f_normalize_space(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0);
    char *all = corv_rule_take(c->run, in.n + 1);
    size_t n = 0;

    if (!all)
        return;
    for (size_t i = 0; i < in.n; i++) {
        if (!corv_rule_blank(in.p[i]))
            all[n++] = in.p[i];
        else if (n && all[n - 1] != ' ')
            all[n++] = ' ';
    }
    if (n && all[n - 1] == ' ')
        n--;
    out->text = corv_view_of(all, n);
}

static bool ascii(struct corv_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if ((unsigned char)v.p[i] >= 0x80)
            return false;
    return true;
}

/* Nearly always: capitals into small letters. */
static size_t translate_ascii(
    struct corv_view in, struct corv_view from, struct corv_view to, char *all)
{
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        const char *at = memchr(from.p, in.p[i], from.n);
        size_t place = at ? (size_t)(at - from.p) : 0;

        if (!at)
            all[n++] = in.p[i];
        else if (place < to.n)
            all[n++] = to.p[place];
    }
    return n;
}

/* The character of to that stands where this one stands in from: all of it, an empty one when to
 * is too short, or the character itself. */
static struct corv_view translated(struct corv_view one, struct corv_view from, struct corv_view to)
{
    size_t t = 0;

    for (size_t f = 0; f < from.n; f += character(from, f)) {
        struct corv_view at = corv_view_of(from.p + f, character(from, f));
        size_t n = t < to.n ? character(to, t) : 0;

        if (corv_view_eq(at, one))
            return corv_view_of(to.p + t, n);
        t += n;
    }
    return one;
}

static void f_translate(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    struct corv_view in = text(c, 0), from = text(c, 1), to = text(c, 2);
    char *all = corv_rule_take(c->run, 4 * in.n + 1);
    size_t n = 0;

    if (!all || !corv_rule_spend(c->run, in.n * (1 + from.n / 16)))
        return;
    out->text = corv_view_of(all, 0);
    if (ascii(from) && ascii(to)) {
        out->text.n = translate_ascii(in, from, to, all);
        return;
    }
    for (size_t at = 0; at < in.n; at += character(in, at)) {
        struct corv_view one = corv_view_of(in.p + at, character(in, at));
        struct corv_view new = translated(one, from, to);

        memcpy(all + n, new.p, new.n);
        n += new.n;
    }
    out->text.n = n;
}

static void f_boolean(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = corv_rule_to_bool(&c->arguments[0]);
}

static void f_not(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->yes = !corv_rule_to_bool(&c->arguments[0]);
}

static void f_true(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    (void)c;
    out->yes = true;
}

static void f_false(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    (void)c;
    out->yes = false;
}

static void f_number(const struct corv_rule_call *c, struct corv_rule_value *out)
{
    out->number = number(c, 0);
}

const struct corv_rule_function corv_rule_core[] = {
    {"last", f_last, 0, 0, CORV_RULE_NUMBER, 0, true, false},
    {"position", f_position, 0, 0, CORV_RULE_NUMBER, 0, true, false},
    {"count", f_count, 1, 1, CORV_RULE_NUMBER, 1, false, false},
    {"local-name", f_local_name, 1, 1, CORV_RULE_TEXT, 1, false, false},
    {"string", f_string, 1, 1, CORV_RULE_TEXT, 0, false, false},
    {"concat", f_concat, 2, CORV_RULE_ARGUMENTS, CORV_RULE_TEXT, 0, false, false},
    {"starts-with", f_starts_with, 2, 2, CORV_RULE_BOOL, 0, false, false},
    {"contains", f_contains, 2, 2, CORV_RULE_BOOL, 0, false, false},
    {"substring-before", f_substring_before, 2, 2, CORV_RULE_TEXT, 0, false, false},
    {"substring-after", f_substring_after, 2, 2, CORV_RULE_TEXT, 0, false, false},
    {"substring", f_substring, 2, 3, CORV_RULE_TEXT, 0, false, false},
    {"string-length", f_string_length, 1, 1, CORV_RULE_NUMBER, 0, false, false},
    {"normalize-space", f_normalize_space, 1, 1, CORV_RULE_TEXT, 0, false, false},
    {"translate", f_translate, 3, 3, CORV_RULE_TEXT, 0, false, false},
    {"boolean", f_boolean, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"not", f_not, 1, 1, CORV_RULE_BOOL, 0, false, false},
    {"true", f_true, 0, 0, CORV_RULE_BOOL, 0, false, false},
    {"false", f_false, 0, 0, CORV_RULE_BOOL, 0, false, false},
    {"number", f_number, 1, 1, CORV_RULE_NUMBER, 0, false, false},
    {0},
};
