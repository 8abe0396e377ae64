/* SPDX-License-Identifier: EUPL-1.2 */
/* Parameters for libpq in PostgreSQL's binary form: one-dimensional arrays (so that one statement
 * takes a whole batch through unnest) and plain values. The reverse, reading binary results, is
 * here too. An array is a corv_buf underneath: born with its ceiling, failing for good, checked
 * once at the end. Times are our microseconds since 1970 outside, PostgreSQL's since 2000 inside.
 * Owner: whoever declared it. Thread: one at a time. Test: tests/unit/test_pg_array.c */
#ifndef CORV_QUEUE_PG_ARRAY_H
#define CORV_QUEUE_PG_ARRAY_H

#include <libpq-fe.h>

#include "daemon/base/buf.h"
#include "daemon/base/digest.h"
#include "daemon/base/id.h"

enum corv_pg_type { /* type numbers of PostgreSQL's catalogue; they never change */
    CORV_PG_BOOL = 16,
    CORV_PG_BYTEA = 17,
    CORV_PG_INT8 = 20,
    CORV_PG_INT2 = 21,
    CORV_PG_INT4 = 23,
    CORV_PG_TEXT = 25,
    CORV_PG_TIME = 1184, /* timestamptz */
    CORV_PG_UUID = 2950,
};

struct corv_pg_array {
    struct corv_buf b;
    enum corv_pg_type type;
    int32_t count;
    bool nulls;
};

void corv_pg_array_init(struct corv_pg_array *a, enum corv_pg_type type, size_t ceiling);
void corv_pg_array_free(struct corv_pg_array *a);
/* Empty again; memory is kept up to keep bytes. */
void corv_pg_array_reset(struct corv_pg_array *a, size_t keep);
void corv_pg_array_null(struct corv_pg_array *a);
void corv_pg_array_bytes(struct corv_pg_array *a, const void *p, size_t n);
void corv_pg_array_text(struct corv_pg_array *a, const char *s); /* NULL becomes null */
/* A text from outside: what is not UTF-8, which PostgreSQL would refuse, becomes "?". */
void corv_pg_array_clean(struct corv_pg_array *a, const char *s);
void corv_pg_array_id(struct corv_pg_array *a, const struct corv_id *id); /* null id: null */
void corv_pg_array_digest(struct corv_pg_array *a, const struct corv_digest *d);
/* As wide as the array's type; out of its range fails the array. */
void corv_pg_array_int(struct corv_pg_array *a, int64_t n);
void corv_pg_array_bool(struct corv_pg_array *a, bool yes);
void corv_pg_array_time(struct corv_pg_array *a, int64_t us);
/* Writes the header; the view is borrowed until the next change. CORV_E_LIMIT when an element did
 * not fit, memory was gone or a number was out of range. */
CORV_MUST_CHECK corv_rc corv_pg_array_done(struct corv_pg_array *a, struct corv_view *out);

#define CORV_PG_PARAMS 40

struct corv_pg_params { /* of one statement; zero it first */
    int count;
    corv_rc rc;                        /* first failure */
    const char *value[CORV_PG_PARAMS]; /* borrowed until the statement was sent */
    int length[CORV_PG_PARAMS];
    int format[CORV_PG_PARAMS];
    char store[CORV_PG_PARAMS][8];
};
void corv_pg_add_array(struct corv_pg_params *p, struct corv_pg_array *a);
void corv_pg_add_view(struct corv_pg_params *p, struct corv_view v); /* text, bytea, uuid */
void corv_pg_add_text(struct corv_pg_params *p, const char *s);      /* NULL becomes null */
void corv_pg_add_int4(struct corv_pg_params *p, int32_t n);
void corv_pg_add_int8(struct corv_pg_params *p, int64_t n);
void corv_pg_add_time(struct corv_pg_params *p, int64_t us);

/* Fields of a binary result. A null or a field of another length reads as 0 / nothing. */
int64_t corv_pg_int(const PGresult *r, int row, int col); /* int2, int4, int8 */
int64_t corv_pg_time(const PGresult *r, int row, int col);
struct corv_view corv_pg_view(const PGresult *r, int row, int col); /* p NULL when null */
struct corv_id corv_pg_id(const PGresult *r, int row, int col);
/* A copy, to be freed by the caller; "" for null. NULL: no memory. */
char *corv_pg_text(const PGresult *r, int row, int col);

#endif
