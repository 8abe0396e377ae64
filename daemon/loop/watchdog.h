/* SPDX-License-Identifier: EUPL-1.2 */
/* Watches the loop's own pace: how long a turn took and how much of the time it was idle. A turn
 * of more than 200 ms is a broken promise (the loop never blocks) and is logged.
 * Loop thread only. Test: tests/unit/test_pool.c */
#ifndef CORV_LOOP_WATCHDOG_H
#define CORV_LOOP_WATCHDOG_H

#include <stdint.h>
#include <uv.h>

#include "daemon/base/rc.h"

struct corv_watchdog;

CORV_MUST_CHECK corv_rc corv_watchdog_new(uv_loop_t *loop, struct corv_watchdog **out);
void corv_watchdog_free(struct corv_watchdog *w); /* accepts NULL; the loop must turn once more */

struct corv_watchdog_stats {
    uint64_t turns;
    uint64_t slow_turns; /* over 200 ms */
    int64_t turn_us_max;
    double idle_share; /* since start, 0..1 */
};
void corv_watchdog_stats_get(const struct corv_watchdog *w, struct corv_watchdog_stats *out);

#endif
