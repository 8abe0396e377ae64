/* SPDX-License-Identifier: EUPL-1.2 */
/* Per adapter: outcomes, broken rules, time, and what it counts itself - who is the culprit, in
 * /metrics. Loop thread. Test: tests/path/test_a15_process.py */
#ifndef CORV_DAEMON_METRICS_ADAPTERS_H
#define CORV_DAEMON_METRICS_ADAPTERS_H

#include "daemon/base/buf.h"
#include "daemon/host/host.h"

void corv_metrics_adapters_write(const struct corv_hosts *h, struct corv_buf *b);

#endif
