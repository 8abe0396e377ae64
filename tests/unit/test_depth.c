/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include "daemon/depth.h"

static void two_questions_make_one_picture(void **state)
{
    const struct corv_backlog waits[] = {
        {.party = "raad", .waiting = 5, .due = 2, .oldest_due_us = 1000},
        {.party = "almere", .waiting = 1}};
    const struct corv_aside aside[] = {{"raad", CORV_DELIVERY_DEAD, 3}, {"", CORV_DELIVERY_HELD, 1},
        {"raad", CORV_DELIVERY_HELD, 2}};
    struct corv_depth d = {.count = 0};

    (void)state;
    assert_null(corv_depth_of(&d, "raad"));
    assert_int_equal(corv_depth_backlog(&d, waits, 2), CORV_OK);
    assert_false(d.counted); /* half a picture closes no alarm */
    assert_int_equal(corv_depth_aside(&d, aside, 3, 4), CORV_OK);
    assert_true(d.counted);
    assert_int_equal(d.held, 3);
    assert_int_equal(d.dead, 3);
    assert_int_equal(d.leased, 4);
    assert_int_equal(corv_depth_of(&d, "raad")->due, 2);
    assert_int_equal(corv_depth_of(&d, "raad")->dead, 3);
    assert_int_equal(corv_depth_of(&d, "")->held, 1);
    assert_int_equal(corv_depth_due_us(corv_depth_of(&d, "raad"), 5000), 4000);
    assert_int_equal(corv_depth_due_us(corv_depth_of(&d, "raad"), 500), 0);
    assert_int_equal(corv_depth_due_us(corv_depth_of(&d, "almere"), 5000), 0);
    assert_int_equal(corv_depth_backlog(&d, waits, 2), CORV_OK);
    assert_int_equal(d.waiting, 2); /* six, of which four are leased */
    corv_depth_clear(&d);
}

static void what_is_gone_leaves_the_picture(void **state)
{
    const struct corv_backlog waits = {.party = "raad", .waiting = 5, .due = 2, .oldest_due_us = 9};
    const struct corv_aside dead = {"almere", CORV_DELIVERY_DEAD, 1};
    struct corv_depth d = {.count = 0};

    (void)state;
    assert_int_equal(corv_depth_backlog(&d, &waits, 1), CORV_OK);
    assert_int_equal(corv_depth_aside(&d, &dead, 1, 0), CORV_OK);
    assert_int_equal(d.count, 2);
    assert_int_equal(corv_depth_backlog(&d, NULL, 0), CORV_OK);
    assert_null(corv_depth_of(&d, "raad"));
    assert_int_equal(corv_depth_of(&d, "almere")->dead, 1);
    assert_int_equal(corv_depth_aside(&d, NULL, 0, 0), CORV_OK);
    assert_int_equal(d.count, 0);
    assert_int_equal(d.dead, 0);
    corv_depth_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_questions_make_one_picture),
        cmocka_unit_test(what_is_gone_leaves_the_picture)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
