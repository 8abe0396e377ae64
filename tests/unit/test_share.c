/* SPDX-License-Identifier: EUPL-1.2 */
/* Counting by party, with more parties than the table begins with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>

#include "daemon/share.h"

static void each_party_is_counted_by_itself(void **state)
{
    struct corv_shares s = {0};
    char name[16];

    (void)state;
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < 100; i++) {
            (void)snprintf(name, sizeof name, "partij-%d", i);
            assert_int_equal(corv_share_now(&s, name), round - 1);
            assert_int_equal(corv_share_take(&s, name), CORV_OK);
        }
    assert_int_equal(s.count, 100);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "partij-%d", i);
        corv_share_add_bytes(&s, name, 70);
        corv_share_add_bytes(&s, name, (uint64_t)i << 32);
        corv_share_give(&s, name, 0);
        assert_int_equal(corv_share_now(&s, name), 2);
        assert_true(corv_share_bytes(&s, name) == ((uint64_t)i << 32) + 70);
        corv_share_give(&s, name, 70);
        assert_true(corv_share_bytes(&s, name) == (uint64_t)i << 32);
        corv_share_give(&s, name, (uint64_t)i << 32);
        assert_int_equal(corv_share_now(&s, name), 0);
        assert_true(corv_share_bytes(&s, name) == 0);
        assert_int_equal(s.count, 99 - i); /* who has nothing under way takes no room */
    }
    corv_share_give(&s, "partij-1", 0);
    assert_int_equal(s.count, 0);
    corv_shares_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_party_is_counted_by_itself)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
