/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/progress.h"

#define SECOND   INT64_C(1000000)
#define PATIENCE (150 * SECOND)

static struct corv_progress_facts calm(int64_t seconds)
{
    return (struct corv_progress_facts){.now_us = seconds * SECOND,
        .patience_us = PATIENCE,
        .open = true,
        .database = true,
        .counted_us = seconds * SECOND};
}

#define JUDGED(f, as) assert_string_equal(corv_progress_name(corv_progress_judge(&s, &(f))), as)

static void nothing_to_do_is_fine_for_ever(void **unused)
{
    struct corv_progress_state s = {0};

    (void)unused;
    for (int64_t t = 1; t < 100000; t += 1000) {
        const struct corv_progress_facts f = calm(t);

        JUDGED(f, "quiet");
    }
}

static void due_and_nothing_moves_is_stuck_after_patience(void **unused)
{
    struct corv_progress_state s = {0};
    struct corv_progress_facts f = calm(10);

    (void)unused;
    f.delivery_steps = 7;
    f.due = 3;
    JUDGED(f, "moves"); /* seven since the start */
    for (int64_t t = 20; t <= 170; t += 10) {
        f.now_us = f.counted_us = t * SECOND;
        JUDGED(f, "waits");
    }
    f.now_us = f.counted_us = 171 * SECOND;
    JUDGED(f, "stuck");
    f.now_us += SECOND;
    JUDGED(f, "stuck"); /* it does not forget by itself */
    f.delivery_steps++;
    JUDGED(f, "moves");
    f.now_us += SECOND;
    JUDGED(f, "waits"); /* and patience begins anew */
}

static void work_that_just_came_gets_its_time(void **unused)
{
    struct corv_progress_state s = {0};
    struct corv_progress_facts f = calm(10);

    (void)unused;
    JUDGED(f, "quiet");
    f = calm(5000); /* nobody looked in between */
    f.due = 1;
    JUDGED(f, "waits");
    f = calm(5000 + 151);
    f.due = 1;
    JUDGED(f, "stuck");
}

static void intake_cannot_hide_that_delivery_stands_still(void **unused)
{
    struct corv_progress_state s = {0};

    (void)unused;
    for (int64_t t = 1; t < 1000; t += 10) {
        struct corv_progress_facts f = calm(t);

        f.due = 1;
        f.intake = 5;
        f.intake_steps = (uint64_t)t; /* always busy */
        JUDGED(f, t <= 151 ? "waits" : "stuck");
    }
}

static void delivery_cannot_hide_that_intake_stands_still(void **unused)
{
    struct corv_progress_state s = {0};

    (void)unused;
    for (int64_t t = 1; t < 1000; t += 10) {
        struct corv_progress_facts f = calm(t);

        f.intake = 1;
        f.delivery_steps = (uint64_t)t;
        JUDGED(f, t <= 151 ? "waits" : "stuck");
    }
}

static void reasons_a_restart_would_not_mend(void **unused)
{
    struct corv_progress_state s = {0};

    (void)unused;
    for (int64_t t = 1; t < 3000; t += 10) {
        struct corv_progress_facts f = calm(t);

        f.due = 10;
        f.intake = 1;
        f.open = t < 1000;
        f.database = t < 1000 || t >= 2000;
        f.draining = t >= 2000;
        if (t > 1000)
            JUDGED(f, "excused");
        else
            (void)corv_progress_judge(&s, &f);
    }
    struct corv_progress_facts f = calm(3001); /* after an outage there is time again */

    f.due = 10;
    JUDGED(f, "waits");
}

/* What is due is not known any more: the question goes unanswered. */
static void a_silent_queue_is_stuck(void **unused)
{
    struct corv_progress_state s = {0};
    struct corv_progress_facts f = calm(10);

    (void)unused;
    JUDGED(f, "quiet");
    f.now_us = (10 + 150) * SECOND;
    JUDGED(f, "quiet");
    f.now_us = (10 + 151) * SECOND;
    JUDGED(f, "waits");
    f.now_us = (10 + 151 + 151) * SECOND;
    JUDGED(f, "stuck");
    f.counted_us = f.now_us;
    JUDGED(f, "quiet");
    f.counted_us = 0; /* never counted yet, just after the start */
    JUDGED(f, "quiet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_do_is_fine_for_ever),
        cmocka_unit_test(due_and_nothing_moves_is_stuck_after_patience),
        cmocka_unit_test(work_that_just_came_gets_its_time),
        cmocka_unit_test(intake_cannot_hide_that_delivery_stands_still),
        cmocka_unit_test(delivery_cannot_hide_that_intake_stands_still),
        cmocka_unit_test(reasons_a_restart_would_not_mend),
        cmocka_unit_test(a_silent_queue_is_stuck),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
