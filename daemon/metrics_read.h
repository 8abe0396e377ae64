/* SPDX-License-Identifier: EUPL-1.2 */
/* All of /metrics, from what the daemon has in memory: no question to the database, and at most one
 * line per metric and party, adapter, certificate or word of ours. Parties to which nothing was
 * ever to be delivered are left out. What stands in the database is counted by upkeep.c's timer.
 * Loop thread only. Test: tests/path/test_a12_metrics.py */
#ifndef CORV_DAEMON_METRICS_READ_H
#define CORV_DAEMON_METRICS_READ_H

#include "daemon/app.h"
#include "daemon/base/buf.h"

void corv_metrics_read(struct corv_app *app, struct corv_buf *b);

#endif
