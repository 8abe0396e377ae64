/* SPDX-License-Identifier: EUPL-1.2 */
/* Jobs on worker threads: the bound, who owns what when, and closing in the middle. A gate
 * (semaphore) holds the workers, so nothing depends on time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/loop/pool.h"

#define WORKERS 4

static uv_sem_t gate;
static uv_sem_t arrived;
static atomic_uint runs;
static unsigned dones, ran_dones;
static uv_thread_t loop_thread;
static bool closed;

static void wait_at_gate(void *arg)
{
    *(int *)arg += 1;
    atomic_fetch_add(&runs, 1);
    uv_sem_post(&arrived);
    uv_sem_wait(&gate);
}

static void run_freely(void *arg)
{
    uv_thread_t self = uv_thread_self();

    assert_false(uv_thread_equal(&self, &loop_thread));
    *(int *)arg += 1;
    atomic_fetch_add(&runs, 1);
}

static void run_in_chain(void *arg)
{
    (void)arg;
}

static void free_arg(void *arg, bool ran)
{
    uv_thread_t self = uv_thread_self();

    assert_true(uv_thread_equal(&self, &loop_thread));
    assert_int_equal(*(int *)arg, ran ? 1 : 0);
    dones++;
    ran_dones += ran;
    free(arg);
}

static void note_closed(void *ctx)
{
    assert_ptr_equal(ctx, &gate);
    closed = true;
}

static int reset(void **state)
{
    (void)state;
    uv_sem_init(&gate, 0);
    uv_sem_init(&arrived, 0);
    atomic_store(&runs, 0);
    dones = ran_dones = 0;
    closed = false;
    loop_thread = uv_thread_self();
    return 0;
}

static int clear(void **state)
{
    (void)state;
    uv_sem_destroy(&gate);
    uv_sem_destroy(&arrived);
    return 0;
}

static corv_rc submit_as(struct corv_pool *p, corv_pool_run run, bool brief, uint64_t *number)
{
    int *arg = calloc(1, sizeof *arg);
    corv_rc rc = corv_pool_submit(p, run, free_arg, arg, brief, number);

    if (rc != CORV_OK)
        free(arg); /* still ours */
    return rc;
}

static corv_rc submit(struct corv_pool *p, corv_pool_run run, uint64_t *number)
{
    return submit_as(p, run, true, number);
}

static void open_gate(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        uv_sem_post(&gate);
}

static void runs_and_hands_back(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;
    struct corv_pool_stats s;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, 1000, &p), CORV_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(submit(p, run_freely, NULL), CORV_OK);
    uv_run(&loop, UV_RUN_DEFAULT); /* ends by itself: an idle pool keeps no loop alive */
    assert_int_equal(dones, 1000);
    assert_int_equal(ran_dones, 1000);
    corv_pool_stats(p, &s);
    assert_int_equal(s.finished, 1000);
    assert_int_equal(s.queued + s.running, 0);
    assert_true(s.longest_wait_us > 0 && s.wait_us >= (uint64_t)s.longest_wait_us);
    corv_pool_close(p, note_closed, &gate);
    assert_false(closed); /* never from within */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void holds_the_bound(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;
    struct corv_pool_stats s;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, WORKERS + 2, &p), CORV_OK);
    for (int i = 0; i < WORKERS + 2; i++)
        assert_int_equal(submit(p, wait_at_gate, NULL), CORV_OK);
    for (int i = 0; i < WORKERS; i++)
        uv_sem_wait(&arrived);
    assert_int_equal(submit(p, run_freely, NULL), CORV_AGAIN);
    corv_pool_stats(p, &s);
    assert_int_equal(s.running, WORKERS);
    assert_int_equal(s.queued, 2);
    assert_int_equal(s.refused, 1);
    assert_true(s.oldest_wait_us >= 0);
    open_gate(WORKERS + 2);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ran_dones, WORKERS + 2);
    assert_int_equal(submit(p, run_freely, NULL), CORV_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    corv_pool_close(p, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void cancels_what_waits(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;
    uint64_t running = 0, waiting = 0, number = 0;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, 100, &p), CORV_OK);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(submit(p, wait_at_gate, i ? &number : &running), CORV_OK);
    for (int i = 0; i < WORKERS; i++)
        uv_sem_wait(&arrived);
    assert_int_equal(submit(p, wait_at_gate, &waiting), CORV_OK);
    assert_int_equal(corv_pool_cancel(p, running), CORV_E_STATE);
    assert_int_equal(corv_pool_cancel(p, waiting), CORV_OK);
    assert_int_equal(dones, 0); /* done comes later, on the loop */
    open_gate(WORKERS);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(dones, WORKERS + 1);
    assert_int_equal(ran_dones, WORKERS);
    assert_int_equal(atomic_load(&runs), WORKERS);
    assert_int_equal(corv_pool_cancel(p, waiting), CORV_E_NOTFOUND);
    corv_pool_close(p, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void closes_while_jobs_run_and_wait(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, 100, &p), CORV_OK);
    for (int i = 0; i < WORKERS + 10; i++)
        assert_int_equal(submit(p, wait_at_gate, NULL), CORV_OK);
    for (int i = 0; i < WORKERS; i++)
        uv_sem_wait(&arrived);
    corv_pool_close(p, note_closed, &gate);
    assert_int_equal(submit(p, run_freely, NULL), CORV_AGAIN);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_false(closed);
    open_gate(WORKERS);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(closed);
    assert_int_equal(dones, WORKERS + 10);
    assert_int_equal(ran_dones, WORKERS);
    assert_int_equal(uv_loop_close(&loop), 0);
    closed = false;
    corv_pool_close(NULL, note_closed, &gate);
    assert_true(closed);
    assert_int_equal(submit(NULL, run_freely, NULL), CORV_AGAIN);
}

