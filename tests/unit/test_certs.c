/* SPDX-License-Identifier: EUPL-1.2 */
/* The steps towards the end; files are looked at in test_tls.c and test_a10_reload.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/certs.h"

static unsigned of(unsigned certificates, int days)
{
    const struct corv_tls_file f = {
        .certificates = certificates, .lists = certificates ? 0 : 1, .days = days};

    return corv_cert_step(&f);
}

static void certificates_are_told_of_in_five_steps(void **state)
{
    static const struct {
        int days;
        unsigned step;
    } cases[] = {{400, 0}, {90, 0}, {89, 1}, {60, 1}, {59, 2}, {30, 2}, {29, 3}, {7, 3}, {6, 4},
        {0, 4}, {-1, 5}, {-400, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(of(1, cases[i].days), cases[i].step);
}

/* One that is made anew each day would be an alarm all its life. */
static void lists_are_short_lived(void **state)
{
    (void)state;
    assert_int_equal(of(0, 7), 0);
    assert_int_equal(of(0, 1), 0);
    assert_int_equal(of(0, 0), 4);
    assert_int_equal(of(0, -1), 5);
}

static void good_is_what_needs_nobody(void **state)
{
    struct corv_cert c = {.readable = true, .file = {.certificates = 1, .days = 30}};

    (void)state;
    assert_true(corv_cert_good(&c));
    c.file.days = 29;
    assert_false(corv_cert_good(&c));
    c.file = (struct corv_tls_file){.lists = 1, .days = 2};
    assert_true(corv_cert_good(&c));
    c.file.days = 0;
    assert_false(corv_cert_good(&c));
    c = (struct corv_cert){.file = {.certificates = 1, .days = 300}};
    assert_false(corv_cert_good(&c)); /* unreadable */
}

static void a_listener_of_an_adapter_has_certificates_too(void **state)
{
    struct corv_setting settings[] = {{"listen_certificate", "/a.pem"}, {"listen_key", "/a.key"},
        {"listen_client_ca", "/b.pem"}, {"listen_client_crl", "/c.pem"}, {"ca", "/b.pem"}};
    struct corv_adapter_entry adapter = {.name = "dai", .settings = settings, .settings_count = 5};
    const struct corv_config c = {.adapters = &adapter, .adapters_count = 1};
    struct corv_cert certs[CORV_CERTS_MAX];

    (void)state;
    assert_int_equal(corv_certs_of(&c, certs), 3); /* no key, and each file once */
    assert_string_equal(certs[0].path, "/a.pem");
    assert_string_equal(certs[1].path, "/b.pem");
    assert_string_equal(certs[2].path, "/c.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_told_of_in_five_steps),
        cmocka_unit_test(lists_are_short_lived),
        cmocka_unit_test(good_is_what_needs_nobody),
        cmocka_unit_test(a_listener_of_an_adapter_has_certificates_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
