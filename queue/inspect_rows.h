/* SPDX-License-Identifier: EUPL-1.2 */
/* What the inspect_*.c and act*.c files share: the connection and turning rows into structs by a
 * table of columns. One thread at a time. Test: tests/unit/test_inspect.c */
#ifndef CORV_QUEUE_INSPECT_ROWS_H
#define CORV_QUEUE_INSPECT_ROWS_H

#include <stddef.h>

#include "queue/inspect.h"
#include "queue/pg_sync.h"

struct corv_inspect {
    PGconn *c;
};

enum corv_column_type {
    CORV_COLUMN_TEXT, /* cut at a character */
    CORV_COLUMN_INT,
    CORV_COLUMN_I64,
    CORV_COLUMN_UINT,
    CORV_COLUMN_U64,
    CORV_COLUMN_BOOL,
    CORV_COLUMN_DOUBLE,
};
struct corv_column { /* in the order of the SELECT; SQL NULL gives "" or 0 */
    enum corv_column_type type;
    size_t offset;
    size_t size;
};
#define CORV_COLUMN(type, structure, member)                                                       \
    {                                                                                              \
        CORV_COLUMN_##type, offsetof(structure, member), sizeof(((structure *)0)->member)          \
    }

struct corv_table {
    const struct corv_column *columns;
    int count;
    size_t row_size;
};

/* A SELECT as an array of structs; *out is the caller's (free). Reconnects when needed. */
CORV_MUST_CHECK corv_rc corv_inspect_select(struct corv_inspect *i, const char *sql, int count,
    const char *const *params, const struct corv_table *table, void *out, size_t *rows,
    struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_inspect_query(struct corv_inspect *i, const char *sql, int count,
    const char *const *params, PGresult **out, struct corv_fault *fault);
/* CORV_E_INVALID with a fault when text is not a whole message number. */
CORV_MUST_CHECK corv_rc corv_inspect_check_id(const char *text, struct corv_fault *fault);

/* The same words for the same things in every SELECT. */
#define CORV_SQL_TIME(column)                                                                      \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
#define CORV_SQL_LEASED "(state = 0 AND owner IS NOT NULL AND due_at > now())"
#define CORV_SQL_OPEN_STATE                                                                        \
    "CASE WHEN " CORV_SQL_LEASED " THEN 'leased'"                                                  \
    " ELSE (ARRAY['waiting', 'held', 'dead'])[state + 1] END"
#define CORV_SQL_DONE_STATE "(ARRAY['confirmed', 'dropped'])[state - 2]"

#endif
