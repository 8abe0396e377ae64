/* SPDX-License-Identifier: EUPL-1.2 */
/* A table that fits 80 columns whatever is in it: columns get the width of their content, and when
 * that is too much the widest of those that may shrink give way. Owner: whoever declared it.
 * Test: tests/unit/test_ctl_table.c */
#ifndef CORV_CTL_TABLE_H
#define CORV_CTL_TABLE_H

#include "daemon/base/buf.h"

#define CORV_CTL_TABLE_COLUMNS 10

enum corv_ctl_tone {
    CORV_TONE_PLAIN,
    CORV_TONE_GOOD,
    CORV_TONE_WARN,
    CORV_TONE_BAD,
    CORV_TONE_DIM
};

struct corv_ctl_column { /* the list ends with title NULL */
    const char *title;
    unsigned least; /* columns it keeps when room is short; 0: it never shrinks */
    bool right;     /* numbers */
    bool toned;     /* gets the tone of its row */
};

struct corv_ctl_row;
struct corv_ctl_table {
    const struct corv_ctl_column *columns; /* borrowed */
    unsigned count;
    struct corv_ctl_row *rows; /* owned */
    size_t rows_count, rows_cap;
    bool failed;
};

void corv_ctl_table_init(struct corv_ctl_table *t, const struct corv_ctl_column *columns);
void corv_ctl_table_free(struct corv_ctl_table *t);
/* Copies as many cells as there are columns. */
void corv_ctl_table_add(
    struct corv_ctl_table *t, enum corv_ctl_tone tone, const char *const *cells);
void corv_ctl_table_write(const struct corv_ctl_table *t, struct corv_buf *out, bool color);
/* Text between the codes of a tone; without color just the text. */
void corv_ctl_tone_write(
    struct corv_buf *out, enum corv_ctl_tone tone, const char *text, bool color);

/* How many characters of these ids tell them apart, at least CORV_CTL_ID_SHORT. */
#define CORV_CTL_ID_SHORT 17
unsigned corv_ctl_id_length(const char *const *ids, size_t count);

#endif
