/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "schemas/judge.h"
#include "schemas/verdict.h"

static int set_up(void **state)
{
    (void)state;
    corv_schemas_init();
    return 0;
}

static void without_settings_everything_in_the_binary_holds(void **state)
{
    struct corv_judge_options o = {0};
    struct corv_judge *j = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(corv_judge_new(&o, &j, &fault), CORV_OK);
    assert_non_null(corv_judge_schemas(j, CORV_KIND_VTO, "raad", 20261122));
    assert_string_equal(corv_judge_set_name(j, CORV_KIND_VTO, NULL, 20261122), "eigen");
    assert_int_equal(strlen(corv_judge_set_hash(j, CORV_KIND_VTO, NULL, 20261122)), 64);
    assert_string_not_equal(corv_judge_pack_version(j), "");
    assert_null(corv_judge_reference(j));
    corv_judge_free(j);
}

static void a_setting_for_no_rule_is_refused(void **state)
{
    struct corv_rule_setting s = {.rule = "bestaat-niet", .mode = CORV_RULE_OFF};
    struct corv_judge_options o = {.settings = &s, .settings_count = 1};
    struct corv_judge *j = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(corv_judge_new(&o, &j, &fault), CORV_E_INVALID);
    assert_null(j);
    assert_string_equal(fault.code, "rules.unknown");
}

static void a_set_that_is_not_there_is_refused(void **state)
{
    struct corv_schema_choice c = {.set = "abcdef123456"};
    struct corv_judge_options o = {
        .state_dir = "/nonexistent-corvd", .choices = &c, .choices_count = 1};
    struct corv_judge *j = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_not_equal(corv_judge_new(&o, &j, &fault), CORV_OK);
    assert_null(j);
    assert_int_equal(fault.cls, CORV_FAULT_SETTINGS);
}

static void a_message_under_way_keeps_its_judge(void **state)
{
    struct corv_judge_options o = {.no_rules = true};
    struct corv_judge *j = NULL;

    (void)state;
    assert_int_equal(corv_judge_new(&o, &j, NULL), CORV_OK);
    assert_ptr_equal(corv_judge_hold(j), j);
    corv_judge_free(j); /* a reload */
    assert_string_equal(corv_judge_pack_version(j), "");
    corv_judge_free(j); /* the message is answered */
    corv_judge_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_settings_everything_in_the_binary_holds),
        cmocka_unit_test(a_setting_for_no_rule_is_refused),
        cmocka_unit_test(a_set_that_is_not_there_is_refused),
        cmocka_unit_test(a_message_under_way_keeps_its_judge),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
