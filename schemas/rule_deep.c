/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_deep.h"

#include <string.h>

#include "schemas/rule_node.h"
#include "schemas/xml_path.h"

struct corv_rule_deep_name {
    struct corv_rule_deep_name *next; /* in the same bucket */
    struct corv_view name;
    const char *ns;
    uint64_t requests; /* a bit for each that wants it */
};

/* By the first and the third letter: many names of the standard begin with ge or he. */
static unsigned bucket_of(const char *name, size_t n)
{
    return ((unsigned char)name[0] + 2U * (n > 2 ? (unsigned char)name[2] : 0)) %
           CORV_RULE_DEEP_BUCKETS;
}

void corv_rule_wanted_read(struct corv_view names, struct corv_rule_wanted *w)
{
    w->count = 0;
    for (size_t at = 0, n; at < names.n && w->count < CORV_RULE_DEEP_NAMES; at += n + 1) {
        const char *word = names.p + at, *end = memchr(word, ' ', names.n - at), *colon;

        n = end ? (size_t)(end - word) : names.n - at;
        colon = memchr(word, ':', n);
        if (!colon)
            continue;
        w->list[w->count].ns = corv_prefix_ns(corv_view_of(word, (size_t)(colon - word)));
        w->list[w->count].name = corv_view_of(colon + 1, n - (size_t)(colon + 1 - word));
        w->count += w->list[w->count].ns != NULL && w->list[w->count].name.n > 0;
    }
}

static bool same_ns(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool add(struct corv_rule_deep_name **bucket, struct corv_room *room, const char *ns,
    struct corv_view name, unsigned request)
{
    struct corv_rule_deep_name *one = *bucket;

    while (one && !(corv_view_eq(one->name, name) && same_ns(one->ns, ns)))
        one = one->next;
    if (!one) {
        one = corv_room_take(room, sizeof *one);
        if (!one)
            return false;
        *one = (struct corv_rule_deep_name){*bucket, name, ns, 0};
        *bucket = one;
    }
    one->requests |= UINT64_C(1) << (request - 1);
    return true;
}

unsigned corv_rule_deep_ask(struct corv_rule_deep *deep, struct corv_room *room,
    const struct corv_rule_wanted *wanted, bool attributes)
{
    struct corv_rule_deep_name **table = attributes ? deep->attributes : deep->elements;

    if (deep->requests == CORV_RULE_DEEP_REQUESTS)
        return 0;
    deep->requests++; /* spent, whatever comes of it */
    for (size_t i = 0; i < wanted->count; i++)
        if (!add(&table[bucket_of(wanted->list[i].name.p, wanted->list[i].name.n)], room,
                wanted->list[i].ns, wanted->list[i].name, deep->requests))
            return 0;
    return deep->requests;
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

static bool is_named(const struct corv_rule_deep_name *one, const xmlNode *n)
{
    const char *name = (const char *)n->name;

    return strncmp(name, one->name.p, one->name.n) == 0 && name[one->name.n] == '\0' &&
           same_ns(one->ns, n->ns ? (const char *)n->ns->href : NULL);
}

static void look(
    struct corv_rule_deep_name *const *table, const xmlNode *n, struct corv_rule_run *run)
{
    const char *name = (const char *)n->name;
    const struct corv_rule_deep_name *one = table[bucket_of(name, name[1] && name[2] ? 3 : 1)];

    while (one && !is_named(one, n))
        one = one->next;
    for (uint64_t left = one ? one->requests : 0; left; left &= left - 1)
        if (!corv_rule_nodes_add(run, &run->deep[__builtin_ctzll(left) + 1], n))
            return;
}

bool corv_rule_deep_find(
    const struct corv_rule_deep *deep, xmlNodePtr message, struct corv_rule_run *run)
{
    size_t size = (deep->requests + 1) * sizeof *run->deep;
    intptr_t number = 0;

    run->message = message;
    run->deep = corv_rule_take(run, size);
    if (!run->deep)
        return false;
    memset(run->deep, 0, size);
    for (const xmlNode *n = message; n && run->rc == CORV_OK; n = corv_rule_next(n, message)) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        ((xmlNodePtr)n)->content = (xmlChar *)-++number; /* as xmlXPathOrderDocElems does it */
        if (n != message)
            look(deep->elements, n, run);
        for (const xmlAttr *a = n->properties; a; a = a->next)
            look(deep->attributes, (const xmlNode *)a, run);
    }
    return corv_rule_spend(run, (size_t)number);
}
