/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void corv_buf_init(struct corv_buf *b, size_t ceiling)
{
    *b = (struct corv_buf){.ceiling = ceiling};
}

void corv_buf_free(struct corv_buf *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct corv_buf){.ceiling = b->ceiling};
}

void corv_buf_reset(struct corv_buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p)
        b->p[0] = '\0';
}

static corv_rc fail(struct corv_buf *b, corv_rc rc)
{
    free(b->p);
    *b = (struct corv_buf){.ceiling = b->ceiling, .failed = true};
    return rc;
}

static size_t grown(const struct corv_buf *b, size_t total)
{
    size_t cap = b->cap ? b->cap : 256;

    while (cap < total)
        cap = cap > SIZE_MAX / 2 ? total : cap * 2;
    return cap > b->ceiling ? b->ceiling : cap;
}

corv_rc corv_buf_reserve(struct corv_buf *b, size_t total)
{
    if (b->failed)
        return CORV_E_LIMIT;
    if (total > b->ceiling)
        return fail(b, CORV_E_LIMIT);
    if (total <= b->cap && b->p)
        return CORV_OK;

    size_t cap = grown(b, total);
    char *p = realloc(b->p, cap + 1);

    if (!p)
        return fail(b, CORV_E_NOMEM);
    p[b->n] = '\0';
    b->p = p;
    b->cap = cap;
    return CORV_OK;
}

corv_rc corv_buf_add(struct corv_buf *b, const void *p, size_t n)
{
    corv_rc rc = CORV_OK;

    if (!b->p || n > b->cap - b->n) /* else there is room: a failed one has no p */
        rc = n > SIZE_MAX - b->n ? fail(b, CORV_E_LIMIT) : corv_buf_reserve(b, b->n + n);
    if (rc != CORV_OK)
        return rc;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return CORV_OK;
}

corv_rc corv_buf_add_str(struct corv_buf *b, const char *s)
{
    return corv_buf_add(b, s, strlen(s));
}

corv_rc corv_buf_add_number(struct corv_buf *b, size_t n)
{
    char digits[24];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    return corv_buf_add(b, digits + at, sizeof digits - at);
}

corv_rc corv_buf_addf(struct corv_buf *b, const char *fmt, ...)
{
    va_list ap;
    char small[512];

    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0)
        return fail(b, CORV_E_INTERNAL);
    if ((size_t)n < sizeof small)
        return corv_buf_add(b, small, (size_t)n);

    corv_rc rc = corv_buf_reserve(b, b->n + (size_t)n);

    if (rc != CORV_OK)
        return rc;
    va_start(ap, fmt);
    (void)vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return CORV_OK;
}

struct corv_view corv_buf_view(const struct corv_buf *b)
{
    return (struct corv_view){b->p ? b->p : "", b->n};
}

char *corv_buf_take(struct corv_buf *b, size_t *n)
{
    if (b->failed || corv_buf_reserve(b, b->n) != CORV_OK)
        return NULL;

    char *p = b->p;

    if (n)
        *n = b->n;
    *b = (struct corv_buf){.ceiling = b->ceiling};
    return p;
}
