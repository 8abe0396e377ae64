/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
// clang-format on

#include "daemon/incident.h"

#define S    INT64_C(1000000)
#define HOUR (3600 * S)

struct world {
    struct corv_incidents t;
    int64_t now;
    unsigned opened, updated, closed;
    char last[CORV_INCIDENT_KEY];
};

static void hear(void *ctx, const struct corv_incident *i, enum corv_incident_news news)
{
    struct world *w = ctx;

    w->opened += news == CORV_INCIDENT_OPENED;
    w->updated += news == CORV_INCIDENT_UPDATED;
    w->closed += news == CORV_INCIDENT_CLOSED;
    (void)corv_incident_key(i, w->last);
}

static struct world *fresh(void)
{
    static struct world w;

    w = (struct world){.now = 1000000 * HOUR};
    w.t.tell = hear;
    w.t.ctx = &w;
    return &w;
}

/* One look: subject is bad, or NULL when all is well. */
static void look(struct world *w, enum corv_cause c, const char *subject, int64_t later)
{
    const struct corv_bad b = {CORV_SEVERITY_ERROR, subject, "connect.refused", 1, 0};

    w->now += later;
    corv_incidents_begin(&w->t, c);
    if (subject)
        corv_incident_bad(&w->t, c, &b, w->now);
    corv_incidents_end(&w->t, c, w->now);
}

static void one_outage_is_told_once_and_ends_once(void **state)
{
    struct world *w = fresh();

    (void)state;
    for (int n = 0; n < 600; n++)
        look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 5 * S); /* fifty minutes */
    assert_int_equal(w->opened, 1);
    assert_int_equal(w->updated, 0);
    assert_string_equal(w->last, "partner.unreachable:raad");
    assert_int_equal(corv_incidents_open(&w->t), 1);
    look(w, CORV_CAUSE_PARTNER_AWAY, NULL, 5 * S);
    assert_int_equal(w->closed, 0); /* not sure yet */
    assert_int_equal(corv_incidents_open(&w->t), 1);
    look(w, CORV_CAUSE_PARTNER_AWAY, NULL, 60 * S);
    assert_int_equal(w->closed, 1);
    assert_int_equal(w->t.count, 0);
}

static void a_partner_that_comes_and_goes_is_one_incident(void **state)
{
    struct world *w = fresh();

    (void)state;
    look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 0);
    for (int n = 0; n < 20; n++) {
        look(w, CORV_CAUSE_PARTNER_AWAY, NULL, 20 * S);
        look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 20 * S);
    }
    assert_int_equal(w->opened, 1);
    assert_int_equal(w->closed, 0);
    assert_int_equal(w->t.list[0].times, 20);
}

static void what_lasts_is_told_again_ever_more_seldom(void **state)
{
    struct world *w = fresh();

    (void)state;
    for (int n = 0; n <= 7 * 24 * 60; n++)
        look(w, CORV_CAUSE_DEAD, "raad", 60 * S); /* a week */
    assert_int_equal(w->opened, 1);
    assert_in_range(w->updated, 7, 9); /* after 1, 5, 21 hours, then daily */
}

static void a_cause_that_must_last_is_not_told_before(void **state)
{
    struct world *w = fresh();

    (void)state;
    look(w, CORV_CAUSE_DATABASE_AWAY, "", 0);
    look(w, CORV_CAUSE_DATABASE_AWAY, "", 25 * S);
    assert_int_equal(w->opened, 0);
    assert_int_equal(corv_incidents_open(&w->t), 0);
    look(w, CORV_CAUSE_DATABASE_AWAY, NULL, S); /* a fail-over that nobody needs to hear of */
    look(w, CORV_CAUSE_DATABASE_AWAY, "", 10 * S);
    look(w, CORV_CAUSE_DATABASE_AWAY, "", 29 * S);
    assert_int_equal(w->opened + w->closed, 0);
    look(w, CORV_CAUSE_DATABASE_AWAY, "", 2 * S);
    assert_int_equal(w->opened, 1);
    assert_string_equal(w->last, "database.unreachable");
}

static void getting_worse_is_told_at_once(void **state)
{
    struct corv_bad b = {CORV_SEVERITY_NOTICE, "listen.certificate", NULL, 90, 0};
    struct world *w = fresh();

    (void)state;
    for (int days = 90; days > 0; days--) {
        b.severity = days > 30  ? CORV_SEVERITY_NOTICE
                     : days > 7 ? CORV_SEVERITY_WARNING
                                : CORV_SEVERITY_ERROR;
        b.value = (uint64_t)days;
        w->updated = days == 30 || days == 7 ? 0 : w->updated;
        corv_incident_bad(&w->t, CORV_CAUSE_CERTIFICATE, &b, w->now);
        if (days == 30 || days == 7)
            assert_int_equal(w->updated, 1);
        w->now += HOUR / 2; /* no reminder in between */
    }
    assert_int_equal(w->opened, 1);
    assert_int_equal(w->t.list[0].value, 1);
}

