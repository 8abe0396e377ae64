/* SPDX-License-Identifier: EUPL-1.2 */
/* Work off the loop, on worker threads of its own, with a bound on what waits: when it is reached
 * the caller hears CORV_AGAIN and stops taking, so a burst never becomes memory.
 *
 * Ownership of arg: the caller's until submit said CORV_OK; the worker's while run is on; the
 * loop's again in done, which comes exactly once for every job, also for one that was cancelled
 * (ran is then false, and run was never called). So whoever frees arg in done frees it always.
 * Threads: everything on the loop thread but run, which is on a worker and may touch arg only.
 * A worker that is at it takes job after job: only one that sleeps has to be woken, and that is the
 * one that fell asleep last. libuv's own threads are for its name look-ups and file operations, the
 * adapters and the chores of the daemon, so that those and messages never wait for each other.
 * Test: tests/unit/test_pool.c */
#ifndef CORV_LOOP_POOL_H
#define CORV_LOOP_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/base/rc.h"

struct corv_pool;

typedef void (*corv_pool_run)(void *arg);            /* on a worker */
typedef void (*corv_pool_done)(void *arg, bool ran); /* on the loop */

/* workers: jobs that run at once, at least 1; they are started here, and take no signals. bound:
 * jobs waiting and running together. CORV_E_IO: the system has no more threads or descriptors. */
CORV_MUST_CHECK corv_rc corv_pool_new(
    uv_loop_t *loop, unsigned workers, unsigned bound, struct corv_pool **out);
/* CORV_AGAIN: full, closing, or p is NULL: closed; nothing was kept. brief: takes milliseconds at
 * most, so that what ended before it may be handed back after it. job (or NULL) gets a number for
 * corv_pool_cancel, never zero. */
CORV_MUST_CHECK corv_rc corv_pool_submit(struct corv_pool *p, corv_pool_run run,
    corv_pool_done done, void *arg, bool brief, uint64_t *job);
#define CORV_POOL_BRIEF (64u << 10) /* bytes of XML that are judged in so little time */
/* A job that still waits will not run; done comes soon, with ran false. One that runs is finished
 * as usual. CORV_E_NOTFOUND: done was called already. CORV_E_STATE: it runs. */
corv_rc corv_pool_cancel(struct corv_pool *p, uint64_t job);

struct corv_pool_stats {
    unsigned bound, queued, running;
    uint64_t submitted, finished, cancelled, refused; /* refused: CORV_AGAIN */
    int64_t longest_wait_us;                          /* from submit to run, since start */
    int64_t longest_run_us;
    int64_t oldest_wait_us;   /* of what waits now; 0: nothing */
    uint64_t wait_us, run_us; /* sums, of finished jobs */
};
void corv_pool_stats(const struct corv_pool *p, struct corv_pool_stats *out);
/* Takes no more; cancels what waits, lets finish what runs, calls every done, then on_closed (or
 * NULL) and frees the pool. Accepts NULL (on_closed is called at once). */
void corv_pool_close(struct corv_pool *p, void (*on_closed)(void *), void *ctx);

#endif
