/* SPDX-License-Identifier: EUPL-1.2 */
/* Measures how long a turn of the loop keeps others waiting: the time between two polls that was
 * not spent sleeping in the poll. A turn over the limit is logged ("loop.slow"), so that whoever
 * blocks the loop is seen before the timeouts are. Needs UV_METRICS_IDLE_TIME, which new sets on
 * the loop: make it before the loop runs. Loop thread only. Costs two clock reads a turn and keeps
 * no loop alive. Test: tests/unit/test_watchdog.c */
#ifndef CORV_LOOP_WATCHDOG_H
#define CORV_LOOP_WATCHDOG_H

#include <stdint.h>
#include <uv.h>

#include "daemon/base/rc.h"

#define CORV_WATCHDOG_SLOW_MS 200

struct corv_watchdog;

CORV_MUST_CHECK corv_rc corv_watchdog_new(
    uv_loop_t *loop, unsigned slow_ms, struct corv_watchdog **out);

struct corv_watchdog_stats {
    uint64_t turns;
    uint64_t slow;      /* turns over the limit */
    int64_t longest_us; /* since start */
    int64_t busy_us;    /* sum since start */
    int64_t idle_us;    /* likewise, asleep in the poll */
    int64_t recent_us;  /* longest turn of the last full 10 seconds and this one */
    double idle_share;  /* 0..1 over the last full 10 seconds; since start before that */
};
void corv_watchdog_stats(const struct corv_watchdog *w, struct corv_watchdog_stats *out);
void corv_watchdog_close(struct corv_watchdog *w); /* freed by the loop; accepts NULL */

#endif
