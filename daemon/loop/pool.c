/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/pool.h"

#include <stdbool.h>
#include <stdlib.h>

#include "daemon/base/clock.h"

struct corv_pool {
    uv_loop_t *loop;
    unsigned limit;
    bool freed;
    struct corv_pool_stats stats;
};

struct job {
    uv_work_t work;
    struct corv_pool *pool;
    void (*run)(void *);
    void (*done)(void *);
    void *data;
    int64_t asked_us;
    int64_t began_us; /* written by the worker, read by the loop after it */
    int64_t ended_us;
};

corv_rc corv_pool_new(uv_loop_t *loop, unsigned limit, struct corv_pool **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return CORV_E_NOMEM;
    (*out)->loop = loop;
    (*out)->limit = limit;
    return CORV_OK;
}

static void work(uv_work_t *req)
{
    struct job *job = req->data;

    job->began_us = corv_clock_mono_us();
    job->run(job->data);
    job->ended_us = corv_clock_mono_us();
}

static void worked(uv_work_t *req, int status)
{
    struct job *job = req->data;
    struct corv_pool *p = job->pool;
    struct corv_pool_stats *s = &p->stats;

    (void)status; /* never cancelled: every done is called after its run */
    s->jobs++;
    s->under_way--;
    s->run_us_total += job->ended_us - job->began_us;
    if (job->began_us - job->asked_us > s->wait_us_max)
        s->wait_us_max = job->began_us - job->asked_us;
    job->done(job->data);
    free(job);
    if (p->freed && s->under_way == 0)
        free(p);
}

corv_rc corv_pool_submit(
    struct corv_pool *p, void (*run)(void *data), void (*done)(void *data), void *data)
{
    struct job *job;

    if (p->stats.under_way >= p->limit)
        return CORV_AGAIN;
    job = calloc(1, sizeof *job);
    if (!job)
        return CORV_E_NOMEM;
    *job = (struct job){
        .pool = p, .run = run, .done = done, .data = data, .asked_us = corv_clock_mono_us()};
    job->work.data = job;
    if (uv_queue_work(p->loop, &job->work, work, worked) != 0) {
        free(job);
        return CORV_E_INTERNAL;
    }
    p->stats.under_way++;
    return CORV_OK;
}

void corv_pool_free(struct corv_pool *p)
{
    if (!p)
        return;
    p->freed = true;
    if (p->stats.under_way == 0)
        free(p);
}

void corv_pool_stats_get(const struct corv_pool *p, struct corv_pool_stats *out)
{
    *out = p->stats;
}
