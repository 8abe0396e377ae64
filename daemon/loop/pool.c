/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "daemon/base/clock.h"
#include "daemon/base/list.h"
#include "daemon/loop/bell.h"

#define NICE     10 /* of a worker, over that of the process */
#define TOGETHER 4  /* so many ended jobs are told of at once */

struct worker {
    struct corv_list node; /* in asleep, or alone; mutex */
    struct corv_pool *pool;
    uv_thread_t thread;
    uv_cond_t call;
    bool called; /* mutex */
};

struct corv_pool {
    unsigned bound;
    unsigned jobs;        /* in the list */
    struct corv_list all; /* oldest first */
    uint64_t last;        /* number given */
    struct corv_pool_stats stats;
    bool closing;
    uv_mutex_t mutex;         /* of what follows up to bell, and of each job's state */
    struct corv_list waiting; /* jobs for whoever is free, oldest first */
    struct corv_list ended;   /* jobs to be handed back */
    unsigned untold;          /* of them: ended since the bell rang */
    struct corv_list asleep;  /* workers: who fell asleep last is called first, for its caches */
    bool over;                /* workers go home */
    struct corv_bell *bell;   /* something ended; keeps the loop alive while there are jobs */
    struct worker *workers;   /* owned */
    unsigned workers_count;
    void (*on_closed)(void *);
    void *on_closed_ctx;
};

struct job {
    struct corv_list node; /* in all */
    struct corv_list turn; /* in waiting or ended */
    struct corv_pool *pool;
    uint64_t number;
    bool brief;
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

static struct job *take_job(struct corv_pool *p)
{
    struct job *j = first_of(&p->waiting);

    if (j)
        j->state = RUNS;
    return j;
}

/* Waits for one; NULL: go home. */
static struct job *wait_for_job(struct worker *w)
{
    struct corv_pool *p = w->pool;
    struct job *next;

    uv_mutex_lock(&p->mutex);
    while (!(next = take_job(p)) && !p->over) {
        w->called = false;
        corv_list_add(p->asleep.next, &w->node); /* before the first */
        while (!w->called)
            uv_cond_wait(&w->call, &p->mutex);
    }
    uv_mutex_unlock(&p->mutex);
    return next;
}

/* Puts done where the loop finds it, and takes the next one if there is one. While there is more to
 * do, and none of it takes long, the loop hears of some together: a turn of it for each costs more
 * than waiting for two or three more verdicts (where others want the processors too, some tens of
 * milliseconds). */
static struct job *end_job(struct corv_pool *p, struct job *done)
{
    struct job *next;
    bool tell;

    uv_mutex_lock(&p->mutex);
    corv_list_add(&p->ended, &done->turn);
    next = take_job(p);
    tell = ++p->untold >= TOGETHER || !next || !next->brief;
    if (tell)
        p->untold = 0;
    uv_mutex_unlock(&p->mutex);
    if (tell)
        corv_bell_ring(p->bell);
    return next;
}

/* When processors are short the loop goes first, and the database: all wait for those, and only one
 * message for a worker. Where the system forbids it, nothing is lost but that. */
static void stand_back(void)
{
    struct sched_param none = {0};

    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE); /* of this thread */
}

/* The next one, or NULL. */
static struct job *do_job(struct corv_pool *p, struct job *j)
{
    atomic_store(&j->began_us, corv_clock_mono_us());
    j->run(j->arg);
    j->ended_us = corv_clock_mono_us();
    return end_job(p, j);
}

static void work(void *arg)
{
    struct worker *w = arg;
    struct job *j;

    (void)pthread_setname_np(pthread_self(), "corvd-worker");
    stand_back();
    while ((j = wait_for_job(w)))
        while (j)
            j = do_job(w->pool, j);
}

/* ---- on the loop ------------------------------------------------------------------------------
 */

/* Who fell asleep last, if there is one. The mutex is held. */
static bool call_one(struct corv_pool *p)
{
    struct corv_list *node = corv_list_pop(&p->asleep);
    struct worker *w = node ? CORV_LIST_ITEM(node, struct worker, node) : NULL;

    if (!w)
        return false;
    w->called = true;
    uv_cond_signal(&w->call);
    return true;
}

static void free_pool(struct corv_pool *p)
{
    for (unsigned i = 0; i < p->workers_count; i++)
        uv_cond_destroy(&p->workers[i].call);
    uv_mutex_destroy(&p->mutex);
    free(p->workers);
    free(p);
}

static void closed(void *ctx)
{
    struct corv_pool *p = ctx;

    if (p->on_closed)
        p->on_closed(p->on_closed_ctx);
    free_pool(p);
}

