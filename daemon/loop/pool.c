/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/pool.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/base/clock.h"
#include "daemon/base/list.h"

#define NICE 10 /* of a worker, over that of the process */

struct runner { /* what libuv's queue sees: a worker that takes jobs until there are none */
    struct corv_list node; /* in idle, or alone while it is libuv's */
    struct corv_pool *pool;
    uv_work_t work;
};

struct corv_pool {
    uv_loop_t *loop;
    unsigned bound;
    unsigned jobs;        /* in the list */
    struct corv_list all; /* oldest first */
    uint64_t last;        /* number given */
    struct corv_pool_stats stats;
    bool closing;
    uv_mutex_t mutex;         /* of waiting, ended and each job's state */
    struct corv_list waiting; /* jobs for whoever is free, oldest first */
    struct corv_list ended;   /* jobs to be handed back */
    uv_async_t news;          /* something ended; keeps the loop alive while there are jobs */
    struct runner *runners;   /* owned */
    struct corv_list idle;    /* of them */
    unsigned busy;            /* the others */
    void (*on_closed)(void *);
    void *on_closed_ctx;
};

struct job {
    struct corv_list node; /* in all */
    struct corv_list turn; /* in waiting or ended */
    struct corv_pool *pool;
    uint64_t number;
    corv_pool_run run;
    corv_pool_done done;
    void *arg;
    enum { WAITS, RUNS, CANCELLED } state;
    int64_t submitted_us;
    _Atomic int64_t began_us; /* set by the worker; 0: waits */
    int64_t ended_us;         /* by the worker, before done */
};

/* ---- on a worker ------------------------------------------------------------------------------
 */

static struct job *first_of(struct corv_list *list)
{
    struct corv_list *turn = corv_list_pop(list);

    return turn ? CORV_LIST_ITEM(turn, struct job, turn) : NULL;
}

/* Puts done (or NULL) where the loop finds it and takes the next one. */
static struct job *next_job(struct corv_pool *p, struct job *done)
{
    struct job *next;
    bool news = false;

    uv_mutex_lock(&p->mutex);
    if (done) {
        news = corv_list_empty(&p->ended);
        corv_list_add(&p->ended, &done->turn);
    }
    next = first_of(&p->waiting);
    if (next)
        next->state = RUNS;
    uv_mutex_unlock(&p->mutex);
    if (news)
        (void)uv_async_send(&p->news);
    return next;
}

/* When processors are short the loop goes first, and the database: all wait for those, and only one
 * message for a worker. Where the system forbids it, nothing is lost but that. */
static void stand_back(void)
{
    static _Thread_local bool done;
    struct sched_param none = {0};

    if (done)
        return;
    done = true;
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE); /* of this thread */
}

static void take_jobs(uv_work_t *work)
{
    struct runner *r = work->data;
    struct job *j = next_job(r->pool, NULL);

    stand_back();
    while (j) {
        atomic_store(&j->began_us, corv_clock_mono_us());
        j->run(j->arg);
        j->ended_us = corv_clock_mono_us();
        j = next_job(r->pool, j);
    }
}

/* ---- on the loop ------------------------------------------------------------------------------
 */

static void closed(uv_handle_t *handle)
{
    struct corv_pool *p = handle->data;

    if (p->on_closed)
        p->on_closed(p->on_closed_ctx);
    uv_mutex_destroy(&p->mutex);
    free(p->runners);
    free(p);
}

static void end_when_empty(struct corv_pool *p)
{
    if (p->closing && p->jobs == 0 && p->busy == 0 && !uv_is_closing((uv_handle_t *)&p->news))
        uv_close((uv_handle_t *)&p->news, closed);
}

static void took_all(uv_work_t *work, int status);

/* One more worker, if there is one that does not take jobs already: those who do need no waking. */
static void start_runner(struct corv_pool *p)
{
    struct corv_list *node = corv_list_pop(&p->idle);
    struct runner *r = node ? CORV_LIST_ITEM(node, struct runner, node) : NULL;

    if (!r)
        return;
    p->busy++;
    (void)uv_queue_work(p->loop, &r->work, take_jobs, took_all); /* fails without a function only */
}

