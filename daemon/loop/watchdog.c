/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/watchdog.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

#define WINDOW_US 10000000

struct window {
    int64_t began_us;
    int64_t busy_us;
    int64_t longest_us;
};

struct corv_watchdog {
    uv_prepare_t before_poll;
    int64_t slow_us;
    int64_t last_us;      /* when the loop last came by */
    int64_t last_idle_us; /* what it had slept by then */
    struct corv_watchdog_stats stats;
    struct window now;
    int64_t past_longest_us;
    double past_idle_share;
    bool past; /* one window is complete */
};

static int64_t slept_us(const struct corv_watchdog *w)
{
    return (int64_t)(uv_metrics_idle_time(w->before_poll.loop) / 1000);
}

static double share_of(const struct window *w, int64_t now)
{
    int64_t all = now - w->began_us;

    return all > 0 && w->busy_us < all ? 1.0 - (double)w->busy_us / (double)all : 0.0;
}

static void count(struct corv_watchdog *w, int64_t busy, int64_t now)
{
    w->stats.turns++;
    w->stats.busy_us += busy;
    w->now.busy_us += busy;
    if (busy > w->stats.longest_us)
        w->stats.longest_us = busy;
    if (busy > w->now.longest_us)
        w->now.longest_us = busy;
    if (now - w->now.began_us < WINDOW_US)
        return;
    w->past = true;
    w->past_idle_share = share_of(&w->now, now);
    w->past_longest_us = w->now.longest_us;
    w->now = (struct window){.began_us = now};
}

/* All callbacks of a turn, also those run inside the poll, lie between two calls of this. */
static void turn_ends(uv_prepare_t *prepare)
{
    struct corv_watchdog *w = prepare->data;
    int64_t now = corv_clock_mono_us();
    int64_t idle = slept_us(w);
    int64_t slept = idle - w->last_idle_us;
    int64_t busy = now - w->last_us - slept;

    w->last_us = now;
    w->last_idle_us = idle;
    w->stats.idle_us += slept;
    count(w, busy > 0 ? busy : 0, now);
    if (busy <= w->slow_us)
        return;
    w->stats.slow++;
    CORV_LOG(WARNING, "loop.slow", NULL, CORV_N(MS, busy / 1000), CORV_N(COUNT, w->stats.slow));
}

corv_rc corv_watchdog_new(uv_loop_t *loop, unsigned slow_ms, struct corv_watchdog **out)
{
    struct corv_watchdog *w = calloc(1, sizeof *w);

    *out = NULL;
    if (!w)
        return CORV_E_NOMEM;
    if (uv_loop_configure(loop, UV_METRICS_IDLE_TIME) != 0) {
        free(w);
        return CORV_E_STATE;
    }
    (void)uv_prepare_init(loop, &w->before_poll);
    w->before_poll.data = w;
    w->slow_us = (int64_t)slow_ms * 1000;
    w->last_us = corv_clock_mono_us();
    w->last_idle_us = slept_us(w);
    w->now.began_us = w->last_us;
    (void)uv_prepare_start(&w->before_poll, turn_ends);
    uv_unref((uv_handle_t *)&w->before_poll);
    *out = w;
    return CORV_OK;
}

void corv_watchdog_stats(const struct corv_watchdog *w, struct corv_watchdog_stats *out)
{
    *out = w->stats;
    out->idle_share = w->past ? w->past_idle_share : share_of(&w->now, corv_clock_mono_us());
    out->recent_us =
        w->now.longest_us > w->past_longest_us ? w->now.longest_us : w->past_longest_us;
}

static void closed(uv_handle_t *handle)
{
    free(handle->data);
}

void corv_watchdog_close(struct corv_watchdog *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->before_poll, closed);
}
