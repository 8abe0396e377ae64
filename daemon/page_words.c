/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/page_words.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

static const struct {
    const char *key;
    const char *nl;
    const char *en;
} words[] = {
#define CORV_WORD(key, nl, en) {key, nl, en},
#include "daemon/page_words.def"
#undef CORV_WORD
};

const char *corv_page_word(struct corv_view key, bool english)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (corv_view_is(key, words[i].key))
            return english ? words[i].en : words[i].nl;
    return NULL;
}

const char *corv_page_named(const char *prefix, const char *name, bool english)
{
    char key[64];
    int n = snprintf(key, sizeof key, "%s:%s", prefix, name);
    const char *word = NULL;

    if (n > 0 && (size_t)n < sizeof key)
        word = corv_page_word(corv_view_of(key, (size_t)n), english);
    return word ? word : name;
}

/* The next piece up to the mark, blanks around it taken off; v goes on behind it. */
static struct corv_view piece(struct corv_view *v, char mark)
{
    const char *end = v->n ? memchr(v->p, mark, v->n) : NULL;
    struct corv_view p = corv_view_of(v->p, end ? (size_t)(end - v->p) : v->n);

    v->p += p.n + (end ? 1 : 0);
    v->n -= p.n + (end ? 1 : 0);
    while (p.n > 0 && (*p.p == ' ' || *p.p == '\t')) {
        p.p++;
        p.n--;
    }
    while (p.n > 0 && (p.p[p.n - 1] == ' ' || p.p[p.n - 1] == '\t'))
        p.n--;
    return p;
}

/* In thousandths; what is no weight counts as 1. */
static int weight_of(struct corv_view rest)
{
    struct corv_view q = piece(&rest, ';');
    int weight = 0;
    int unit = 100;

    if (q.n < 3 || strncasecmp(q.p, "q=", 2) != 0 || q.p[2] != '0')
        return 1000;
    for (size_t i = 4; i < q.n && i < 7 && isdigit((unsigned char)q.p[i]); i++, unit /= 10)
        weight += (q.p[i] - '0') * unit;
    return weight;
}

static bool is_tag(struct corv_view tag, const char *language)
{
    return tag.n >= 2 && strncasecmp(tag.p, language, 2) == 0 && (tag.n == 2 || tag.p[2] == '-');
}

bool corv_page_english(struct corv_view query, struct corv_view accept)
{
    int nl = 0;
    int en = 0;

    while (query.n > 0) {
        struct corv_view one = piece(&query, '&');

        if (corv_view_is(one, "lang=en") || corv_view_is(one, "lang=nl"))
            return corv_view_is(one, "lang=en");
    }
    while (accept.n > 0) {
        struct corv_view rest = piece(&accept, ',');
        struct corv_view tag = piece(&rest, ';');
        int weight = weight_of(rest);

        if (is_tag(tag, "nl") && weight > nl)
            nl = weight;
        else if (is_tag(tag, "en") && weight > en)
            en = weight;
    }
    return en > nl;
}
