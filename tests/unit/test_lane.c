/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/lane.h"

#define S 1000000

struct world {
    struct corv_lanes *lanes;
    struct corv_lane_job jobs[64];
    int started[64]; /* indexes in order */
    int started_count;
    int expired;
};

static void start(void *ctx, struct corv_list *node)
{
    struct world *w = ctx;
    struct corv_lane_job *job = CORV_LIST_ITEM(node, struct corv_lane_job, node);

    w->started[w->started_count++] = (int)(job - w->jobs);
}

static void expire(void *ctx, struct corv_list *node)
{
    (void)node;
    ((struct world *)ctx)->expired++;
}

static int set_up(void **state)
{
    static struct world w;
    struct corv_lanes_options o = {.in_flight = 2,
        .ready_max = 4,
        .memory = 1000,
        .retry_first_s = 4,
        .retry_max_s = 16,
        .start = start,
        .expire = expire,
        .ctx = &w};

    w = (struct world){0};
    for (int i = 0; i < 64; i++)
        w.jobs[i] = (struct corv_lane_job){
            .priority = 5, .bytes = 10, .lease_until_us = corv_clock_mono_us() + 3600LL * S};
    *state = &w;
    return corv_lanes_new(&o, &w.lanes) != CORV_OK ||
           corv_lane_add(w.lanes, "raad", 0) != CORV_OK ||
           corv_lane_add(w.lanes, "lelystad", 3) != CORV_OK;
}

static int tear_down(void **state)
{
    corv_lanes_free(((struct world *)*state)->lanes);
    return 0;
}

static size_t lane_of(struct world *w, const char *party)
{
    for (size_t i = 0; i < corv_lanes_count(w->lanes); i++)
        if (strcmp(corv_lane_party(w->lanes, i), party) == 0)
            return i;
    fail_msg("no lane %s", party);
    return 0;
}

static void push(struct world *w, const char *party, int i)
{
    corv_lane_expect(w->lanes, party, w->jobs[i].bytes);
    assert_int_equal(corv_lane_push(w->lanes, party, &w->jobs[i], true), CORV_OK);
}

static void the_window_bounds_what_is_under_way(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();

    for (int i = 0; i < 4; i++)
        push(w, "raad", i);
    assert_int_equal(w->started_count, 2);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_OK, 0, now);
    assert_int_equal(w->started_count, 3);
    assert_int_equal(corv_lanes_in_flight(w->lanes), 2);
}

static void spoed_overtakes(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();

    for (int i = 0; i < 4; i++)
        push(w, "raad", i);
    w->jobs[4].priority = 0;
    push(w, "raad", 4);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_OK, 0, now);
    assert_int_equal(w->started[2], 4);
}

static void one_dead_partner_holds_nobody_else(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();

    for (int i = 0; i < 4; i++)
        push(w, "raad", i);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_PARTNER, 0, now);
    corv_lane_ended(w->lanes, "raad", &w->jobs[1], CORV_LANE_PARTNER, 0, now);
    assert_int_equal(w->started_count, 2);
    assert_int_equal(corv_lane_room(w->lanes, lane_of(w, "raad"), now), 0);
    assert_false(corv_lane_reserve(w->lanes, "raad", 5, 1));
    push(w, "lelystad", 5);
    assert_int_equal(w->started_count, 3);

    struct corv_lane_info info;

    corv_lane_info_get(w->lanes, lane_of(w, "raad"), &info);
    assert_int_equal(info.failures, 1); /* two of the same outage count once */
    assert_in_range(info.paused_until_us - now, 2 * S, 4 * S);
}

