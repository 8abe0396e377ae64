/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings that matter when corvd runs as a service, and those that real messages forbid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tests/unit/test_config_support.h"

static struct support_folder folder;

static int up(void **state)
{
    (void)state;
    support_open(&folder);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    return 0;
}

static int down(void **state)
{
    (void)state;
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    support_close(&folder);
    return 0;
}

/* The codes of the findings, in order, with spaces between. */
static const char *codes(const char *text, corv_rc expected)
{
    static char all[1000];
    struct corv_config *c = NULL;
    struct corv_findings f;

    corv_findings_init(&f);
    assert_int_equal(corv_config_read(folder.file, corv_view_str(text), &c, &f), expected);
    all[0] = '\0';
    for (size_t i = 0; i < f.count; i++) {
        if (strcmp(f.list[i].code, "config.no-routes") == 0)
            continue; /* none of these has any */
        size_t used = strlen(all);

        (void)snprintf(all + used, sizeof all - used, "%s%s", used ? " " : "", f.list[i].code);
    }
    corv_config_free(c);
    corv_findings_free(&f);
    return all;
}

#define KEY_BY_SYSTEMD                                                                             \
    "listen:\n  certificate: tls/corvd.pem\n  key: credential:corvd.key\n"                         \
    "  client_ca: tls/clients-ca.pem\n"

static void a_credential_is_a_file_of_the_service(void **state)
{
    struct corv_config *c = NULL;
    char tls[160];
    char expected[200];

    (void)state;
    support_name(&folder, "", tls);
    tls[strlen(tls) - 1] = '\0';
    (void)setenv("CREDENTIALS_DIRECTORY", tls, 1);
    (void)snprintf(expected, sizeof expected, "%s/corvd.key", tls);
    c = support_load(&folder,
        KEY_BY_SYSTEMD "adapters:\n  - name: eigen\n    library: /usr/lib/x.so\n    settings:\n"
                       "      - {key: sleutel, value: \"credential:corvd.key\"}\n"
                       "      - {key: map, value: /srv/x}\n");
    assert_string_equal(c->listen.key, expected);
    assert_string_equal(c->adapters[0].settings[0].value, expected);
    assert_string_equal(c->adapters[0].settings[1].value, "/srv/x");
    corv_config_free(c);
    (void)setenv("CREDENTIALS_DIRECTORY", folder.path, 1);
    assert_string_equal(codes(KEY_BY_SYSTEMD, CORV_E_INVALID), "config.file-missing");
}

/* corvctl has no credentials; it must not call the configuration wrong for that. */
static void elsewhere_it_is_only_hidden(void **state)
{
    struct corv_config *c = NULL;

    (void)state;
    assert_string_equal(codes(KEY_BY_SYSTEMD, CORV_OK), "config.credential-hidden");
    c = support_load(&folder, KEY_BY_SYSTEMD);
    assert_string_equal(c->listen.key, "/run/credentials/corvd.service/corvd.key");
    corv_config_free(c);
}

static void a_credential_cannot_lead_elsewhere(void **state)
{
    static const char *const names[] = {"", "../x", "a/b", ".", "..", ".x", "a b", "a'b"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[300];

        (void)snprintf(text, sizeof text,
            "listen:\n  certificate: tls/corvd.pem\n  key: \"credential:%s\"\n"
            "  client_ca: tls/clients-ca.pem\n",
            names[i]);
        assert_string_equal(codes(text, CORV_E_INVALID), "config.bad-credential");
    }
}

static void a_node_cannot_pose_as_a_person(void **state)
{
    (void)state;
    assert_string_equal(
        codes("node: operator\n" SUPPORT_LISTEN, CORV_E_INVALID), "config.reserved-node");
    assert_string_equal(codes("node: operator1\n" SUPPORT_LISTEN, CORV_OK), "");
}

#define WITH_LOOPBACK SUPPORT_LISTEN "adapters:\n  - name: lus\n    library: builtin:loopback\n"

static void the_simulator_is_not_for_real_messages(void **state)
{
    (void)state;
    assert_string_equal(
        codes("production: true\n" WITH_LOOPBACK, CORV_E_INVALID), "config.test-adapter");
    assert_string_equal(codes("production: false\n" WITH_LOOPBACK, CORV_OK), "");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(a_credential_is_a_file_of_the_service),
        CASE(elsewhere_it_is_only_hidden),
        CASE(a_credential_cannot_lead_elsewhere),
        CASE(a_node_cannot_pose_as_a_person),
        CASE(the_simulator_is_not_for_real_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
