/* SPDX-License-Identifier: EUPL-1.2 */
/* Turns that block and turns that sleep: only the first are slow, wherever in the turn it happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/loop/watchdog.h"

static void burn(int64_t us) /* what a blocking callback does to the loop */
{
    int64_t until = corv_clock_mono_us() + us;

    while (corv_clock_mono_us() < until)
        ;
}

static void burn_in_timer(uv_timer_t *timer)
{
    burn(30000);
    uv_close((uv_handle_t *)timer, NULL);
}

static void burn_in_poll(uv_async_t *async)
{
    burn(30000);
    uv_close((uv_handle_t *)async, NULL);
}

static void only_close(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}

static struct corv_watchdog_stats stats_of(const struct corv_watchdog *w)
{
    struct corv_watchdog_stats s;

    corv_watchdog_stats(w, &s);
    return s;
}

static void tells_blocking_from_sleeping(void **state)
{
    uv_loop_t loop;
    uv_timer_t timer;
    uv_async_t async;
    struct corv_watchdog *w = NULL;
    char line[1000] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    corv_log_set_fd(ends[1]);
    uv_loop_init(&loop);
    assert_int_equal(corv_watchdog_new(&loop, 20, &w), CORV_OK);

    uv_timer_init(&loop, &timer); /* asleep longer than the limit */
    uv_timer_start(&timer, only_close, 60, 0);
    uv_run(&loop, UV_RUN_DEFAULT);

    struct corv_watchdog_stats slept = stats_of(w);

    assert_true(slept.turns >= 1);
    assert_true(slept.idle_us >= 50000 || slept.turns == 1);

    uv_timer_init(&loop, &timer);
    uv_timer_start(&timer, burn_in_timer, 1, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_async_init(&loop, &async, burn_in_poll);
    uv_async_send(&async);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_timer_init(&loop, &timer); /* one more turn, so that the last one is counted */
    uv_timer_start(&timer, only_close, 1, 0);
    uv_run(&loop, UV_RUN_DEFAULT);

    struct corv_watchdog_stats s = stats_of(w);

    assert_true(s.slow - slept.slow >= 2);
    assert_true(s.longest_us >= 29000);
    assert_true(s.recent_us >= 29000);
    assert_true(s.busy_us - slept.busy_us >= 58000);
    assert_true(s.idle_share > 0.0 && s.idle_share < 1.0);
    assert_true(read(ends[0], line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "\"event\":\"loop.slow\""));
    assert_non_null(strstr(line, "\"level\":\"warning\""));
    corv_log_set_fd(2);
    close(ends[0]);
    close(ends[1]);
    corv_watchdog_close(w);
    corv_watchdog_close(NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_blocking_from_sleeping)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