static uv_sem_t other_ran;

static void run_other(uv_work_t *work)
{
    (void)work;
    uv_sem_post(&other_ran);
}

static void other_done(uv_work_t *work, int status)
{
    (void)work;
    assert_int_equal(status, 0);
}

static bool within_5_s(uv_sem_t *sem)
{
    for (int i = 0; i < 500; i++) {
        if (uv_sem_trywait(sem) == 0)
            return true;
        usleep(10000);
    }
    return false;
}

/* However much waits: libuv has other work too, name look-ups and files, and a thread for it. */
static void others_have_their_turn(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;
    uv_work_t other;
    const unsigned jobs = 200;

    (void)state;
    uv_sem_init(&other_ran, 0);
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, jobs, &p), CORV_OK);
    for (unsigned i = 0; i < jobs; i++)
        assert_int_equal(submit(p, wait_at_gate, NULL), CORV_OK);
    for (int i = 0; i < WORKERS; i++)
        uv_sem_wait(&arrived);
    assert_int_equal(uv_queue_work(&loop, &other, run_other, other_done), 0);
    assert_true(within_5_s(&other_ran));
    assert_int_equal(atomic_load(&runs), WORKERS);
    open_gate(jobs);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ran_dones, jobs);
    corv_pool_close(p, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    uv_sem_destroy(&other_ran);
}

static struct corv_pool *chain_pool;

static void look_at_own_place(void *arg)
{
    int *said = arg;

    said[0] = getpriority(PRIO_PROCESS, 0);
    said[1] = sched_getscheduler(0);
}

static void keep(void *arg, bool ran)
{
    (void)arg;
    assert_true(ran);
}

/* When processors are short: first the loop, then the workers. */
static void workers_stand_back(void **state)
{
    int own = getpriority(PRIO_PROCESS, 0);
    struct corv_pool *p = NULL;
    int said[2 * WORKERS];

    (void)state;
    assert_int_equal(corv_pool_new(uv_default_loop(), WORKERS, 64, &p), CORV_OK);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < WORKERS; i++)
            assert_int_equal(
                corv_pool_submit(p, look_at_own_place, keep, &said[2 * i], true, NULL), CORV_OK);
        uv_run(uv_default_loop(), UV_RUN_DEFAULT);
        for (int i = 0; i < WORKERS; i++) {
            assert_int_equal(said[2 * i], own < 9 ? own + 10 : 19); /* not ten more each time */
            assert_int_equal(said[2 * i + 1], SCHED_BATCH);
        }
    }
    assert_int_equal(getpriority(PRIO_PROCESS, 0), own);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    corv_pool_close(p, note_closed, &gate);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    assert_true(closed);
}

static void submit_next(void *arg, bool ran)
{
    unsigned *left = arg;

    assert_true(ran);
    dones++;
    if (--*left > 0)
        assert_int_equal(
            corv_pool_submit(chain_pool, run_in_chain, submit_next, left, true, NULL), CORV_OK);
}

