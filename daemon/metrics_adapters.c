/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics_adapters.h"

#include <stdio.h>

#include "daemon/metrics.h"

enum from { U64, UNSIGNED };

static const struct {
    const char *name;
    const char *type;
    const char *help; /* NULL: one more row of the name above */
    const char *label;
    enum from from;
    size_t at;
} rows[] = {
#define AT(field) offsetof(struct corv_host_stats, field)
    {"adapter_outcomes_total", "counter", "Outcomes per adapter", ",class=\"delivered\"", U64,
        AT(delivered)},
    {"adapter_outcomes_total", "counter", NULL, ",class=\"later\"", U64, AT(later)},
    {"adapter_outcomes_total", "counter", NULL, ",class=\"refused\"", U64, AT(refused)},
    {"adapter_outcomes_total", "counter", NULL, ",class=\"unreadable\"", U64, AT(unreadable)},
    {"adapter_timeouts_total", "counter", "Deadlines the adapter missed", "", U64, AT(timeouts)},
    {"adapter_late_total", "counter", "Answers after the operation had been given up", "", U64,
        AT(late)},
    {"adapter_twice_total", "counter", "Answers for an operation that is over or was never given",
        "", U64, AT(twice)},
    {"adapter_slow_calls_total", "counter", "Calls that held the loop longer than 50 ms", "", U64,
        AT(slow_calls)},
    {"adapter_longest_call_microseconds", "gauge", "Longest call", "", U64, AT(call_us_max)},
    {"adapter_silent", "gauge", "Messages an adapter keeps though their time is over", "", UNSIGNED,
        AT(silent)},
    {"adapter_offered_total", "counter", "Messages taken in from the adapter", "", U64,
        AT(offered)},
#undef AT
};

static double value(const struct corv_host_stats *s, size_t row)
{
    const char *at = (const char *)s + rows[row].at;

    return rows[row].from == U64 ? (double)*(const uint64_t *)(const void *)at
                                 : (double)*(const unsigned *)(const void *)at;
}

static void write_row(const struct corv_hosts *h, size_t row, struct corv_buf *b)
{
    const struct corv_host_count *counts;
    struct corv_host_stats s;
    const char *name;
    char labels[160];
    unsigned used;

    for (unsigned i = 0; (name = corv_hosts_at(h, i, &s, &counts, &used)) != NULL; i++) {
        (void)snprintf(labels, sizeof labels, "{adapter=\"%s\"%s}", name, rows[row].label);
        corv_metric_write(b, rows[row].name, rows[row].type, i == 0 ? rows[row].help : NULL, labels,
            value(&s, row));
    }
}

static void write_counts(const struct corv_hosts *h, struct corv_buf *b)
{
    const struct corv_host_count *counts;
    const char *help = "What an adapter counts itself";
    struct corv_host_stats s;
    const char *name;
    char labels[160];
    unsigned used;

    for (unsigned i = 0; (name = corv_hosts_at(h, i, &s, &counts, &used)) != NULL; i++)
        for (unsigned k = 0; k < used; k++) {
            (void)snprintf(
                labels, sizeof labels, "{adapter=\"%s\",what=\"%s\"}", name, counts[k].what);
            corv_metric_write(b, "adapter_count", "counter", help, labels, (double)counts[k].n);
            help = NULL;
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
