/* SPDX-License-Identifier: EUPL-1.2 */
/* Waking the loop from other threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/loop/bell.h"

#define RINGERS 3
#define RINGS   2000u

static uv_loop_t loop;
static struct corv_bell *bell;
static atomic_uint told; /* by the ringers, before they ring */
static unsigned known;   /* to the loop */
static unsigned times;
static bool gone;

static void heard(void *ctx)
{
    assert_ptr_equal(ctx, &loop);
    times++;
    known = atomic_load(&told);
    if (known == RINGERS * RINGS)
        uv_stop(&loop);
}

static void ring_often(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < RINGS; i++) {
        atomic_fetch_add(&told, 1);
        corv_bell_ring(bell);
    }
}

static void note_gone(void *ctx)
{
    assert_ptr_equal(ctx, &loop);
    gone = true;
}

static int make(void **state)
{
    (void)state;
    atomic_store(&told, 0);
    known = times = 0;
    gone = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(corv_bell_new(&loop, heard, &loop, &bell), CORV_OK);
    return 0;
}

static int end(void **state)
{
    unsigned before = times;

    (void)state;
    corv_bell_close(bell, note_gone);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(gone);
    assert_int_equal(times, before); /* not heard any more */
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

/* Whatever is told before a ring is known after the last hearing. */
static void nothing_told_is_missed(void **state)
{
    uv_thread_t ringers[RINGERS];

    (void)state;
    for (int i = 0; i < RINGERS; i++)
        assert_int_equal(uv_thread_create(&ringers[i], ring_often, NULL), 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int i = 0; i < RINGERS; i++)
        uv_thread_join(&ringers[i]);
    assert_int_equal(known, RINGERS * RINGS);
}

static void rings_together_are_heard_once(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        corv_bell_ring(bell);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(times, 1);
    corv_bell_ring(bell);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(times, 2);
}

static void keeps_the_loop_only_when_asked(void **state)
{
    (void)state;
    corv_bell_unref(bell);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* comes back */
    corv_bell_ref(bell);
    assert_true(uv_loop_alive(&loop));
}

static void is_silent_once_closed(void **state)
{
    (void)state;
    corv_bell_ring(bell); /* end() closes before the loop hears it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_told_is_missed, make, end),
        cmocka_unit_test_setup_teardown(rings_together_are_heard_once, make, end),
        cmocka_unit_test_setup_teardown(keeps_the_loop_only_when_asked, make, end),
        cmocka_unit_test_setup_teardown(is_silent_once_closed, make, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