/* One after another, each when the one before was handed back: none may lie unseen. */
static void a_lonely_job_is_not_forgotten(void **state)
{
    uv_loop_t loop;
    unsigned left = 3000;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, WORKERS, 1, &chain_pool), CORV_OK);
    assert_int_equal(
        corv_pool_submit(chain_pool, run_in_chain, submit_next, &left, true, NULL), CORV_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(dones, 3000);
    corv_pool_close(chain_pool, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

struct seen {
    uv_thread_t self;
    sigset_t blocked;
    char name[16];
};

static void look_at_self(void *arg)
{
    struct seen *seen = arg;

    seen->self = uv_thread_self();
    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    (void)pthread_getname_np(seen->self, seen->name, sizeof seen->name);
}

/* One at a time: always the same worker, whose caches are warm. By its name the operator knows it.
 */
static void who_slept_last_is_called_first(void **state)
{
    struct corv_pool *p = NULL;
    struct seen seen[8];

    (void)state;
    assert_int_equal(corv_pool_new(uv_default_loop(), WORKERS, 1, &p), CORV_OK);
    for (int i = 0; i < 8; i++) {
        usleep(20000); /* they are asleep; were one not, another would do the job */
        assert_int_equal(corv_pool_submit(p, look_at_self, keep, &seen[i], true, NULL), CORV_OK);
        uv_run(uv_default_loop(), UV_RUN_DEFAULT);
        assert_true(uv_thread_equal(&seen[i].self, &seen[0].self));
    }
    assert_string_equal(seen[0].name, "corvd-worker");
    assert_true(sigismember(&seen[0].blocked, SIGTERM));
    assert_true(sigismember(&seen[0].blocked, SIGHUP));
    assert_false(sigismember(&seen[0].blocked, SIGSEGV)); /* a sanitizer's report needs it */
    corv_pool_close(p, NULL, NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

/* One worker: what ended is handed back although it goes on with what takes long. */
static void a_long_job_keeps_nobody_waiting(void **state)
{
    uv_loop_t loop;
    struct corv_pool *p = NULL;

    (void)state;
    uv_loop_init(&loop);
    assert_int_equal(corv_pool_new(&loop, 1, 4, &p), CORV_OK);
    assert_int_equal(submit(p, wait_at_gate, NULL), CORV_OK);
    assert_int_equal(submit(p, run_freely, NULL), CORV_OK);
    assert_int_equal(submit_as(p, wait_at_gate, false, NULL), CORV_OK);
    open_gate(1);
    uv_sem_wait(&arrived);
    uv_sem_wait(&arrived); /* in the long one: it holds the only worker */
    for (int i = 0; i < 500 && dones < 2; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(10000);
    }
    assert_int_equal(dones, 2);
    open_gate(1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(dones, 3);
    corv_pool_close(p, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* An odd time to end: not a job was ever seen. */
static void closes_without_a_job(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        uv_loop_t loop;
        struct corv_pool *p = NULL;

        uv_loop_init(&loop);
        closed = false;
        assert_int_equal(corv_pool_new(&loop, WORKERS, 1, &p), CORV_OK);
        corv_pool_close(p, note_closed, &gate);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_true(closed);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

static void cannot_be_made(int resource, rlim_t limit)
{
    struct rlimit before;
    struct rlimit now;
    struct corv_pool *p = NULL;
    uv_loop_t loop;

    uv_loop_init(&loop);
    assert_int_equal(getrlimit(resource, &before), 0);
    now = before;
    now.rlim_cur = limit;
    assert_int_equal(setrlimit(resource, &now), 0);
    assert_int_equal(corv_pool_new(&loop, WORKERS, 1, &p), CORV_E_IO);
    assert_int_equal(setrlimit(resource, &before), 0);
    assert_null(p);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* No descriptor is left, or no thread: each is to have a stack larger than the machine. */
static void says_when_it_cannot_be_made(void **state)
{
    (void)state;
    cannot_be_made(RLIMIT_NOFILE, 3);
    cannot_be_made(RLIMIT_STACK, (rlim_t)1 << 46);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_and_hands_back, reset, clear),
        cmocka_unit_test_setup_teardown(holds_the_bound, reset, clear),
        cmocka_unit_test_setup_teardown(cancels_what_waits, reset, clear),
        cmocka_unit_test_setup_teardown(closes_while_jobs_run_and_wait, reset, clear),
        cmocka_unit_test_setup_teardown(others_have_their_turn, reset, clear),
        cmocka_unit_test_setup_teardown(workers_stand_back, reset, clear),
        cmocka_unit_test_setup_teardown(a_lonely_job_is_not_forgotten, reset, clear),
        cmocka_unit_test_setup_teardown(who_slept_last_is_called_first, reset, clear),
        cmocka_unit_test_setup_teardown(a_long_job_keeps_nobody_waiting, reset, clear),
        cmocka_unit_test_setup_teardown(closes_without_a_job, reset, clear),
        cmocka_unit_test_setup_teardown(says_when_it_cannot_be_made, reset, clear),
    };

    setenv("UV_THREADPOOL_SIZE", "1", 1); /* before the first of its jobs */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
