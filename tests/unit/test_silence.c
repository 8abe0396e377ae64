/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>
// clang-format on

#include "daemon/silence.h"

static struct corv_silence s; /* large */

static int64_t at(const char *text) /* "2026-11-23 10": that hour, UTC */
{
    struct tm tm = {0};
    char *end = NULL;

    tm.tm_year = (int)strtol(text, &end, 10) - 1900;
    tm.tm_mon = (int)strtol(end + 1, &end, 10) - 1;
    tm.tm_mday = (int)strtol(end + 1, &end, 10);
    tm.tm_hour = (int)strtol(end + 1, &end, 10);
    return timegm(&tm) / 3600;
}

static void fresh(const char *now)
{
    s = (struct corv_silence){.count = 0};
    corv_silence_calendar(&s, at(now) * CORV_HOUR_US);
}

static void work_is_done_on_dutch_working_days(void **state)
{
    (void)state;
    assert_true(corv_work_hour(at("2026-11-23 07")));  /* Monday 8 in winter */
    assert_false(corv_work_hour(at("2026-11-23 06"))); /* 7 */
    assert_true(corv_work_hour(at("2026-11-23 16")));  /* 17 */
    assert_false(corv_work_hour(at("2026-11-23 17"))); /* 18 */
    assert_true(corv_work_hour(at("2026-07-06 06")));  /* Monday 8 in summer */
    assert_false(corv_work_hour(at("2026-07-06 05")));
    assert_false(corv_work_hour(at("2026-11-21 10"))); /* Saturday */
    assert_false(corv_work_hour(at("2026-11-22 10"))); /* Sunday */
}

static void holidays_are_no_working_days(void **state)
{
    static const char *const free_days[] = {"2026-01-01 10", "2026-04-06 10", "2026-04-27 10",
        "2026-05-14 10", "2026-05-25 10", "2026-12-25 10", "2024-04-01 10", "2025-04-21 10",
        "2025-06-09 10", "2025-05-29 10", "2027-03-29 10", "2038-04-26 10"};
    static const char *const days[] = {"2026-04-03 10", "2026-05-15 10", "2026-12-24 10",
        "2026-12-28 10", "2025-04-22 10", "2024-04-02 10"};

    (void)state;
    for (size_t i = 0; i < sizeof free_days / sizeof free_days[0]; i++)
        if (corv_work_hour(at(free_days[i])))
            fail_msg("%s is a holiday", free_days[i]);
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        if (!corv_work_hour(at(days[i])))
            fail_msg("%s is a working day", days[i]);
}

static void a_weekend_is_no_time(void **state)
{
    (void)state;
    fresh("2026-11-29 12");
    assert_int_equal(corv_silence_between(&s, at("2026-11-20 16"), at("2026-11-23 06")), 0);
    assert_int_equal(corv_silence_between(&s, at("2026-11-20 16"), at("2026-11-23 07")), 1);
    assert_int_equal(corv_silence_between(&s, at("2026-11-16 12"), at("2026-11-23 12")), 50);
    assert_int_equal(corv_silence_between(&s, at("2026-11-23 12"), at("2026-11-16 12")), 0);
    assert_int_equal(corv_silence_between(&s, 0, at("1980-01-01 12")), 0); /* before the calendar */
}

/* So many weeks with messages at ten on Monday, Wednesday and Friday, the last one on the 20th. */
static void learn(unsigned weeks, uint64_t n)
{
    for (unsigned w = weeks; w-- > 0;)
        for (int d = 0; d < 5; d += 2)
            corv_silence_heard(&s, "gi", "vtoDi01", at("2026-11-16 09") + (d - 7 * (int)w) * 24, n);
}

static void a_gap_longer_than_ever_is_silence(void **state)
{
    const struct corv_silence_row *row = &s.rows[0];
    int64_t now;

    (void)state;
    fresh("2026-11-29 12");
    learn(10, 1);
    assert_int_equal(s.count, 1);
    assert_int_equal(row->messages, 30);
    assert_int_equal(row->longest, 20); /* two working days */
    assert_int_equal(corv_silence_limit(row, at("2026-11-23 09") * CORV_HOUR_US), 25);
    now = at("2026-11-23 06") * CORV_HOUR_US; /* Monday morning: the weekend did not count */
    assert_in_range(corv_silence_now(&s, row, now), 7, 8);
    now = at("2026-11-24 16") * CORV_HOUR_US;
    assert_true(corv_silence_now(&s, row, now) > corv_silence_limit(row, now));
    now = at("2026-11-24 10") * CORV_HOUR_US;
    assert_true(corv_silence_now(&s, row, now) <= corv_silence_limit(row, now));
}

static void too_little_history_says_nothing(void **state)
{
    (void)state;
    fresh("2026-11-29 12");
    learn(2, 1); /* six messages */
    assert_int_equal(corv_silence_limit(&s.rows[0], at("2026-11-29 12") * CORV_HOUR_US), 0);
    fresh("2026-11-29 12");
    corv_silence_heard(&s, "gi", "vtoDi01", at("2026-11-20 09"), 1000); /* many, on one day */
    assert_int_equal(corv_silence_limit(&s.rows[0], at("2026-11-29 12") * CORV_HOUR_US), 0);
}

static void a_long_silence_that_ended_is_learned(void **state)
{
    unsigned before;

    (void)state;
    fresh("2026-11-29 12");
    learn(10, 1);
    before = corv_silence_limit(&s.rows[0], at("2026-11-29 12") * CORV_HOUR_US);
    corv_silence_heard(&s, "gi", "vtoDi01", at("2026-11-27 09"), 1);
    assert_int_equal(s.rows[0].longest, 50);
    assert_true(corv_silence_limit(&s.rows[0], at("2026-11-29 12") * CORV_HOUR_US) > before);
}

static void senders_and_kinds_are_apart_and_bounded(void **state)
{
    char kind[16];

    (void)state;
    fresh("2026-11-29 12");
    corv_silence_heard(&s, "gi", "vtoDi01", at("2026-11-20 09"), 1);
    corv_silence_heard(&s, "gi", "Bv03Bericht", at("2026-11-20 09"), 1);
    corv_silence_heard(&s, "raad", "vtoDi01", at("2026-11-20 09"), 1);
    assert_int_equal(s.count, 3);
    for (int i = 0; i < CORV_SILENCE_ROWS; i++) {
        (void)snprintf(kind, sizeof kind, "k%d", i);
        corv_silence_heard(&s, "gi", kind, at("2026-11-20 09"), 1);
    }
    assert_int_equal(s.count, CORV_SILENCE_ROWS);
    assert_int_equal(s.left_out, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(work_is_done_on_dutch_working_days),
        cmocka_unit_test(holidays_are_no_working_days), cmocka_unit_test(a_weekend_is_no_time),
        cmocka_unit_test(a_gap_longer_than_ever_is_silence),
        cmocka_unit_test(too_little_history_says_nothing),
        cmocka_unit_test(a_long_silence_that_ended_is_learned),
        cmocka_unit_test(senders_and_kinds_are_apart_and_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
