/* SPDX-License-Identifier: EUPL-1.2 */
/* A primary of before a fail-over is known by its timeline, also after a restart. The fail-over
 * itself: tests/path/test_f21_failover.py. */
#include <sys/stat.h>
#include <unistd.h>

#include "queue/primary.h"
#include "queue/queue.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_folder.h"
#include "tests/unit/inspect_fixture.h"

static char dir[TEST_FOLDER];

static int up(void **state)
{
    (void)fixture_db(state);
    (void)test_folder_new(dir, "primary");
    return 0;
}

static int down(void **state)
{
    test_folder_remove(dir);
    return fixture_db_end(state);
}

static struct corv_primary here(void)
{
    return (struct corv_primary){db_number("SELECT system_identifier FROM pg_control_system()"),
        db_number("SELECT timeline FROM corv.place()")};
}

static void only_a_lower_timeline_of_the_same_cluster_is_former(void **state)
{
    const struct corv_primary known = {7, 3};
    const struct {
        struct corv_primary seen;
        bool former;
    } rows[] = {{{7, 2}, true}, {{7, 3}, false}, {{7, 4}, false}, {{8, 1}, false}, {{7, 0}, false},
        {{0, 0}, false}};
    const struct corv_primary nothing = {0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(corv_primary_is_former(&known, &rows[i].seen), rows[i].former);
    assert_false(corv_primary_is_former(&nothing, &known));
}

static void the_file_keeps_what_it_was_told(void **state)
{
    static const char *const damaged[] = {"", "7 3\n", "# corvd primary\n", "# corvd primary\n7\n",
        "# corvd primary\n7 x\n", "# corvd primary\n7 0\n", "# corvd primary\n7 3"};
    const struct corv_primary p = {INT64_MAX, 12};
    struct corv_primary found;
    char path[128];
    struct stat st;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/" CORV_PRIMARY_FILE, dir);
    assert_int_equal(corv_primary_read(dir, &found), CORV_E_NOTFOUND);
    assert_int_equal(corv_primary_write(dir, &p), CORV_OK);
    assert_int_equal(corv_primary_read(dir, &found), CORV_OK);
    assert_true(corv_primary_same(&p, &found));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(damaged[i], f) >= 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(corv_primary_read(dir, &found), CORV_E_INVALID);
        assert_true(found.system == 0 && found.timeline == 0);
    }
}

static void the_first_that_will_do_is_found(void **state)
{
    struct corv_primary known = here();
    char both[300];
    char *place = NULL;

    (void)state;
    fault = (struct corv_fault){0};
    assert_true(known.system != 0 && known.timeline == 1);
    (void)snprintf(
        both, sizeof both, "host=/nonexistent,%s %s", test_pg_dir(db_server), strstr(db, "user="));
    assert_int_equal(corv_primary_find(both, &known, &place, &fault), CORV_OK);
    assert_non_null(strstr(place, test_pg_dir(db_server)));
    assert_null(strstr(place, "nonexistent"));
    assert_int_equal(fault.cls, CORV_FAULT_NONE);
    free(place);
    known.timeline = 2; /* it was promoted elsewhere */
    assert_int_equal(corv_primary_find(both, &known, &place, &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "store.old-primary");
    assert_null(place);
    fault = (struct corv_fault){0};
    assert_int_equal(
        corv_primary_find("host=/nonexistent dbname=x", &known, &place, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "store.unreachable");
    fault = (struct corv_fault){0};
}

static void a_queue_stays_away_from_a_former_one(void **state)
{
    struct corv_primary known = here();
    char *info = db_another(); /* a queue migrates it by itself */
    struct kit k;

    (void)state;
    known.timeline++;
    kit_open(
        &k, (struct corv_queue_options){.conninfo = info, .node = "een", .primary = known}, false);
    kit_run_ms(&k, 1500);
    assert_false(k.connected);
    assert_int_equal(test_pg_number(info, "SELECT count(*) FROM corv.audit_chain"), 0);
    kit_close(&k);
    kit_open(&k, (struct corv_queue_options){.conninfo = info, .node = "een"}, true);
    known = corv_queue_primary(k.q);
    assert_int_equal(known.timeline, 1);
    assert_false(corv_queue_synchronous(k.q));
    kit_close(&k);
    free(info);
}

static void who_requires_a_standby_does_not_work_without(void **state)
{
    char *info = db_another(); /* a queue migrates it by itself */
    struct kit k;

    (void)state;
    kit_open(&k,
        (struct corv_queue_options){.conninfo = info, .node = "een", .require_standby = true},
        false);
    kit_run_ms(&k, 1500);
    assert_false(k.connected);
    kit_close(&k);
    free(info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_lower_timeline_of_the_same_cluster_is_former),
        cmocka_unit_test_setup_teardown(the_file_keeps_what_it_was_told, up, down),
        cmocka_unit_test_setup_teardown(the_first_that_will_do_is_found, up, down),
        cmocka_unit_test_setup_teardown(a_queue_stays_away_from_a_former_one, up, down),
        cmocka_unit_test_setup_teardown(who_requires_a_standby_does_not_work_without, up, down),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
