/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/in_force.h"
#include "config/settings.h"

struct seen {
    char names[64][64];
    unsigned count;
};

static void note(void *ctx, const char *name)
{
    struct seen *s = ctx;

    assert_true(s->count < 64);
    (void)snprintf(s->names[s->count++], sizeof s->names[0], "%s", name);
}

static bool has(const struct seen *s, const char *name)
{
    for (unsigned i = 0; i < s->count; i++)
        if (strcmp(s->names[i], name) == 0)
            return true;
    return false;
}

/* Every byte differs, so every setting does. */
static void exactly_the_rows_that_say_so(void **state)
{
    static struct corv_config started;
    static struct corv_config fresh;
    struct seen s = {.count = 0};
    unsigned rows = 0;

    (void)state;
#define TEXT(name)   started.name = "oud", fresh.name = "nieuw"
#define NUMBER(name) started.name = 1, fresh.name = 2
    TEXT(node), TEXT(state_dir), TEXT(keys_dir), TEXT(database), TEXT(log_level),
        TEXT(listen.address);
    TEXT(admin.socket), TEXT(admin.address), TEXT(listen.certificate), TEXT(oin);
    NUMBER(workers), NUMBER(listen.port), NUMBER(admin.port), NUMBER(delivery.lease_seconds);
    NUMBER(limits.body_bytes), NUMBER(delivery.timeout_seconds);
    started.production = started.synchronous_standby = true;
    corv_config_keep_started(&started, &fresh, note, &s);
    for (unsigned i = 0; i < corv_settings_count; i++) {
        const struct corv_setting_row *row = &corv_settings[i];
        char name[64];

        if (strstr(row->place, "[]") || row->reload != CORV_RELOAD_RESTART)
            continue;
        (void)snprintf(name, sizeof name, "%s%s%s", row->place, row->place[0] ? "." : "", row->key);
        if (!has(&s, name))
            fail_msg("%s counts at start only and was not kept (or not set by this test)", name);
        rows++;
    }
    assert_int_equal(rows, s.count);
    assert_string_equal(fresh.node, "oud");
    assert_int_equal(fresh.listen.port, 1);
    assert_true(fresh.production);
    assert_string_equal(fresh.log_level, "nieuw");
    assert_string_equal(fresh.listen.certificate, "nieuw");
    assert_true(fresh.limits.body_bytes == 2);
}

static void the_same_is_not_named(void **state)
{
    struct corv_config started = {.node = "a", .state_dir = "/x", .workers = 2};
    char copy[] = "a";
    struct corv_config fresh = {.node = copy, .state_dir = "/x", .workers = 2};
    struct seen s = {.count = 0};

    (void)state;
    corv_config_keep_started(&started, &fresh, note, &s);
    assert_int_equal(s.count, 0);
    fresh.admin.socket = "/run/x"; /* was not set */
    corv_config_keep_started(&started, &fresh, note, &s);
    assert_int_equal(s.count, 1);
    assert_null(fresh.admin.socket);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_rows_that_say_so),
        cmocka_unit_test(the_same_is_not_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