/* Nothing is left for them to do: a wait for as long as they need to be heard of (some 10 ms where
 * processors are short, for they stand back). */
static void send_home(struct corv_pool *p)
{
    uv_mutex_lock(&p->mutex);
    p->over = true;
    while (call_one(p))
        continue;
    uv_mutex_unlock(&p->mutex);
    for (unsigned i = 0; i < p->workers_count; i++)
        (void)uv_thread_join(&p->workers[i].thread);
}

static void end_when_empty(struct corv_pool *p)
{
    if (!p->closing || p->jobs > 0 || p->over)
        return;
    send_home(p);
    corv_bell_close(p->bell, closed);
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
        corv_bell_unref(p->bell);
    j->done(j->arg, ran);
    free(j);
}

static void hand_back_all(void *ctx)
{
    struct corv_pool *p = ctx;
    struct corv_list batch;
    struct job *j;

    corv_list_init(&batch);
    uv_mutex_lock(&p->mutex);
    while ((j = first_of(&p->ended)) != NULL)
        corv_list_add(&batch, &j->turn);
    p->untold = 0;
    uv_mutex_unlock(&p->mutex);
    while ((j = first_of(&batch)) != NULL)
        hand_back(j);
    end_when_empty(p);
}

/* ---- for the user -----------------------------------------------------------------------------
 */

/* Signals are the loop's, but those of a fault of the thread itself: the sanitizers report on them.
 */
static corv_rc start_worker(struct worker *w)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigset_t all;
    sigset_t before;
    int failed;

    corv_list_init(&w->node);
    if (uv_cond_init(&w->call) != 0)
        return CORV_E_IO;
    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        (void)sigdelset(&all, own[i]);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = uv_thread_create(&w->thread, work, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        uv_cond_destroy(&w->call);
    return failed ? CORV_E_IO : CORV_OK;
}

static corv_rc start_workers(struct corv_pool *p, unsigned n)
{
    corv_rc rc = CORV_OK;

    p->workers = calloc(n, sizeof *p->workers);
    if (!p->workers)
        return CORV_E_NOMEM;
    for (unsigned i = 0; i < n && rc == CORV_OK; i++) {
        p->workers[i].pool = p;
        rc = start_worker(&p->workers[i]);
        p->workers_count += rc == CORV_OK;
    }
    return rc;
}

corv_rc corv_pool_new(uv_loop_t *loop, unsigned workers, unsigned bound, struct corv_pool **out)
{
    struct corv_pool *p = calloc(1, sizeof *p);
    corv_rc rc;

    *out = NULL;
    if (!p || uv_mutex_init(&p->mutex) != 0) {
        free(p);
        return CORV_E_NOMEM;
    }
    p->bound = bound;
    corv_list_init(&p->all);
    corv_list_init(&p->waiting);
    corv_list_init(&p->ended);
    corv_list_init(&p->asleep);
    rc = corv_bell_new(loop, hand_back_all, p, &p->bell);
    if (rc == CORV_OK)
        rc = start_workers(p, workers);
    if (rc != CORV_OK) {
        send_home(p);
        corv_bell_close(p->bell, NULL);
        free_pool(p);
        return rc;
    }
    corv_bell_unref(p->bell); /* an idle pool keeps no loop alive */
    *out = p;
    return CORV_OK;
}

corv_rc corv_pool_submit(struct corv_pool *p, corv_pool_run run, corv_pool_done done, void *arg,
    bool brief, uint64_t *number)
{
    struct job *j;

    if (!p)
        return CORV_AGAIN;
    if (p->closing || p->jobs >= p->bound) {
        p->stats.refused++;
        return CORV_AGAIN;
    }
    j = calloc(1, sizeof *j);
    if (!j)
        return CORV_E_NOMEM;
    *j = (struct job){.pool = p,
        .number = ++p->last,
        .brief = brief,
        .run = run,
        .done = done,
        .arg = arg,
        .submitted_us = corv_clock_mono_us()};
    if (p->jobs++ == 0)
        corv_bell_ref(p->bell);
    p->stats.submitted++;
    corv_list_add(&p->all, &j->node);
    if (number)
        *number = j->number; /* before a worker can have it */
    uv_mutex_lock(&p->mutex);
    corv_list_add(&p->waiting, &j->turn);
    (void)call_one(p);
    uv_mutex_unlock(&p->mutex);
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
        corv_bell_ring(p->bell);
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
    corv_bell_ref(p->bell);
    uv_mutex_lock(&p->mutex);
    CORV_LIST_EACH(node, &p->waiting)
    {
        (void)cancel(p, CORV_LIST_ITEM(node, struct job, turn));
    }
    uv_mutex_unlock(&p->mutex);
    corv_bell_ring(p->bell);
}
