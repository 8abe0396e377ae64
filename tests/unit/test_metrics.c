/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

#include "daemon/metrics.h"

static void buckets_count_up_and_end_in_all(void **state)
{
    struct corv_histogram h = {.count = 0};
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 65536);
    corv_histogram_add(&h, 500);        /* half a millisecond */
    corv_histogram_add(&h, 1000);       /* exactly the first bound: in it */
    corv_histogram_add(&h, 1001);       /* just over */
    corv_histogram_add(&h, 3600000000); /* beyond the last bound */
    corv_histogram_add(&h, -5);         /* a clock that stepped back: nothing, not a huge number */
    corv_metric_histogram(&b, CORV_M_step_seconds, "step=\"store\"", &h);
    assert_non_null(strstr(b.p, "corvd_step_seconds_bucket{step=\"store\",le=\"0.001\"} 3\n"));
    assert_non_null(strstr(b.p, "corvd_step_seconds_bucket{step=\"store\",le=\"0.005\"} 4\n"));
    assert_non_null(strstr(b.p, "corvd_step_seconds_bucket{step=\"store\",le=\"60\"} 4\n"));
    assert_non_null(strstr(b.p, "corvd_step_seconds_bucket{step=\"store\",le=\"+Inf\"} 5\n"));
    assert_non_null(strstr(b.p, "corvd_step_seconds_count{step=\"store\"} 5\n"));
    assert_non_null(strstr(b.p, "corvd_step_seconds_sum{step=\"store\"} 3600.002501\n"));
    corv_buf_free(&b);
}

static void a_row_is_written_with_its_type_and_sentence(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 4096);
    corv_metric_write(&b, CORV_M_commits_total, 7);
    assert_string_equal(b.p, "# HELP corvd_commits_total Transactions committed\n"
                             "# TYPE corvd_commits_total counter\n"
                             "corvd_commits_total 7\n");
    corv_buf_free(&b);
}

static void what_is_counted_is_shown(void **state)
{
    struct corv_metrics m = {.messages_accepted_total = 3, .held_bytes = 18};
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 65536);
    corv_metrics_write(&m, &b);
    assert_non_null(strstr(b.p, "\ncorvd_messages_accepted_total 3\n"));
    assert_non_null(strstr(b.p, "\ncorvd_held_bytes 18\n"));
    corv_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(buckets_count_up_and_end_in_all),
        cmocka_unit_test(a_row_is_written_with_its_type_and_sentence),
        cmocka_unit_test(what_is_counted_is_shown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
