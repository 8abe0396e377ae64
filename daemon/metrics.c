/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/metrics.h"

void corv_metric_write(struct corv_buf *b, const char *name, const char *type, const char *help,
    const char *labels, double value)
{
    if (help)
        (void)corv_buf_addf(b, "# HELP corvd_%s %s\n# TYPE corvd_%s %s\n", name, help, name, type);
    (void)corv_buf_addf(b, "corvd_%s%s %.17g\n", name, labels, value);
}

void corv_metrics_write(const struct corv_metrics *m, struct corv_buf *b)
{
#define CORV_COUNTER(name, help) corv_metric_write(b, #name, "counter", help, "", (double)m->name);
#define CORV_GAUGE(name, help)   corv_metric_write(b, #name, "gauge", help, "", (double)m->name);
#include "daemon/metrics.def"
#undef CORV_COUNTER
#undef CORV_GAUGE
}
