/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_lint.h"

#include <ctype.h>

#include "schemas/rule_function.h"
#include "schemas/rule_pack.h"

struct look {
    const struct corv_rule_pack *pack;
    struct corv_fault *fault;
    const char *where; /* id of the rule, name of the let */
    size_t lets;       /* how many lets may be used: those before this one */
    uint32_t kinds;    /* that the expression is evaluated for */
};

/* and ( … ), or ( … ): no functions. */
static bool operator_word(struct corv_view name)
{
    return corv_view_is(name, "and") || corv_view_is(name, "or");
}

static bool given(const struct look *l, struct corv_view name)
{
    uint32_t kinds = 0;

    for (size_t i = 0; i < l->lets; i++)
        if (corv_view_is(name, l->pack->lets[i].name))
            kinds |= l->pack->lets[i].kinds;
    return (l->kinds & ~kinds) == 0;
}

static struct corv_view name_at(const char *at)
{
    size_t n = 0;

    while (isalnum((unsigned char)at[n]) || (at[n] && strchr("-_.:", at[n])))
        n++;
    return corv_view_of(at, n);
}

static const char *after_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static corv_rc fail(const struct look *l, struct corv_view name, const char *why)
{
    return CORV_FAIL(l->fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "rules.pack", "%s: %s: %.*s",
        l->where, why, (int)name.n, name.p);
}

static corv_rc look_through(const struct look *l, const char *at)
{
    while (at && *at) {
        struct corv_view name = name_at(at);

        if (*at == '\'' || *at == '"') {
            const char *close = strchr(at + 1, *at);

            at = close ? close + 1 : "";
        } else if (*at == '$') {
            name = name_at(at + 1);
            if (!given(l, name))
                return fail(l, name, "no such variable for all its kinds");
            at += 1 + name.n;
        } else if (name.n) {
            at += name.n;
            if (*after_blanks(at) == '(' && !operator_word(name) && !corv_rule_function_find(name))
                return fail(l, name, "no such function");
        } else {
            at++;
        }
    }
    return CORV_OK;
}

corv_rc corv_rule_lint(const struct corv_rule_pack *pack, struct corv_fault *fault)
{
    struct look l = {.pack = pack, .fault = fault};
    corv_rc rc = CORV_OK;

    for (size_t i = 0; i < pack->lets_count && rc == CORV_OK; i++) {
        l.where = pack->lets[i].name;
        l.kinds = pack->lets[i].kinds;
        l.lets = i;
        rc = look_through(&l, pack->lets[i].select);
    }
    l.lets = pack->lets_count;
    for (size_t r = 0; r < pack->rules_count; r++) {
        const struct corv_rule *rule = &pack->rules[r];

        l.where = rule->id;
        for (size_t e = 0; e < rule->each_count && rc == CORV_OK; e++) {
            l.kinds = rule->each[e].kinds;
            rc = look_through(&l, rule->each[e].select);
            if (rc == CORV_OK)
                rc = look_through(&l, rule->each[e].test);
            if (rc == CORV_OK)
                rc = look_through(&l, rule->each[e].at);
        }
    }
    return rc;
}
