/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbers about ourselves. Loop thread only. Test: tests/unit/test_metrics.c */
#ifndef CORV_DAEMON_METRICS_H
#define CORV_DAEMON_METRICS_H

#include <stdint.h>

#include "daemon/base/buf.h"

struct corv_metrics {
#define CORV_COUNTER(name, help) uint64_t name;
#define CORV_GAUGE(name, help)   uint64_t name;
#include "daemon/metrics.def"
#undef CORV_COUNTER
#undef CORV_GAUGE
};

/* One sample line with HELP and TYPE. labels: "" or "{to=\"raad\"}". */
void corv_metric_write(struct corv_buf *b, const char *name, const char *type, const char *help,
    const char *labels, double value);
/* All rows of metrics.def in Prometheus text format 0.0.4. */
void corv_metrics_write(const struct corv_metrics *m, struct corv_buf *b);

#endif
