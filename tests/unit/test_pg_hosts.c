/* SPDX-License-Identifier: EUPL-1.2 */
/* Which servers a connection string names, and each of them as a string of its own. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "queue/pg_hosts.h"

static struct corv_pg_hosts *open_hosts(const char *conninfo)
{
    struct corv_pg_hosts *h = NULL;

    assert_int_equal(corv_pg_hosts_new(conninfo, &h), CORV_OK);
    return h;
}

/* What libpq makes of the string for the present place. */
static void is(const struct corv_pg_hosts *h, const char *key, const char *wanted)
{
    char *text = corv_pg_hosts_conninfo(h);
    PQconninfoOption *all = PQconninfoParse(text, NULL);
    const char *found = NULL;

    assert_non_null(all);
    for (const PQconninfoOption *o = all; o->keyword; o++)
        if (strcmp(o->keyword, key) == 0)
            found = o->val;
    if (wanted)
        assert_string_equal(found ? found : "(none)", wanted);
    else
        assert_null(found);
    PQconninfoFree(all);
    free(text);
}

static void resolve(struct corv_pg_hosts *h, const char *const *addresses, unsigned count)
{
    const struct addrinfo number = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list[8] = {NULL};

    for (unsigned i = 0; i < count; i++)
        assert_int_equal(getaddrinfo(addresses[i], NULL, &number, &list[i]), 0);
    for (unsigned i = 1; i < count; i++)
        list[i - 1]->ai_next = list[i];
    corv_pg_hosts_resolved(h, list[0]);
    for (unsigned i = 0; i < count; i++) {
        list[i]->ai_next = NULL;
        freeaddrinfo(list[i]);
    }
}

static void every_host_has_its_turn(void **state)
{
    struct corv_pg_hosts *h = open_hosts("postgresql://u:p%27w@10.0.0.1:5433,10.0.0.2:5434/corv"
                                         "?target_session_attrs=read-write&connect_timeout=3");
    char text[64];

    (void)state;
    assert_int_equal(corv_pg_hosts_count(h), 2);
    assert_int_equal(corv_pg_hosts_timeout_s(h), 3);
    assert_true(corv_pg_hosts_wants_writable(h));
    for (int round = 0; round < 2; round++) {
        is(h, "host", "10.0.0.1");
        is(h, "port", "5433");
        is(h, "password", "p'w");
        is(h, "dbname", "corv");
        is(h, "target_session_attrs", "read-write");
        assert_string_equal(corv_pg_hosts_text(h, text, sizeof text), "10.0.0.1:5433");
        assert_true(corv_pg_hosts_next(h));
        is(h, "host", "10.0.0.2");
        is(h, "port", "5434");
        assert_false(corv_pg_hosts_next(h));
        corv_pg_hosts_rewind(h);
    }
    corv_pg_hosts_free(h);
}

static void every_address_of_a_name_too(void **state)
{
    static const char *const two[] = {"192.0.2.1", "2001:db8::2"};
    struct corv_pg_hosts *h = open_hosts("host=db1,/run/pg,db2 port=5432 sslmode=verify-full");

    (void)state;
    assert_string_equal(corv_pg_hosts_name(h), "db1");
    assert_string_equal(corv_pg_hosts_port(h), "5432");
    resolve(h, two, 2);
    assert_null(corv_pg_hosts_name(h));
    is(h, "host", "db1"); /* what the certificate is compared with */
    is(h, "hostaddr", two[0]);
    assert_true(corv_pg_hosts_next(h));
    is(h, "hostaddr", two[1]);
    assert_true(corv_pg_hosts_next(h));
    assert_null(corv_pg_hosts_name(h)); /* a socket */
    is(h, "host", "/run/pg");
    is(h, "hostaddr", NULL);
    is(h, "port", "5432");
    assert_true(corv_pg_hosts_next(h));
    assert_string_equal(corv_pg_hosts_name(h), "db2");
    corv_pg_hosts_rewind(h);
    assert_string_equal(corv_pg_hosts_name(h), "db1"); /* it may have moved */
    corv_pg_hosts_free(h);
}

static void addresses_that_were_given_are_not_looked_up(void **state)
{
    struct corv_pg_hosts *h = open_hosts("host=db1,db2 hostaddr=192.0.2.1,192.0.2.2");

    (void)state;
    assert_null(corv_pg_hosts_name(h));
    is(h, "hostaddr", "192.0.2.1");
    assert_true(corv_pg_hosts_next(h));
    is(h, "host", "db2");
    is(h, "hostaddr", "192.0.2.2");
    corv_pg_hosts_free(h);
    h = open_hosts("hostaddr=192.0.2.1,192.0.2.2");
    assert_int_equal(corv_pg_hosts_count(h), 2);
    is(h, "host", NULL);
    corv_pg_hosts_free(h);
}

static void what_libpq_finds_itself_is_left_to_it(void **state)
{
    struct corv_pg_hosts *h = open_hosts("service=corv");

    (void)state;
    assert_int_equal(corv_pg_hosts_count(h), 1);
    assert_null(corv_pg_hosts_name(h));
    assert_false(corv_pg_hosts_wants_writable(h));
    is(h, "service", "corv");
    is(h, "host", NULL);
    is(h, "port", NULL);
    corv_pg_hosts_free(h);
}

static void nonsense_and_too_much_are_refused(void **state)
{
    struct corv_pg_hosts *h = NULL;

    (void)state;
    assert_int_equal(corv_pg_hosts_new("host=a nonsense", &h), CORV_E_INVALID);
    assert_int_equal(corv_pg_hosts_new("host=a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", &h), CORV_E_LIMIT);
    assert_null(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_host_has_its_turn),
        cmocka_unit_test(every_address_of_a_name_too),
        cmocka_unit_test(addresses_that_were_given_are_not_looked_up),
        cmocka_unit_test(what_libpq_finds_itself_is_left_to_it),
        cmocka_unit_test(nonsense_and_too_much_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