static void a_pause_ends_with_one_probe_and_grows(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();
    struct corv_lane_info info;
    size_t raad = lane_of(w, "raad");

    for (int i = 0; i < 4; i++)
        push(w, "raad", i);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_PARTNER, 0, now);
    corv_lane_ended(w->lanes, "raad", &w->jobs[1], CORV_LANE_PARTNER, 0, now);
    now += 5LL * S;
    corv_lanes_tick(w->lanes, now);
    assert_int_equal(w->started_count, 3);
    corv_lane_ended(w->lanes, "raad", &w->jobs[2], CORV_LANE_PARTNER, 0, now);
    corv_lane_info_get(w->lanes, raad, &info);
    assert_in_range(info.paused_until_us - now, 4 * S, 8 * S);
    now += 9LL * S;
    corv_lanes_tick(w->lanes, now);
    assert_int_equal(w->started_count, 4);
    corv_lane_ended(w->lanes, "raad", &w->jobs[3], CORV_LANE_OK, 0, now);
    corv_lane_info_get(w->lanes, raad, &info);
    assert_int_equal(info.failures, 0);
    assert_int_equal(info.window, 2);
}

static void what_the_partner_asks_is_kept(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();
    struct corv_lane_info info;

    push(w, "raad", 0);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_PARTNER, 120, now);
    corv_lane_info_get(w->lanes, lane_of(w, "raad"), &info);
    assert_int_equal(info.paused_until_us - now, 120LL * S);
}

/* A partner that takes its time over large messages: they fill its own share only. */
static void one_slow_partner_takes_no_memory_from_others(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();
    size_t raad = lane_of(w, "raad");
    size_t lelystad = lane_of(w, "lelystad");

    w->jobs[0].bytes = 600;
    push(w, "raad", 0);
    assert_int_equal(corv_lane_room(w->lanes, raad, now), 0);
    assert_false(corv_lane_reserve(w->lanes, "raad", 5, 1));
    assert_int_equal(corv_lane_room(w->lanes, lelystad, now), 6);
    assert_true(corv_lane_reserve(w->lanes, "lelystad", 5, 1));
    corv_lane_unreserve(w->lanes, "lelystad", 1);
    w->jobs[1].bytes = 900; /* leased together with the first one */
    push(w, "raad", 1);
    assert_int_equal(corv_lane_room(w->lanes, raad, now), 0);
    assert_int_equal(corv_lane_room(w->lanes, lelystad, now), 1);
    push(w, "lelystad", 2);
    assert_int_equal(corv_lane_room(w->lanes, lelystad, now), 0);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_OK, 0, now);
    corv_lane_ended(w->lanes, "raad", &w->jobs[1], CORV_LANE_OK, 0, now);
    assert_int_equal(corv_lane_room(w->lanes, raad, now), 4);
}

static void all_slow_partners_together_are_bounded(void **state)
{
    struct world *w = *state;

    w->jobs[0].bytes = 4000;
    push(w, "raad", 0);
    assert_int_equal(corv_lane_room(w->lanes, lane_of(w, "lelystad"), corv_clock_mono_us()), 0);
}

static void a_long_pause_keeps_nothing_in_memory(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();

    for (int i = 0; i < 4; i++) {
        w->jobs[i].bytes = 400;
        w->jobs[i].lease_until_us = now + 60LL * S;
        push(w, "raad", i);
    }
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_PARTNER, 3600, now);
    corv_lane_ended(w->lanes, "raad", &w->jobs[1], CORV_LANE_PARTNER, 3600, now);
    corv_lanes_tick(w->lanes, now + 59LL * S);
    assert_int_equal(w->expired, 0);
    corv_lanes_tick(w->lanes, now + 60LL * S);
    assert_int_equal(w->expired, 2);
    assert_true(corv_lane_reserve(w->lanes, "lelystad", 5, 1000));
    corv_lane_unreserve(w->lanes, "lelystad", 1000);
}

static void memory_and_order_are_kept(void **state)
{
    struct world *w = *state;

    assert_true(corv_lane_reserve(w->lanes, "raad", 5, 900));
    assert_false(corv_lane_reserve(w->lanes, "lelystad", 5, 101));
    corv_lane_unreserve(w->lanes, "raad", 900);
    assert_true(corv_lane_reserve(w->lanes, "lelystad", 5, 101));
    corv_lane_unreserve(w->lanes, "lelystad", 101);
    corv_lane_set_backlog(w->lanes, "raad", true);
    assert_false(corv_lane_reserve(w->lanes, "raad", 5, 1));
    assert_false(corv_lane_reserve(w->lanes, "nobody", 5, 1));
    for (int i = 0; i < 4; i++)
        assert_true(corv_lane_reserve(w->lanes, "lelystad", 5, 1));
    assert_false(corv_lane_reserve(w->lanes, "lelystad", 5, 1));
}

