/* SPDX-License-Identifier: EUPL-1.2 */
/* Each behaviour of the loopback adapter, through the host. */
#include "tests/abi/rig.h"

static const struct {
    const char *address;
    enum corv_outcome_class cls;
    const char *code;
} rows[] = {
    {"loopback:ok", CORV_DELIVERED, "loopback.ok"},
    {"loopback:soon", CORV_DELIVERED, "loopback.ok"},
    {"loopback:slow-30", CORV_DELIVERED, "loopback.ok"},
    {"loopback:twice", CORV_DELIVERED, "loopback.ok"},
    {"loopback:later", CORV_LATER, "loopback.later"},
    {"loopback:refuse", CORV_REFUSED, "loopback.refused"},
    {"loopback:unreadable", CORV_UNREADABLE, "loopback.unreadable"},
    {"loopback:crash", CORV_LATER, "loopback.address"}, /* not allowed to */
    {"loopback:slow-", CORV_LATER, "loopback.address"},
    {"loopback:slow-1x", CORV_LATER, "loopback.address"},
    {"loopback:dansen", CORV_LATER, "loopback.address"},
    {"https://ergens.example/", CORV_DELIVERED, "loopback.ok"}, /* the setting decides */
};

static void does_what_the_address_says(void **state)
{
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {0};

        rig_deliver(&rig, "loopback", rows[i].address, &r);
        assert_string_equal(r.outcome.code, rows[i].code);
        assert_int_equal(r.outcome.cls, rows[i].cls);
        assert_int_equal(r.dones, 1);
        assert_int_equal(r.releases, 1);
    }
    struct corv_host_stats s = rig_stats(&rig, "loopback");

    assert_int_equal(s.delivered, 5);
    assert_int_equal(s.later, 5);
    assert_int_equal(s.refused, 1);
    assert_int_equal(s.unreadable, 1);
    assert_int_equal(s.twice, 1);
    assert_int_equal(s.in_flight, 0);
    rig_close(&rig, 1000);
}

static void late_comes_after_the_host_gave_up(void **state)
{
    const struct corv_outgoing_spec spec = rig_spec("loopback:late", corv_view_str("x"));
    struct result r = {0};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
    assert_int_equal(rig_send(&rig, "loopback", &spec, 20, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 1, 10000));
    assert_string_equal(r.outcome.code, "deliver.timeout");
    assert_int_equal(r.releases, 0); /* the adapter still has it */
    assert_int_equal(rig_stats(&rig, "loopback").silent, 1);
    assert_true(rig_until(&rig, &r.releases, 1, 10000));
    assert_int_equal(r.dones, 1);
    assert_int_equal(rig_stats(&rig, "loopback").late, 1);
    assert_int_equal(rig_stats(&rig, "loopback").silent, 0);
    rig_close(&rig, 1000);
}

static void a_cancelled_slow_one_gives_the_message_back(void **state)
{
    const struct corv_outgoing_spec spec = rig_spec("loopback:slow-60000", corv_view_str("x"));
    struct result r = {0};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "loopback", "builtin:loopback", NULL, 0, &f), CORV_OK);
    int64_t began = corv_clock_mono_us();

    assert_int_equal(rig_send(&rig, "loopback", &spec, 20, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.releases, 1, 10000));
    assert_true(corv_clock_mono_us() - began < 900000); /* without waiting for the grace */
    assert_string_equal(r.outcome.code, "deliver.timeout");
    assert_int_equal(rig_stats(&rig, "loopback").late, 0);
    rig_close(&rig, 1000);
}

static void an_unknown_behaviour_is_refused(void **state)
{
    const struct corv_host_setting s[] = {{"behaviour", "dansen"}};
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "loopback", "builtin:loopback", s, 1, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.check");
    assert_non_null(strstr(f.text, "behaviour"));
    rig_close(&rig, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_the_address_says),
        cmocka_unit_test(late_comes_after_the_host_gave_up),
        cmocka_unit_test(a_cancelled_slow_one_gives_the_message_back),
        cmocka_unit_test(an_unknown_behaviour_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
