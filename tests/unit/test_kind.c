/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "schemas/kind.h"

static enum corv_kind of(const char *ns, const char *root)
{
    return corv_kind_of(corv_view_str(ns), corv_view_str(root));
}

static void every_kind_is_found_by_its_own_name_and_namespace(void **state)
{
    (void)state;
    for (int k = 1; k < CORV_KIND_COUNT; k++) {
        enum corv_kind kind = (enum corv_kind)k;

        assert_int_equal(corv_kind_by_name(corv_kind_name(kind)), kind);
        assert_int_not_equal(corv_kind_family(kind), CORV_FAMILY_NONE);
        if (kind != CORV_KIND_KENNISGEVING)
            assert_int_equal(of(corv_kind_ns(kind), corv_kind_name(kind)), kind);
    }
}

static void what_is_not_on_the_list_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(of(CORV_NS_JZ, "vtoDi02"), CORV_KIND_UNKNOWN);
    assert_int_equal(of(CORV_NS_ZKN, "vtoDi01"), CORV_KIND_UNKNOWN); /* the 0.9 form */
    assert_int_equal(of(CORV_NS_STUF, "Tr01Bericht"), CORV_KIND_UNKNOWN);
    assert_int_equal(of(CORV_NS_STUF, "vtoDi01"), CORV_KIND_UNKNOWN);
    assert_int_equal(of(CORV_NS_JZ, "vtodi01"), CORV_KIND_UNKNOWN);
    assert_int_equal(of("", "unknown"), CORV_KIND_UNKNOWN);
    assert_int_equal(of(CORV_NS_JZ "x", "vtoDi01"), CORV_KIND_UNKNOWN);
    assert_int_equal(corv_kind_by_name("unknown"), CORV_KIND_UNKNOWN);
    assert_int_equal(corv_kind_by_name(NULL), CORV_KIND_UNKNOWN);
}

static void our_own_notice_never_comes_in(void **state)
{
    (void)state;
    assert_int_equal(of(CORV_NS_KENNISGEVING, "kennisgeving"), CORV_KIND_UNKNOWN);
    assert_int_equal(corv_kind_by_name("kennisgeving"), CORV_KIND_KENNISGEVING);
    assert_int_equal(corv_kind_family(CORV_KIND_KENNISGEVING), CORV_FAMILY_OWN);
}

static void numbers_outside_the_list_have_a_name_too(void **state)
{
    (void)state;
    assert_string_equal(corv_kind_name(CORV_KIND_COUNT), "unknown");
    assert_string_equal(corv_kind_ns(CORV_KIND_UNKNOWN), "");
    assert_string_equal(corv_variant_name(CORV_VARIANT_NONE), "");
    assert_string_equal(corv_variant_name(CORV_VARIANT_AMBTSHALVE_AFGEROND), "ambtshalve-afgerond");
    assert_string_equal(corv_variant_name((enum corv_variant)99), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_found_by_its_own_name_and_namespace),
        cmocka_unit_test(what_is_not_on_the_list_is_unknown),
        cmocka_unit_test(our_own_notice_never_comes_in),
        cmocka_unit_test(numbers_outside_the_list_have_a_name_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
