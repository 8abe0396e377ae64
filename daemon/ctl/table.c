/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/table.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/id.h"
#include "daemon/ctl/text.h"

#define GAP 2

struct corv_ctl_row {
    enum corv_ctl_tone tone;
    char *cells[CORV_CTL_TABLE_COLUMNS]; /* owned */
};

void corv_ctl_table_init(struct corv_ctl_table *t, const struct corv_ctl_column *columns)
{
    *t = (struct corv_ctl_table){.columns = columns};
    while (t->count < CORV_CTL_TABLE_COLUMNS && columns[t->count].title)
        t->count++;
}

void corv_ctl_table_free(struct corv_ctl_table *t)
{
    for (size_t i = 0; i < t->rows_count; i++)
        for (unsigned c = 0; c < t->count; c++)
            free(t->rows[i].cells[c]);
    free(t->rows);
    *t = (struct corv_ctl_table){0};
}

static bool grow(struct corv_ctl_table *t)
{
    size_t cap = t->rows_cap ? t->rows_cap * 2 : 16;
    struct corv_ctl_row *rows;

    if (t->rows_count < t->rows_cap)
        return true;
    rows = realloc(t->rows, cap * sizeof *rows);
    if (!rows)
        return false;
    t->rows = rows;
    t->rows_cap = cap;
    return true;
}

void corv_ctl_table_add(struct corv_ctl_table *t, enum corv_ctl_tone tone, const char *const *cells)
{
    struct corv_ctl_row *row;

    if (!grow(t)) {
        t->failed = true;
        return;
    }
    row = &t->rows[t->rows_count++];
    *row = (struct corv_ctl_row){.tone = tone};
    for (unsigned c = 0; c < t->count; c++) {
        row->cells[c] = strdup(cells[c]);
        t->failed = t->failed || !row->cells[c];
    }
}

/* The widest that may give way loses a column until all fit. */
static void shrink(const struct corv_ctl_table *t, unsigned *width)
{
    unsigned total = GAP * (t->count - 1);

    for (unsigned c = 0; c < t->count; c++)
        total += width[c];
    while (total > CORV_CTL_COLUMNS) {
        int widest = -1;

        for (unsigned c = 0; c < t->count; c++)
            if (t->columns[c].least && width[c] > t->columns[c].least &&
                (widest < 0 || width[c] > width[widest]))
                widest = (int)c;
        if (widest < 0)
            return;
        width[widest]--;
        total--;
    }
}

static void measure(const struct corv_ctl_table *t, unsigned *width)
{
    for (unsigned c = 0; c < t->count; c++) {
        width[c] = corv_ctl_width(t->columns[c].title);
        for (size_t i = 0; i < t->rows_count; i++) {
            unsigned w = corv_ctl_width(t->rows[i].cells[c]);

            width[c] = w > width[c] ? w : width[c];
        }
    }
    shrink(t, width);
}

void corv_ctl_tone_write(
    struct corv_buf *out, enum corv_ctl_tone tone, const char *text, bool color)
{
    static const char *const codes[] = {"", "\033[32m", "\033[33m", "\033[1;31m", "\033[2m"};

    if (color && tone != CORV_TONE_PLAIN)
        (void)corv_buf_add_str(out, codes[tone]);
    (void)corv_buf_add_str(out, text);
    if (color && tone != CORV_TONE_PLAIN)
        (void)corv_buf_add_str(out, "\033[0m");
}

static void write_cell(struct corv_buf *out, const char *text, unsigned width, bool right,
    enum corv_ctl_tone tone, bool color)
{
    struct corv_buf cell;

    corv_buf_init(&cell, 4096);
    corv_ctl_fit(&cell, text, width, right);
    corv_ctl_tone_write(out, tone, cell.p ? cell.p : "", color);
    corv_buf_free(&cell);
}

static void trim(struct corv_buf *out)
{
    while (out->n > 0 && out->p[out->n - 1] == ' ')
        out->p[--out->n] = '\0';
    (void)corv_buf_add(out, "\n", 1);
}

void corv_ctl_table_write(const struct corv_ctl_table *t, struct corv_buf *out, bool color)
{
    unsigned width[CORV_CTL_TABLE_COLUMNS];

    if (t->failed) {
        (void)corv_buf_add_str(out, "(te weinig geheugen)\n");
        return;
    }
    measure(t, width);
    for (unsigned c = 0; c < t->count; c++) {
        (void)corv_buf_addf(out, "%*s", c ? GAP : 0, "");
        write_cell(out, t->columns[c].title, width[c], t->columns[c].right, CORV_TONE_DIM, color);
    }
    trim(out);
    for (size_t i = 0; i < t->rows_count; i++) {
        const struct corv_ctl_row *row = &t->rows[i];

        for (unsigned c = 0; c < t->count; c++) {
            (void)corv_buf_addf(out, "%*s", c ? GAP : 0, "");
            write_cell(out, row->cells[c], width[c], t->columns[c].right,
                t->columns[c].toned ? row->tone : CORV_TONE_PLAIN, color);
        }
        trim(out);
    }
}

/* ---- short numbers ------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

unsigned corv_ctl_id_length(const char *const *ids, size_t count)
{
    const char **sorted = calloc(count + 1, sizeof *sorted);
    unsigned length = CORV_CTL_ID_SHORT;

    if (!sorted)
        return CORV_ID_TEXT - 1;
    for (size_t i = 0; i < count; i++)
        sorted[i] = ids[i];
    qsort(sorted, count, sizeof *sorted, by_text);
    for (size_t i = 1; i < count; i++) {
        unsigned same = 0;

        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            continue;
        while (sorted[i - 1][same] && sorted[i - 1][same] == sorted[i][same])
            same++;
        length = same + 1 > length ? same + 1 : length;
    }
    free(sorted);
    return length;
}
