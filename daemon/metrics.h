/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbers about ourselves, in Prometheus text format 0.0.4: one row each in metrics.def. Counting
 * is an addition in memory; nothing here waits or asks. Loop thread only. Tests:
 * tests/unit/test_metrics.c, tests/path/test_a12_metrics.py */
#ifndef CORV_DAEMON_METRICS_H
#define CORV_DAEMON_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/buf.h"

/* How long something took: how many took at most so long, from 1 ms to a minute. */
#define CORV_BUCKETS 9
extern const double corv_bucket_seconds[CORV_BUCKETS];
struct corv_histogram {
    uint64_t bucket[CORV_BUCKETS]; /* each one apart; what took longer is in count only */
    uint64_t count;
    uint64_t sum_us;
};
void corv_histogram_add(struct corv_histogram *h, int64_t took_us);

/* The steps whose time is kept; docs/life-of-a-message.md says what each one does. */
enum corv_timed {
    CORV_TIMED_RECEIVE,     /* first byte to last */
    CORV_TIMED_EXAMINE,     /* reading, checking, routing, sealing: waiting for a worker too */
    CORV_TIMED_STORE,       /* until the COMMIT was answered */
    CORV_TIMED_ACKNOWLEDGE, /* until the answer was handed to the connection */
    CORV_TIMED_DELIVER,     /* one attempt, with the partner's time in it */
    CORV_TIMED_CONFIRM,     /* until its outcome was committed */
    CORV_TIMED_STEPS,
};
const char *corv_timed_name(enum corv_timed t); /* static */

struct corv_metrics {
#define CORV_COUNTER(name, help) uint64_t name;
#define CORV_GAUGE(name, help)   uint64_t name;
#include "daemon/metrics.def"
    struct corv_histogram step[CORV_TIMED_STEPS];
    uint64_t oldest_due_us;
    uint64_t round_trip_us; /* of the last question to the database */
    int64_t counted_us;     /* monotonic: when the deliveries were counted, 0 never */
};

enum corv_metric {
#define CORV_COUNTER(name, ...) CORV_M_##name,
#define CORV_GAUGE(name, ...)   CORV_M_##name,
#define CORV_READ(name, ...)    CORV_M_##name,
#include "daemon/metrics.def"
    CORV_METRICS
};

/* HELP and TYPE; then come all its samples, and only then another metric. */
void corv_metric_head(struct corv_buf *b, enum corv_metric m);
/* One sample. labels: "" or "{to=\"raad\"}". */
void corv_metric_value(struct corv_buf *b, enum corv_metric m, const char *labels, double value);
/* Both, for a metric without labels. */
void corv_metric_write(struct corv_buf *b, enum corv_metric m, double value);
/* The samples of one label pair of a histogram: label is 'step="store"'. */
void corv_metric_histogram(
    struct corv_buf *b, enum corv_metric m, const char *label, const struct corv_histogram *h);
/* The rows that are kept in struct corv_metrics. */
void corv_metrics_write(const struct corv_metrics *m, struct corv_buf *b);

#endif
