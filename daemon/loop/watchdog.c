/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/watchdog.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#define SLOW_US 200000

/* uv_check runs right after the loop has polled, uv_prepare right before: between a check and the
 * next prepare lies the work of one turn. */
struct corv_watchdog {
    uv_prepare_t prepare;
    uv_check_t check;
    uv_loop_t *loop;
    int64_t began_us; /* of this turn; 0 before the first */
    int64_t start_us;
    unsigned open_handles;
    struct corv_watchdog_stats stats;
};

static void turn_ended(uv_prepare_t *handle)
{
    struct corv_watchdog *w = handle->data;
    int64_t took = w->began_us ? corv_clock_mono_us() - w->began_us : 0;

    w->stats.turns++;
    if (took > w->stats.turn_us_max)
        w->stats.turn_us_max = took;
    if (took <= SLOW_US)
        return;
    w->stats.slow_turns++;
    CORV_LOG(WARNING, "loop.slow-turn", NULL, CORV_N(MS, took / 1000));
}

static void turn_began(uv_check_t *handle)
{
    ((struct corv_watchdog *)handle->data)->began_us = corv_clock_mono_us();
}

corv_rc corv_watchdog_new(uv_loop_t *loop, struct corv_watchdog **out)
{
    struct corv_watchdog *w = calloc(1, sizeof *w);

    if (!w)
        return CORV_E_NOMEM;
    w->loop = loop;
    w->start_us = corv_clock_mono_us();
    (void)uv_prepare_init(loop, &w->prepare);
    (void)uv_check_init(loop, &w->check);
    w->prepare.data = w->check.data = w;
    (void)uv_prepare_start(&w->prepare, turn_ended);
    (void)uv_check_start(&w->check, turn_began);
    uv_unref((uv_handle_t *)&w->prepare);
    uv_unref((uv_handle_t *)&w->check);
    w->open_handles = 2;
    *out = w;
    return CORV_OK;
}

static void closed(uv_handle_t *handle)
{
    struct corv_watchdog *w = handle->data;

    if (--w->open_handles == 0)
        free(w);
}

void corv_watchdog_free(struct corv_watchdog *w)
{
    if (!w)
        return;
    uv_close((uv_handle_t *)&w->prepare, closed);
    uv_close((uv_handle_t *)&w->check, closed);
}

void corv_watchdog_stats_get(const struct corv_watchdog *w, struct corv_watchdog_stats *out)
{
    int64_t lived_us = corv_clock_mono_us() - w->start_us;

    *out = w->stats;
    out->idle_share =
        lived_us > 0 ? (double)uv_metrics_idle_time(w->loop) / 1000.0 / (double)lived_us : 1.0;
}