static void took_all(uv_work_t *work, int status)
{
    struct runner *r = work->data;
    struct corv_pool *p = r->pool;
    bool waits;

    (void)status;
    p->busy--;
    corv_list_add(&p->idle, &r->node);
    uv_mutex_lock(&p->mutex);
    waits = !corv_list_empty(&p->waiting);
    uv_mutex_unlock(&p->mutex);
    if (waits)
        start_runner(p);
    end_when_empty(p);
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

static void hand_back(struct job *j)
{
    struct corv_pool *p = j->pool;
    bool ran = j->state == RUNS;

    if (ran)
        count(p, j);
    else
        p->stats.cancelled++;
    corv_list_del(&j->node);
    if (--p->jobs == 0 && !p->closing) /* first: done may submit the next one */
        uv_unref((uv_handle_t *)&p->news);
    j->done(j->arg, ran);
    free(j);
}

static void hand_back_all(uv_async_t *news)
{
    struct corv_pool *p = news->data;
    struct corv_list batch;
    struct job *j;

    corv_list_init(&batch);
    uv_mutex_lock(&p->mutex);
    while ((j = first_of(&p->ended)) != NULL)
        corv_list_add(&batch, &j->turn);
    uv_mutex_unlock(&p->mutex);
    while ((j = first_of(&batch)) != NULL)
        hand_back(j);
    end_when_empty(p);
}

/* ---- for the user -----------------------------------------------------------------------------
 */

static corv_rc make_runners(struct corv_pool *p, unsigned n)
{
    p->runners = calloc(n, sizeof *p->runners);
    for (unsigned i = 0; p->runners && i < n; i++) {
        p->runners[i].pool = p;
        p->runners[i].work.data = &p->runners[i];
        corv_list_init(&p->runners[i].node);
        corv_list_add(&p->idle, &p->runners[i].node);
    }
    return p->runners ? CORV_OK : CORV_E_NOMEM;
}

corv_rc corv_pool_new(uv_loop_t *loop, unsigned workers, unsigned bound, struct corv_pool **out)
{
    struct corv_pool *p = calloc(1, sizeof *p);
    corv_rc rc;

    *out = NULL;
    if (!p)
        return CORV_E_NOMEM;
    p->loop = loop;
    p->bound = bound;
    corv_list_init(&p->all);
    corv_list_init(&p->waiting);
    corv_list_init(&p->ended);
    corv_list_init(&p->idle);
    rc = make_runners(p, workers);
    if (rc == CORV_OK && uv_mutex_init(&p->mutex) != 0)
        rc = CORV_E_IO;
    else if (rc == CORV_OK && uv_async_init(loop, &p->news, hand_back_all) != 0) {
        uv_mutex_destroy(&p->mutex);
        rc = CORV_E_IO;
    }
    if (rc != CORV_OK) {
        free(p->runners);
        free(p);
        return rc;
    }
    p->news.data = p;
    uv_unref((uv_handle_t *)&p->news); /* an idle pool keeps no loop alive */
    *out = p;
    return CORV_OK;
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
    *j = (struct job){.pool = p,
        .number = ++p->last,
        .run = run,
        .done = done,
        .arg = arg,
        .submitted_us = corv_clock_mono_us()};
    if (p->jobs++ == 0)
        uv_ref((uv_handle_t *)&p->news);
    p->stats.submitted++;
    corv_list_add(&p->all, &j->node);
    if (number)
        *number = j->number; /* before a worker can have it */
    uv_mutex_lock(&p->mutex);
    corv_list_add(&p->waiting, &j->turn);
    uv_mutex_unlock(&p->mutex);
    start_runner(p);
    return CORV_OK;
}

/* The mutex is held. */
static bool cancel(struct corv_pool *p, struct job *j)
{
    if (j->state != WAITS)
        return false;
    j->state = CANCELLED;
    corv_list_del(&j->turn);
    corv_list_add(&p->ended, &j->turn);
    return true;
}

static struct job *find(const struct corv_pool *p, uint64_t number)
{
    CORV_LIST_EACH(node, &p->all)
    {
        struct job *j = CORV_LIST_ITEM(node, struct job, node);

        if (j->number == number)
            return j;
    }
    return NULL;
}

corv_rc corv_pool_cancel(struct corv_pool *p, uint64_t number)
{
    struct job *j = find(p, number);
    bool waited;

    if (!j)
        return CORV_E_NOTFOUND;
    uv_mutex_lock(&p->mutex);
    waited = cancel(p, j);
    uv_mutex_unlock(&p->mutex);
    if (waited)
        (void)uv_async_send(&p->news);
    return waited ? CORV_OK : CORV_E_STATE;
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
    uv_ref((uv_handle_t *)&p->news);
    uv_mutex_lock(&p->mutex);
    CORV_LIST_EACH(node, &p->waiting)
    {
        (void)cancel(p, CORV_LIST_ITEM(node, struct job, turn));
    }
    uv_mutex_unlock(&p->mutex);
    (void)uv_async_send(&p->news);
}
