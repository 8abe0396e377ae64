/* SPDX-License-Identifier: EUPL-1.2 */
/* Bytes to look at: pointer and length, borrowed. Never assumed to end in a zero byte. */
#ifndef CORV_BASE_VIEW_H
#define CORV_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct corv_view {
    const char *p; /* borrowed until whoever gave it says otherwise */
    size_t n;
};

static inline struct corv_view corv_view_of(const void *p, size_t n)
{
    return (struct corv_view){(const char *)p, n};
}

static inline struct corv_view corv_view_str(const char *s)
{
    return (struct corv_view){s, s ? strlen(s) : 0};
}

static inline bool corv_view_eq(struct corv_view a, struct corv_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool corv_view_is(struct corv_view a, const char *s)
{
    return corv_view_eq(a, corv_view_str(s));
}

/* For qsort and bsearch of struct corv_view: an order to find things by, not to read. Shorter ones
 * first, for most differ in length and need no look at their bytes. */
static inline int corv_view_order(const void *a, const void *b)
{
    const struct corv_view *x = (const struct corv_view *)a;
    const struct corv_view *y = (const struct corv_view *)b;

    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    return x->n ? memcmp(x->p, y->p, x->n) : 0;
}

#endif
