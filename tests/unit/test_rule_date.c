/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <time.h>

#include "schemas/rule_date.h"

static void a_date_is_real_as_far_as_it_is_known(void **state)
{
    static const struct {
        const char *text;
        char known;
        bool valid;
        int first, last;
    } rows[] = {
        {"20260228", 'V', true, 20260228, 20260228},
        {"20260229", 'V', false, 0, 0},
        {"20240229", 'V', true, 20240229, 20240229},
        {"19000229", 'V', false, 0, 0},
        {"20000229", 'V', true, 20000229, 20000229},
        {"20260431", 'V', false, 0, 0},
        {"20261301", 'V', false, 0, 0},
        {"20260001", 'V', false, 0, 0},
        {"20260100", 'V', false, 0, 0},
        {"00000000", 'V', false, 0, 0},
        {"18491231", 'V', false, 0, 0},
        {"22000101", 'V', false, 0, 0},
        {"1", 'V', false, 0, 0},
        {"-2026.0", 'V', false, 0, 0},
        {"2026-1-1", 'V', false, 0, 0},
        {"202601011", 'V', false, 0, 0},
        {"", 'V', false, 0, 0},
        {"20260200", 'D', true, 20260201, 20260228},
        {"20261300", 'D', false, 0, 0},
        {"20269999", 'M', true, 20260101, 20261231},
        {"00019999", 'M', false, 0, 0},
        {"99999999", 'J', true, 0, 99999999},
        {"1", 'J', false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_rule_date d = corv_rule_date_read(corv_view_str(rows[i].text), rows[i].known);

        if (d.valid != rows[i].valid || d.first != rows[i].first || d.last != rows[i].last)
            fail_msg("%s %c: %d %d %d", rows[i].text, rows[i].known, d.valid, d.first, d.last);
    }
}

static void a_moment_has_a_day_and_a_time(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {{"20260601", true}, {"2026060123", true}, {"202606012359", true},
        {"20260601235959", true}, {"20260601235959999", true}, {"2026060124", false},
        {"202606012360", false}, {"20260601235960", false}, {"202606011", false},
        {"20260631", false}, {"99999999", false}, {"2026060123595", false},
        {"202606012359599999", false}, {"2026060a", false}, {"", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (corv_rule_moment_valid(corv_view_str(rows[i].text)) != rows[i].valid)
            fail_msg("%s", rows[i].text);
}

static struct corv_rule_date day(const char *text, char known)
{
    return corv_rule_day_of(corv_view_str(text), known);
}

static void after_means_certainly_after(void **state)
{
    (void)state;
    assert_true(corv_rule_date_after(day("20260602", 'V'), day("20260601", 'V')));
    assert_false(corv_rule_date_after(day("20260601", 'V'), day("20260601", 'V')));
    assert_true(corv_rule_date_after(day("20260601235959", 'V'), day("20260531", 'V')));
    assert_false(corv_rule_date_after(day("20261231", 'V'), day("20260101", 'M')));
    assert_true(corv_rule_date_after(day("20270101", 'V'), day("20260101", 'M')));
    assert_false(corv_rule_date_after(day("20270101", 'J'), day("19000101", 'V')));
    assert_false(corv_rule_date_after(day("20270101", 'V'), day("19000101", 'J')));
    assert_false(corv_rule_date_after(day("99999999", 'V'), day("19000101", 'V')));
    assert_false(corv_rule_date_after(day("20270101", 'V'), day("nonsense", 'V')));
    assert_false(corv_rule_date_after(day("20270101", 'V'), day("202606011200000000", 'V')));
}

static void days_are_counted_over_months_and_years(void **state)
{
    (void)state;
    assert_int_equal(corv_rule_day_plus(20260228, 1), 20260301);
    assert_int_equal(corv_rule_day_plus(20260301, -1), 20260228);
    assert_int_equal(corv_rule_day_plus(20251231, 1), 20260101);
    assert_int_equal(corv_rule_day_plus(20260615, -180), 20251217);
    assert_int_equal(corv_rule_day_plus(20260615, 0), 20260615);
    assert_int_equal(corv_rule_day_plus(0, 1), 0);
    assert_int_equal(corv_rule_day_plus(20260615, 500000), 0);
    assert_int_equal(corv_rule_day_plus(20260231, 1), 0);
    assert_int_equal(corv_rule_day_plus(20261301, 1), 0);
}

/* As the C library counts them. */
static void days_are_those_of_the_calendar(void **state)
{
    static const int steps[] = {-400000, -36525, -1000, -366, -365, -180, -29, -1, 0, 1, 28, 31,
        365, 366, 1461, 36524, 146097, 400000};

    (void)state;
    for (time_t at = -3786825600; at < 7258118400; at += (time_t)86400 * 17) /* 1850 to 2199 */
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            time_t then = at + (time_t)86400 * steps[i];
            struct tm a, b;

            assert_non_null(gmtime_r(&at, &a));
            assert_non_null(gmtime_r(&then, &b));
            assert_int_equal(
                corv_rule_day_plus(
                    (a.tm_year + 1900) * 10000 + (a.tm_mon + 1) * 100 + a.tm_mday, steps[i]),
                (b.tm_year + 1900) * 10000 + (b.tm_mon + 1) * 100 + b.tm_mday);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_is_real_as_far_as_it_is_known),
        cmocka_unit_test(a_moment_has_a_day_and_a_time),
        cmocka_unit_test(after_means_certainly_after),
        cmocka_unit_test(days_are_counted_over_months_and_years),
        cmocka_unit_test(days_are_those_of_the_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