/* With a window of 2 and four held, the database is asked again after the second has ended; not
 * while nothing waits there, and not while the partner is away. */
/* Left in the database it would wait until all that is ready has gone. */
static void spoed_finds_room_when_the_others_do_not(void **state)
{
    struct world *w = *state;

    corv_lane_set_backlog(w->lanes, "raad", true);
    assert_false(corv_lane_reserve(w->lanes, "raad", 5, 1));
    for (int i = 0; i < 8; i++) /* twice what is room for the others */
        assert_true(corv_lane_reserve(w->lanes, "raad", 0, 1));
    assert_false(corv_lane_reserve(w->lanes, "raad", 0, 1));
    corv_lane_set_backlog(w->lanes, "raad", false);
    assert_false(corv_lane_reserve(w->lanes, "raad", 5, 1));
    for (int i = 0; i < 8; i++)
        corv_lane_unreserve(w->lanes, "raad", 1);
    assert_true(corv_lane_reserve(w->lanes, "raad", 5, 1));
    corv_lane_unreserve(w->lanes, "raad", 1);
}

static void a_backlog_is_fetched_before_the_lane_is_dry(void **state)
{
    struct world *w = *state;
    int64_t now = corv_clock_mono_us();

    for (int i = 0; i < 4; i++)
        push(w, "raad", i);
    corv_lane_set_backlog(w->lanes, "raad", true);
    corv_lane_ended(w->lanes, "raad", &w->jobs[0], CORV_LANE_OK, 0, now);
    assert_false(corv_lane_runs_dry(w->lanes, "raad", now));
    corv_lane_ended(w->lanes, "raad", &w->jobs[1], CORV_LANE_OK, 0, now);
    assert_true(corv_lane_runs_dry(w->lanes, "raad", now));
    corv_lane_set_backlog(w->lanes, "raad", false);
    assert_false(corv_lane_runs_dry(w->lanes, "raad", now));
    corv_lane_set_backlog(w->lanes, "raad", true);
    corv_lane_ended(w->lanes, "raad", &w->jobs[2], CORV_LANE_PARTNER, 0, now);
    assert_false(corv_lane_runs_dry(w->lanes, "raad", now));
    assert_false(corv_lane_runs_dry(w->lanes, "nobody", now));
}

static void an_old_lease_is_not_begun(void **state)
{
    struct world *w = *state;

    w->jobs[0].lease_until_us = corv_clock_mono_us() - 1;
    push(w, "raad", 0);
    assert_int_equal(w->started_count, 0);
    assert_int_equal(w->expired, 1);
    assert_true(corv_lane_reserve(w->lanes, "raad", 5, 1000)); /* its memory came back */
    corv_lane_unreserve(w->lanes, "raad", 1000);
}

static void shutdown_lets_go_of_what_waits(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 5; i++)
        push(w, "raad", i);
    corv_lanes_drop_ready(w->lanes);
    assert_int_equal(w->expired, 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_window_bounds_what_is_under_way),
        T(spoed_overtakes),
        T(spoed_finds_room_when_the_others_do_not),
        T(one_dead_partner_holds_nobody_else),
        T(a_pause_ends_with_one_probe_and_grows),
        T(what_the_partner_asks_is_kept),
        T(one_slow_partner_takes_no_memory_from_others),
        T(all_slow_partners_together_are_bounded),
        T(a_long_pause_keeps_nothing_in_memory),
        T(memory_and_order_are_kept),
        T(a_backlog_is_fetched_before_the_lane_is_dry),
        T(an_old_lease_is_not_begun),
        T(shutdown_lets_go_of_what_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
