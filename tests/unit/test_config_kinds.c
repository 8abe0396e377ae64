/* SPDX-License-Identifier: EUPL-1.2 */
/* The names that config/ knows are the kinds that schemas/ knows, without our own notice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/kinds.h"
#include "schemas/kind.h"

static void test_both_lists_are_one(void **state)
{
    unsigned accepted = 0;

    (void)state;
    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        accepted += k != CORV_KIND_KENNISGEVING;
    assert_int_equal(corv_config_kinds_count, accepted);
    for (unsigned i = 0; i < corv_config_kinds_count; i++) {
        enum corv_kind kind = corv_kind_by_name(corv_config_kinds[i]);

        assert_int_not_equal(kind, CORV_KIND_UNKNOWN);
        assert_int_not_equal(kind, CORV_KIND_KENNISGEVING);
        assert_string_equal(corv_kind_name(kind), corv_config_kinds[i]);
        for (unsigned n = 0; n < i; n++)
            assert_string_not_equal(corv_config_kinds[n], corv_config_kinds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_lists_are_one)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
