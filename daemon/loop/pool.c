/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/pool.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/list.h"

struct corv_pool {
    uv_loop_t *loop;
    unsigned bound;
    unsigned jobs;        /* in the list */
    struct corv_list all; /* oldest first */
    uint64_t last;        /* number given */
    struct corv_pool_stats stats;
    bool closing;
    uv_async_t end; /* so that on_closed never comes from within corv_pool_close */
    void (*on_closed)(void *);
    void *on_closed_ctx;
};

struct job {
    struct corv_list node;
    struct corv_pool *pool;
    uv_work_t work;
    uint64_t number;
    corv_pool_run run;
    corv_pool_done done;
    void *arg;
    int64_t submitted_us;
    _Atomic int64_t began_us; /* set by the worker; 0: waits */
    int64_t ended_us;         /* by the worker, before done */
};

static void ended(uv_handle_t *handle)
{
    struct corv_pool *p = handle->data;

    if (p->on_closed)
        p->on_closed(p->on_closed_ctx);
    free(p);
}

static void end(uv_async_t *async)
{
    struct corv_pool *p = async->data;

    if (p->closing && p->jobs == 0 && !uv_is_closing((uv_handle_t *)async))
        uv_close((uv_handle_t *)async, ended);
}

corv_rc corv_pool_new(uv_loop_t *loop, unsigned bound, struct corv_pool **out)
{
    struct corv_pool *p = calloc(1, sizeof *p);

    *out = NULL;
    if (!p)
        return CORV_E_NOMEM;
    p->loop = loop;
    p->bound = bound;
    corv_list_init(&p->all);
    if (uv_async_init(loop, &p->end, end) != 0) {
        free(p);
        return CORV_E_IO;
    }
    p->end.data = p;
    uv_unref((uv_handle_t *)&p->end); /* an idle pool keeps no loop alive */
    *out = p;
    return CORV_OK;
}

static void run_job(uv_work_t *work)
{
    struct job *j = work->data;

    atomic_store(&j->began_us, corv_clock_mono_us());
    j->run(j->arg);
    j->ended_us = corv_clock_mono_us();
}

static void count(struct corv_pool *p, const struct job *j)
{
    int64_t began = atomic_load(&j->began_us);
    int64_t waited = began - j->submitted_us;
    int64_t ran = j->ended_us - began;

    p->stats.finished++;
    p->stats.wait_us += (uint64_t)waited;
    p->stats.run_us += (uint64_t)ran;
    if (waited > p->stats.longest_wait_us)
        p->stats.longest_wait_us = waited;
    if (ran > p->stats.longest_run_us)
        p->stats.longest_run_us = ran;
}

static void hand_back(uv_work_t *work, int status)
{
    struct job *j = work->data;
    struct corv_pool *p = j->pool;
    bool ran = status == 0;

    if (ran)
        count(p, j);
    else
        p->stats.cancelled++;
    corv_list_del(&j->node);
    p->jobs--; /* first: done may submit the next one */
    j->done(j->arg, ran);
    free(j);
    if (p->closing && p->jobs == 0)
        (void)uv_async_send(&p->end);
}

corv_rc corv_pool_submit(
    struct corv_pool *p, corv_pool_run run, corv_pool_done done, void *arg, uint64_t *number)
{
    struct job *j;

    if (p->closing || p->jobs >= p->bound) {
        p->stats.refused++;
        return CORV_AGAIN;
    }
    j = calloc(1, sizeof *j);
    if (!j)
        return CORV_E_NOMEM;
    j->pool = p;
    j->work.data = j;
    j->number = p->last + 1;
    j->run = run;
    j->done = done;
    j->arg = arg;
    j->submitted_us = corv_clock_mono_us();
    if (uv_queue_work(p->loop, &j->work, run_job, hand_back) != 0) {
        free(j);
        return CORV_E_INTERNAL;
    }
    p->last = j->number;
    p->jobs++;
    p->stats.submitted++;
    corv_list_add(&p->all, &j->node);
    if (number)
        *number = j->number;
    return CORV_OK;
}

corv_rc corv_pool_cancel(struct corv_pool *p, uint64_t number)
{
    CORV_LIST_EACH(node, &p->all)
    {
        struct job *j = CORV_LIST_ITEM(node, struct job, node);

        if (j->number == number)
            return uv_cancel((uv_req_t *)&j->work) == 0 ? CORV_OK : CORV_E_STATE;
    }
    return CORV_E_NOTFOUND;
}

void corv_pool_stats(const struct corv_pool *p, struct corv_pool_stats *out)
{
    int64_t now = corv_clock_mono_us();

    *out = p->stats;
    out->bound = p->bound;
    CORV_LIST_EACH(node, &p->all)
    {
        struct job *j = CORV_LIST_ITEM(node, struct job, node);
        bool waits = atomic_load(&j->began_us) == 0;

        if (waits && out->queued == 0)
            out->oldest_wait_us = now - j->submitted_us;
        out->queued += waits;
        out->running += !waits;
    }
}

void corv_pool_close(struct corv_pool *p, void (*on_closed)(void *), void *ctx)
{
    if (!p) {
        if (on_closed)
            on_closed(ctx);
        return;
    }
    if (p->closing)
        return;
    p->closing = true;
    p->on_closed = on_closed;
    p->on_closed_ctx = ctx;
    uv_ref((uv_handle_t *)&p->end);
    CORV_LIST_EACH(node, &p->all)
    (void)uv_cancel((uv_req_t *)&CORV_LIST_ITEM(node, struct job, node)->work);
    (void)uv_async_send(&p->end);
}
