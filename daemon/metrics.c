/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics.h"

static const struct {
    const char *name;
    const char *type;
    const char *help;
} rows[CORV_METRICS] = {
#define CORV_COUNTER(name, help)            [CORV_M_##name] = {#name, "counter", help},
#define CORV_GAUGE(name, help)              [CORV_M_##name] = {#name, "gauge", help},
#define CORV_READ(name, kind, labels, help) [CORV_M_##name] = {#name, kind, help},
#include "daemon/metrics.def"
};

const double corv_bucket_seconds[CORV_BUCKETS] = {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30, 60};

static const char *const steps[CORV_TIMED_STEPS] = {
    "receive", "examine", "store", "acknowledge", "deliver", "confirm"};

const char *corv_timed_name(enum corv_timed t)
{
    return steps[t];
}

void corv_histogram_add(struct corv_histogram *h, int64_t took_us)
{
    int64_t us = took_us > 0 ? took_us : 0;

    h->count++;
    h->sum_us += (uint64_t)us;
    for (unsigned i = 0; i < CORV_BUCKETS; i++)
        if ((double)us <= corv_bucket_seconds[i] * 1e6) {
            h->bucket[i]++;
            return;
        }
}

void corv_metric_head(struct corv_buf *b, enum corv_metric m)
{
    (void)corv_buf_addf(b, "# HELP corvd_%s %s\n# TYPE corvd_%s %s\n", rows[m].name, rows[m].help,
        rows[m].name, rows[m].type);
}

void corv_metric_value(struct corv_buf *b, enum corv_metric m, const char *labels, double value)
{
    (void)corv_buf_addf(b, "corvd_%s%s %.17g\n", rows[m].name, labels, value);
}

void corv_metric_write(struct corv_buf *b, enum corv_metric m, double value)
{
    corv_metric_head(b, m);
    corv_metric_value(b, m, "", value);
}

void corv_metric_histogram(
    struct corv_buf *b, enum corv_metric m, const char *label, const struct corv_histogram *h)
{
    const char *name = rows[m].name;
    uint64_t so_far = 0;

    for (unsigned i = 0; i < CORV_BUCKETS; i++) {
        so_far += h->bucket[i];
        (void)corv_buf_addf(b, "corvd_%s_bucket{%s,le=\"%g\"} %llu\n", name, label,
            corv_bucket_seconds[i], (unsigned long long)so_far);
    }
    (void)corv_buf_addf(b,
        "corvd_%s_bucket{%s,le=\"+Inf\"} %llu\ncorvd_%s_sum{%s} %.6f\ncorvd_%s_count{%s} %llu\n",
        name, label, (unsigned long long)h->count, name, label, (double)h->sum_us / 1e6, name,
        label, (unsigned long long)h->count);
}

void corv_metrics_write(const struct corv_metrics *m, struct corv_buf *b)
{
#define CORV_COUNTER(name, help) corv_metric_write(b, CORV_M_##name, (double)m->name);
#define CORV_GAUGE(name, help)   corv_metric_write(b, CORV_M_##name, (double)m->name);
#include "daemon/metrics.def"
}
