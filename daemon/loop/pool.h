/* SPDX-License-Identifier: EUPL-1.2 */
/* Work off the loop: libuv's threads behind a bound. run is called on a worker and touches only
 * data; done is called on the loop thread, always, once, also when the pool is being closed.
 * Loop thread only. Test: tests/unit/test_pool.c (also under TSan) */
#ifndef CORV_LOOP_POOL_H
#define CORV_LOOP_POOL_H

#include <stdint.h>
#include <uv.h>

#include "daemon/base/rc.h"

struct corv_pool;

/* limit: jobs waiting or running at most. */
CORV_MUST_CHECK corv_rc corv_pool_new(uv_loop_t *loop, unsigned limit, struct corv_pool **out);
/* CORV_AGAIN: full; nothing was kept. data stays the caller's in every case. */
CORV_MUST_CHECK corv_rc corv_pool_submit(
    struct corv_pool *p, void (*run)(void *data), void (*done)(void *data), void *data);
/* Jobs under way go on and their done is still called; the pool frees itself after the last. */
void corv_pool_free(struct corv_pool *p); /* accepts NULL */

struct corv_pool_stats {
    uint64_t jobs;        /* ended since start */
    unsigned under_way;   /* waiting or running now */
    int64_t wait_us_max;  /* longest wait for a thread */
    int64_t run_us_total; /* time on the workers */
};
void corv_pool_stats_get(const struct corv_pool *p, struct corv_pool_stats *out);

#endif
