/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include "queue/types.h"

static void what_is_final_stays(void **state)
{
    (void)state;
    for (int to = 0; to < 5; to++) {
        assert_false(corv_delivery_may_move(CORV_DELIVERY_CONFIRMED, (enum corv_delivery_state)to));
        assert_false(corv_delivery_may_move(CORV_DELIVERY_DROPPED, (enum corv_delivery_state)to));
    }
}

static void open_ones_can_end_and_go_on(void **state)
{
    (void)state;
    for (int from = 0; from < 3; from++) {
        enum corv_delivery_state s = (enum corv_delivery_state)from;

        assert_true(corv_delivery_may_move(s, CORV_DELIVERY_CONFIRMED));
        assert_true(corv_delivery_may_move(s, CORV_DELIVERY_DROPPED));
        assert_true(corv_delivery_may_move(s, CORV_DELIVERY_WAITING));
    }
    assert_true(corv_delivery_may_move(CORV_DELIVERY_WAITING, CORV_DELIVERY_DEAD));
    assert_false(corv_delivery_may_move(CORV_DELIVERY_HELD, CORV_DELIVERY_DEAD));
}

static void nonsense_is_no_move(void **state)
{
    (void)state;
    assert_false(corv_delivery_may_move((enum corv_delivery_state)5, CORV_DELIVERY_WAITING));
    assert_false(corv_delivery_may_move(CORV_DELIVERY_WAITING, (enum corv_delivery_state)5));
    assert_string_equal(corv_delivery_state_name(CORV_DELIVERY_DEAD), "dead");
    assert_string_equal(corv_delivery_state_name((enum corv_delivery_state)9), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_final_stays),
        cmocka_unit_test(open_ones_can_end_and_go_on),
        cmocka_unit_test(nonsense_is_no_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
