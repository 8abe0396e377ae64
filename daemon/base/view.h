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

#endif
