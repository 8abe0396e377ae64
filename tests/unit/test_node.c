/* SPDX-License-Identifier: EUPL-1.2 */
/* Who may work on a database, by the keys it has. Two daemons: tests/path/test_f20_nodes.py. */
#include <sys/stat.h>
#include <unistd.h>

#include "queue/node.h"
#include "queue/vault.h"
#include "tests/support/test_folder.h"
#include "tests/unit/inspect_fixture.h"

static char base[TEST_FOLDER];
static struct corv_vault *shared, *own;

static struct corv_vault *vault_in(const char *name)
{
    struct corv_vault *v = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", base, name);
    assert_int_equal(corv_vault_open(path, &v, &fault), CORV_OK);
    return v;
}

static int up(void **state)
{
    (void)fixture_db(state);
    (void)test_folder_new(base, "node");
    shared = vault_in("shared");
    own = vault_in("own");
    return 0;
}

static int down(void **state)
{
    corv_vault_close(shared);
    corv_vault_close(own);
    test_folder_remove(base);
    return fixture_db_end(state);
}

static corv_rc enter_apart(const char *name, struct corv_vault *v, bool apart)
{
    struct corv_keeper *k = NULL;
    corv_rc rc;

    fault = (struct corv_fault){0};
    assert_int_equal(corv_keeper_open(db, name, v, &k, &fault), CORV_OK);
    rc = corv_node_enter(k, apart, &fault);
    corv_keeper_close(k);
    return rc;
}

static corv_rc enter(const char *name, struct corv_vault *v)
{
    return enter_apart(name, v, false);
}

static void leave(const char *name)
{
    struct corv_keeper *k = NULL;

    assert_int_equal(corv_keeper_open(db, name, shared, &k, &fault), CORV_OK);
    assert_int_equal(corv_node_leave(k, &fault), CORV_OK);
    corv_keeper_close(k);
}

static void a_folder_keeps_its_identity(void **state)
{
    struct corv_vault *again = vault_in("shared");
    char path[128];
    FILE *f;

    (void)state;
    assert_string_equal(corv_vault_house(again), corv_vault_house(shared));
    assert_string_not_equal(corv_vault_house(own), corv_vault_house(shared));
    assert_int_equal(strlen(corv_vault_house(own)), 32);
    corv_vault_close(again);
    (void)snprintf(path, sizeof path, "%s/shared/house", base);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs("geen identiteit\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(path, sizeof path, "%s/shared", base);
    fault = (struct corv_fault){0};
    assert_int_equal(corv_vault_open(path, &again, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "vault.house");
}

static void fellows_need_the_same_keys(void **state)
{
    (void)state;
    assert_int_equal(enter("een", shared), CORV_OK);
    assert_int_equal(enter("twee", shared), CORV_OK);
    assert_int_equal(enter("een", shared), CORV_OK); /* again, after a restart */
    assert_int_equal(enter("drie", own), CORV_E_STATE);
    assert_string_equal(fault.code, "node.other-keys");
    assert_int_equal(fault.cls, CORV_FAULT_SETTINGS);
    assert_int_equal(db_number("SELECT count(*) FROM corv.node"), 2);
    assert_int_equal(enter("twee", own), CORV_E_STATE); /* een is there */
}

static void alone_one_may_begin_anew(void **state)
{
    (void)state;
    assert_int_equal(enter("een", shared), CORV_OK);
    assert_int_equal(
        enter("een", own), CORV_OK); /* the state folder was lost: queue/fence.h holds */
    /* in a folder of its own it cannot be lost together with the state folder: not mounted? */
    assert_int_equal(enter_apart("een", shared, true), CORV_E_STATE);
    assert_string_equal(fault.code, "node.other-keys");
    assert_non_null(strstr(fault.text, "gekoppeld"));
    assert_int_equal(enter_apart("een", own, true), CORV_OK);
}

static void only_a_silent_node_is_forgotten(void **state)
{
    struct corv_inspect *i = NULL;
    struct corv_node_info *list = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(enter("een", shared), CORV_OK);
    assert_int_equal(corv_inspect_open(db, &i, &fault), CORV_OK);
    assert_int_equal(corv_node_forget(i, "een", "operator:x@y", &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "node.alive");
    leave("een");
    assert_int_equal(corv_node_list(i, &list, &count, &fault), CORV_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "een");
    assert_string_equal(list[0].version, CORV_VERSION);
    assert_string_equal(list[0].keys, corv_vault_house(shared));
    assert_true(list[0].stopped[0]);
    corv_inspect_free(list);
    fault = (struct corv_fault){0};
    assert_int_equal(corv_node_forget(i, "een", "operator:x@y", &fault), CORV_OK);
    assert_int_equal(db_number("SELECT count(*) FROM corv.node"), 0);
    assert_int_equal(
        db_number("SELECT count(*) FROM corv.audit WHERE event = 'node.forgotten'"), 1);
    assert_int_equal(corv_node_forget(i, "een", "operator:x@y", &fault), CORV_E_STATE);
    assert_int_equal(enter("drie", own), CORV_OK);
    corv_inspect_close(i);
}

static void it_is_told_whether_a_standby_is_waited_for(void **state)
{
    struct corv_inspect *i = NULL;
    struct corv_house_info house;

    (void)state;
    assert_int_equal(corv_inspect_open(db, &i, &fault), CORV_OK);
    assert_int_equal(corv_node_house(i, &house, &fault), CORV_OK);
    assert_false(house.synchronous);
    assert_int_equal(house.timeline, 0); /* no daemon has been here */
    assert_string_equal(house.moved, "");
    corv_inspect_close(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_keeps_its_identity, up, down),
        cmocka_unit_test_setup_teardown(fellows_need_the_same_keys, up, down),
        cmocka_unit_test_setup_teardown(alone_one_may_begin_anew, up, down),
        cmocka_unit_test_setup_teardown(only_a_silent_node_is_forgotten, up, down),
        cmocka_unit_test_setup_teardown(it_is_told_whether_a_standby_is_waited_for, up, down),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
