/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics_adapters.h"

#include <stdio.h>

#include "daemon/metrics.h"

#define LABELS 160

enum from { U64, UNSIGNED, MICROSECONDS };

static const struct {
    enum corv_metric metric; /* those of one metric stand together */
    enum from from;
    const char *label;
    size_t at;
} rows[] = {
#define ROW(name, label, from, field)                                                              \
    {CORV_M_adapter_##name, from, label, offsetof(struct corv_host_stats, field)},
    ROW(outcomes_total, ",class=\"delivered\"", U64, delivered) ROW(outcomes_total,
        ",class=\"later\"", U64, later) ROW(outcomes_total, ",class=\"refused\"", U64, refused)
        ROW(outcomes_total, ",class=\"unreadable\"", U64, unreadable) ROW(timeouts_total, "", U64,
            timeouts) ROW(late_total, "", U64, late) ROW(twice_total, "", U64, twice)
            ROW(calls_total, "", U64, calls) ROW(call_seconds_total, "", MICROSECONDS, call_us)
                ROW(call_longest_seconds, "", MICROSECONDS, call_us_max)
                    ROW(slow_calls_total, "", U64, slow_calls) ROW(silent, "", UNSIGNED, silent)
                        ROW(offered_total, "", U64, offered)
#undef ROW
};

static double value(const struct corv_host_stats *s, size_t row)
{
    const char *at = (const char *)s + rows[row].at;
    double n = rows[row].from == UNSIGNED ? (double)*(const unsigned *)(const void *)at
                                          : (double)*(const uint64_t *)(const void *)at;

    return rows[row].from == MICROSECONDS ? n / 1e6 : n;
}

static void write_row(const struct corv_hosts *h, size_t row, struct corv_buf *b)
{
    const struct corv_host_count *counts;
    struct corv_host_stats s;
    const char *name;
    char labels[LABELS];
    unsigned used;

    if (row == 0 || rows[row - 1].metric != rows[row].metric)
        corv_metric_head(b, rows[row].metric);
    for (unsigned i = 0; (name = corv_hosts_at(h, i, &s, &counts, &used)) != NULL; i++) {
        (void)snprintf(labels, sizeof labels, "{adapter=\"%s\"%s}", name, rows[row].label);
        corv_metric_value(b, rows[row].metric, labels, value(&s, row));
    }
}

static void write_counts(const struct corv_hosts *h, struct corv_buf *b)
{
    const struct corv_host_count *counts;
    struct corv_host_stats s;
    const char *name;
    char labels[LABELS];
    unsigned used;

    corv_metric_head(b, CORV_M_adapter_counted_total);
    for (unsigned i = 0; (name = corv_hosts_at(h, i, &s, &counts, &used)) != NULL; i++)
        for (unsigned k = 0; k < used; k++) {
            (void)snprintf(
                labels, sizeof labels, "{adapter=\"%s\",what=\"%s\"}", name, counts[k].what);
            corv_metric_value(b, CORV_M_adapter_counted_total, labels, (double)counts[k].n);
        }
}

void corv_metrics_adapters_write(const struct corv_hosts *h, struct corv_buf *b)
{
    if (!h)
        return;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
        write_row(h, row, b);
    write_counts(h, b);
}
