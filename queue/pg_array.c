/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_array.h"

#include <limits.h>
#include <stdlib.h>

#define HEADER   20                       /* dimensions, nulls, type, length, lower bound */
#define EPOCH_US INT64_C(946684800000000) /* 2000-01-01, where PostgreSQL begins to count */

static void put_be(char *out, uint64_t n, int width)
{
    for (int i = 0; i < width; i++)
        out[i] = (char)(uint8_t)(n >> (8 * (width - 1 - i)));
}

static void add_be(struct corv_pg_array *a, uint64_t n, int width)
{
    char bytes[8];

    put_be(bytes, n, width);
    (void)corv_buf_add(&a->b, bytes, (size_t)width);
}

/* The header's place is kept free; done() fills it in. */
static void begin(struct corv_pg_array *a)
{
    static const char zeros[HEADER];

    a->count = 0;
    a->nulls = false;
    (void)corv_buf_add(&a->b, zeros, sizeof zeros);
}

void corv_pg_array_init(struct corv_pg_array *a, enum corv_pg_type type, size_t ceiling)
{
    *a = (struct corv_pg_array){.type = type};
    corv_buf_init(&a->b, ceiling + HEADER);
    begin(a);
}

void corv_pg_array_free(struct corv_pg_array *a)
{
    if (a)
        corv_buf_free(&a->b);
}

void corv_pg_array_reset(struct corv_pg_array *a, size_t keep)
{
    if (a->b.failed || a->b.cap > keep)
        corv_buf_free(&a->b);
    corv_buf_reset(&a->b);
    begin(a);
}

void corv_pg_array_null(struct corv_pg_array *a)
{
    a->count++;
    a->nulls = true;
    add_be(a, UINT32_MAX, 4);
}

void corv_pg_array_bytes(struct corv_pg_array *a, const void *p, size_t n)
{
    if (n > INT_MAX) {
        a->b.failed = true;
        return;
    }
    a->count++;
    add_be(a, n, 4);
    (void)corv_buf_add(&a->b, p, n);
}

void corv_pg_array_text(struct corv_pg_array *a, const char *s)
{
    if (s)
        corv_pg_array_bytes(a, s, strlen(s));
    else
        corv_pg_array_null(a);
}

/* Length of the well-formed UTF-8 sequence at s, 0 when it is none (RFC 3629). */
static size_t utf8_length(const unsigned char *s)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

    if (s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0; /* too long a form, a surrogate, beyond Unicode */
    return n;
}

void corv_pg_array_clean(struct corv_pg_array *a, const char *s)
{
    const unsigned char *r = (const unsigned char *)s;
    size_t begin = a->b.n;

    if (!s) {
        corv_pg_array_null(a);
        return;
    }
    corv_pg_array_bytes(a, s, strlen(s));
    if (a->b.failed)
        return;
    for (char *w = a->b.p + begin + 4; *r;) {
        size_t n = utf8_length(r);

        if (n == 0)
            *w = '?';
        n = n ? n : 1;
        w += n;
        r += n;
    }
}

void corv_pg_array_id(struct corv_pg_array *a, const struct corv_id *id)
{
    if (corv_id_is_null(id))
        corv_pg_array_null(a);
    else
        corv_pg_array_bytes(a, id->b, sizeof id->b);
}

void corv_pg_array_digest(struct corv_pg_array *a, const struct corv_digest *d)
{
    corv_pg_array_bytes(a, d->b, sizeof d->b);
}

void corv_pg_array_int(struct corv_pg_array *a, int64_t n)
{
    int width = a->type == CORV_PG_INT2 ? 2 : a->type == CORV_PG_INT4 ? 4 : 8;

    if ((width == 2 && (n < INT16_MIN || n > INT16_MAX)) ||
        (width == 4 && (n < INT32_MIN || n > INT32_MAX))) {
        a->b.failed = true;
        return;
    }
    a->count++;
    add_be(a, (uint64_t)width, 4);
    add_be(a, (uint64_t)n, width);
}

