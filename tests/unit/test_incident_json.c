/* SPDX-License-Identifier: EUPL-1.2 */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
// clang-format on

#include "daemon/incident_json.h"

#define NOW INT64_C(1790000000000000)

static struct corv_incidents full(void)
{
    const struct corv_bad away = {CORV_SEVERITY_ERROR, "raad", "connect.refused", 17, 0};
    const struct corv_bad cert = {CORV_SEVERITY_NOTICE, "listen.certificate", NULL, 80, 0};
    const struct corv_bad suspect = {CORV_SEVERITY_ERROR, "", NULL, 0, 0};
    struct corv_incidents t = {.count = 0};

    corv_incident_bad(&t, CORV_CAUSE_CERTIFICATE, &cert, NOW - 5);
    corv_incident_bad(&t, CORV_CAUSE_PARTNER_AWAY, &away, NOW - 9);
    corv_incident_bad(&t, CORV_CAUSE_PARTNER_AWAY, &away, NOW - 3);
    corv_incident_bad(&t, CORV_CAUSE_DATABASE_AWAY, &suspect, NOW); /* not an alarm yet */
    return t;
}

static void what_is_written_is_read_back(void **state)
{
    struct corv_incidents t = full();
    struct corv_incidents back = {.count = 0};
    char *text = corv_incidents_json(&t);
    const struct corv_incident *i;

    (void)state;
    assert_non_null(text);
    assert_true(strstr(text, "partner.unreachable:raad") < strstr(text, "listen.certificate"));
    assert_int_equal(corv_incidents_take(&back, text, strlen(text), NOW), CORV_OK);
    assert_int_equal(back.count, 2);
    i = corv_incident_find(&back, CORV_CAUSE_PARTNER_AWAY, "raad");
    assert_non_null(i);
    assert_int_equal(i->state, CORV_INCIDENT_OPEN);
    assert_int_equal(i->severity, CORV_SEVERITY_ERROR);
    assert_string_equal(i->code, "connect.refused");
    assert_int_equal(i->value, 17);
    assert_int_equal(i->since_us, NOW - 9);
    assert_int_equal(i->last_us, NOW - 3);
    assert_int_equal(i->told, 1);
    i = corv_incident_find(&back, CORV_CAUSE_CERTIFICATE, "listen.certificate");
    assert_int_equal(i->severity, CORV_SEVERITY_NOTICE);
    free(text);
}

static void what_is_not_ours_is_left_out(void **state)
{
    static const char *const wrong[] = {"", "{", "[]", "null", "{\"incidents\":3}",
        "{\"incidents\":[3]}", "{\"incidents\":[{}]}", "{\"incidents\":[],\"incidents\":[]}"};
    static const char head[] = "{\"incidents\":[{\"cause\":\"%s\",\"subject\":\"%s\",\"severity\":"
                               "\"error\",\"code\":\"\",\"value\":%s,\"times\":0,\"since_us\":1,"
                               "\"last_us\":1,\"told_us\":1,\"told\":1}]}";
    static const struct {
        const char *cause, *subject, *value;
        size_t count;
    } rows[] = {{"disk.low", "", "5", 1}, {"no.such", "", "5", 0}, {"disk.low", "a b", "5", 0},
        {"disk.low", "x\\n", "5", 0}, {"disk.low", "", "-1", 0}, {"disk.low", "", "1.5", 0},
        {"disk.low",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaa"
            "aaa",
            "5", 0}};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct corv_incidents t = {.count = 0};

        assert_int_equal(corv_incidents_take(&t, wrong[i], strlen(wrong[i]), NOW), CORV_E_INVALID);
        assert_int_equal(t.count, 0);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct corv_incidents t = {.count = 0};
        corv_rc rc;

        (void)snprintf(text, sizeof text, head, rows[i].cause, rows[i].subject, rows[i].value);
        rc = corv_incidents_take(&t, text, strlen(text), NOW);
        assert_int_equal(t.count, rows[i].count);
        assert_int_equal(rc, rows[i].count ? CORV_OK : CORV_E_INVALID);
    }
}

static void a_file_keeps_it(void **state)
{
    char dir[] = "/tmp/corv-incidents-XXXXXX";
    char path[64];
    struct corv_incidents t = full();
    struct corv_incidents back = {.count = 0};
    char *text = corv_incidents_json(&t);
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(corv_incidents_load(&back, dir, NOW), CORV_E_NOTFOUND);
    assert_int_equal(corv_incidents_save(dir, text), CORV_OK);
    assert_int_equal(corv_incidents_load(&back, dir, NOW), CORV_OK);
    assert_int_equal(back.count, 2);
    (void)snprintf(path, sizeof path, "%s/" CORV_INCIDENTS_FILE, dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, CORV_INCIDENTS_BYTES + 1), 0);
    assert_int_equal(corv_incidents_load(&back, dir, NOW), CORV_E_INVALID);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(corv_incidents_load(&back, dir, NOW), CORV_E_INVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(corv_incidents_save(dir, text), CORV_E_IO);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(what_is_not_ours_is_left_out), cmocka_unit_test(a_file_keeps_it)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