static void one_subject_does_not_close_another(void **state)
{
    const struct corv_bad raad = {CORV_SEVERITY_ERROR, "raad", NULL, 1, 0};
    struct world *w = fresh();

    (void)state;
    look(w, CORV_CAUSE_DEAD, "almere", 0);
    look(w, CORV_CAUSE_HELD, "raad", 0);
    corv_incidents_begin(&w->t, CORV_CAUSE_DEAD);
    corv_incident_bad(&w->t, CORV_CAUSE_DEAD, &raad, w->now);
    corv_incident_keep(&w->t, CORV_CAUSE_DEAD, "almere"); /* cannot be judged now */
    corv_incident_keep(&w->t, CORV_CAUSE_DEAD, "nobody");
    corv_incidents_end(&w->t, CORV_CAUSE_DEAD, w->now);
    assert_int_equal(corv_incidents_open(&w->t), 3);
    look(w, CORV_CAUSE_DEAD, "raad", S);
    assert_int_equal(w->closed, 1);
    assert_non_null(corv_incident_find(&w->t, CORV_CAUSE_HELD, "raad"));
    assert_null(corv_incident_find(&w->t, CORV_CAUSE_DEAD, "almere"));
}

static void a_flood_of_events_is_one_incident(void **state)
{
    struct world *w = fresh();

    (void)state;
    for (int n = 0; n < 10000; n++)
        corv_incident_event(
            &w->t, CORV_CAUSE_CONFLICT, "gi", "StUF016", w->now += S / 10); /* 17 minutes */
    assert_int_equal(w->opened, 1);
    assert_int_equal(w->updated, 0);
    assert_int_equal(w->t.list[0].value, 10000);
    corv_incidents_tick(&w->t, w->now + 23 * HOUR);
    assert_int_equal(w->closed, 0);
    corv_incidents_tick(&w->t, w->now + 24 * HOUR);
    assert_int_equal(w->closed, 1);
}

static void the_table_is_full_and_says_so(void **state)
{
    struct world *w = fresh();
    char subject[16];

    (void)state;
    for (int n = 0; n < CORV_INCIDENTS_MAX + 5; n++) {
        (void)snprintf(subject, sizeof subject, "p%d", n);
        corv_incident_event(&w->t, CORV_CAUSE_CONFLICT, subject, NULL, w->now);
    }
    assert_int_equal(w->t.count, CORV_INCIDENTS_MAX);
    assert_int_equal(w->t.left_out, 5);
}

static void a_restart_neither_repeats_nor_forgets(void **state)
{
    struct world *w = fresh();
    struct corv_incident kept;

    (void)state;
    look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 0);
    kept = w->t.list[0];
    w = fresh();
    w->now = kept.last_us + 300 * S;
    corv_incident_restore(&w->t, &kept);
    corv_incident_restore(&w->t, &kept);
    assert_int_equal(w->t.count, 1);
    look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 0);
    assert_int_equal(w->opened, 0);
    look(w, CORV_CAUSE_PARTNER_AWAY, NULL, 100 * S);
    assert_int_equal(w->closed, 1);
}

static void a_clock_that_steps_back_ends_nothing_early_and_all_in_time(void **state)
{
    struct world *w = fresh();

    (void)state;
    look(w, CORV_CAUSE_PARTNER_AWAY, "raad", 0);
    corv_incident_event(&w->t, CORV_CAUSE_CONFLICT, "gi", NULL, w->now);
    look(w, CORV_CAUSE_PARTNER_AWAY, NULL, -10 * HOUR);
    corv_incidents_tick(&w->t, w->now);
    assert_int_equal(w->closed, 0);
    look(w, CORV_CAUSE_PARTNER_AWAY, NULL, 61 * S); /* not ten hours from now */
    assert_int_equal(w->closed, 1);
}

/* An operator's own patience counts, in tests that are in a hurry too. */
static void the_operator_says_how_long(void **state)
{
    struct corv_bad b = {CORV_SEVERITY_ERROR, "raad", NULL, 1, 120};
    struct world *w = fresh();

    (void)state;
    w->t.hurry = true;
    corv_incident_bad(&w->t, CORV_CAUSE_PARTNER_AWAY, &b, w->now);
    corv_incident_bad(&w->t, CORV_CAUSE_PARTNER_AWAY, &b, w->now + 119 * S);
    assert_int_equal(w->opened, 0);
    corv_incident_bad(&w->t, CORV_CAUSE_PARTNER_AWAY, &b, w->now + 120 * S);
    assert_int_equal(w->opened, 1);
}

static void every_cause_has_its_words(void **state)
{
    enum corv_cause back = CORV_CAUSES;

    (void)state;
    for (unsigned c = 0; c < CORV_CAUSES; c++) {
        assert_int_equal(corv_cause_read(corv_cause_code((enum corv_cause)c), &back), CORV_OK);
        assert_int_equal(back, c); /* no code twice */
        assert_true(strlen(corv_cause_sentence((enum corv_cause)c)) > 5);
        assert_true(strlen(corv_cause_advice((enum corv_cause)c)) > 5);
    }
    assert_int_equal(corv_cause_read("no.such", &back), CORV_E_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_outage_is_told_once_and_ends_once),
        cmocka_unit_test(a_partner_that_comes_and_goes_is_one_incident),
        cmocka_unit_test(what_lasts_is_told_again_ever_more_seldom),
        cmocka_unit_test(a_cause_that_must_last_is_not_told_before),
        cmocka_unit_test(getting_worse_is_told_at_once),
        cmocka_unit_test(one_subject_does_not_close_another),
        cmocka_unit_test(a_flood_of_events_is_one_incident),
        cmocka_unit_test(the_table_is_full_and_says_so),
        cmocka_unit_test(a_restart_neither_repeats_nor_forgets),
        cmocka_unit_test(a_clock_that_steps_back_ends_nothing_early_and_all_in_time),
        cmocka_unit_test(the_operator_says_how_long), cmocka_unit_test(every_cause_has_its_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