void corv_pg_array_bool(struct corv_pg_array *a, bool yes)
{
    corv_pg_array_bytes(a, yes ? "\1" : "\0", 1);
}

void corv_pg_array_time(struct corv_pg_array *a, int64_t us)
{
    corv_pg_array_int(a, us - EPOCH_US);
}

corv_rc corv_pg_array_done(struct corv_pg_array *a, struct corv_view *out)
{
    if (a->b.failed || a->b.n > INT_MAX)
        return CORV_E_LIMIT;
    put_be(a->b.p, a->count ? 1 : 0, 4);
    put_be(a->b.p + 4, a->nulls ? 1 : 0, 4);
    put_be(a->b.p + 8, (uint64_t)a->type, 4);
    put_be(a->b.p + 12, (uint64_t)a->count, 4);
    put_be(a->b.p + 16, 1, 4);
    *out = corv_view_of(a->b.p, a->count ? a->b.n : 12); /* an empty array has no dimension */
    return CORV_OK;
}

static void add(struct corv_pg_params *p, const char *value, size_t n)
{
    if (p->count == CORV_PG_PARAMS || n > INT_MAX) {
        p->rc = CORV_E_LIMIT;
        return;
    }
    p->value[p->count] = value;
    p->length[p->count] = (int)n;
    p->format[p->count++] = 1;
}

void corv_pg_add_array(struct corv_pg_params *p, struct corv_pg_array *a)
{
    struct corv_view v = {0};
    corv_rc rc = corv_pg_array_done(a, &v);

    if (rc != CORV_OK)
        p->rc = rc;
    add(p, v.p, v.n);
}

void corv_pg_add_view(struct corv_pg_params *p, struct corv_view v)
{
    add(p, v.p ? v.p : "", v.n);
}

void corv_pg_add_text(struct corv_pg_params *p, const char *s)
{
    add(p, s, s ? strlen(s) : 0);
}

static void add_number(struct corv_pg_params *p, uint64_t n, int width)
{
    if (p->count < CORV_PG_PARAMS)
        put_be(p->store[p->count], n, width);
    add(p, p->store[p->count < CORV_PG_PARAMS ? p->count : 0], (size_t)width);
}

void corv_pg_add_int4(struct corv_pg_params *p, int32_t n)
{
    add_number(p, (uint64_t)n, 4);
}

void corv_pg_add_int8(struct corv_pg_params *p, int64_t n)
{
    add_number(p, (uint64_t)n, 8);
}

void corv_pg_add_time(struct corv_pg_params *p, int64_t us)
{
    corv_pg_add_int8(p, us - EPOCH_US);
}

int64_t corv_pg_int(const PGresult *r, int row, int col)
{
    int width = PQgetlength(r, row, col);
    const unsigned char *b = (const unsigned char *)PQgetvalue(r, row, col);
    uint64_t n = 0;

    if (!b || (width != 2 && width != 4 && width != 8))
        return 0;
    if (b[0] & 0x80)
        n = UINT64_MAX;
    for (int i = 0; i < width; i++)
        n = n << 8 | b[i];
    return (int64_t)n;
}

int64_t corv_pg_time(const PGresult *r, int row, int col)
{
    return PQgetlength(r, row, col) == 8 ? corv_pg_int(r, row, col) + EPOCH_US : 0;
}

struct corv_view corv_pg_view(const PGresult *r, int row, int col)
{
    if (PQgetisnull(r, row, col))
        return corv_view_of(NULL, 0);
    return corv_view_of(PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col));
}

struct corv_id corv_pg_id(const PGresult *r, int row, int col)
{
    struct corv_id id = {{0}};

    if (PQgetlength(r, row, col) == (int)sizeof id.b)
        memcpy(id.b, PQgetvalue(r, row, col), sizeof id.b);
    return id;
}

char *corv_pg_text(const PGresult *r, int row, int col)
{
    struct corv_view v = corv_pg_view(r, row, col);

    return v.p ? strndup(v.p, v.n) : strdup("");
}
