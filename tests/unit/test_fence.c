/* SPDX-License-Identifier: EUPL-1.2 */
/* Which database is this? And from an older one nothing goes out. */
#include <sys/stat.h>
#include <unistd.h>

#include "queue/fence.h"
#include "queue/seal.h"
#include "tests/support/test_folder.h"
#include "tests/unit/inspect_fixture.h"

static char dir[TEST_FOLDER];
static struct corv_keeper *keeper;

static int up(void **state)
{
    (void)fixture_db(state);
    (void)test_folder_new(dir, "fence");
    assert_int_equal(corv_keeper_open(db, "een", NULL, &keeper, &fault), CORV_OK);
    return 0;
}

static int down(void **state)
{
    corv_keeper_close(keeper);
    test_folder_remove(dir);
    return fixture_db_end(state);
}

static enum corv_fence_verdict verdict(void)
{
    enum corv_fence_verdict v = CORV_FENCE_FIRST;
    corv_rc rc = corv_fence_check(keeper, dir, &v, &fault);

    if (rc != CORV_OK)
        fail_msg("%s %s", fault.code, fault.text);
    return v;
}

static uint64_t accept(void)
{
    uint64_t held = 0;
    corv_rc rc = corv_fence_accept(keeper, dir, verdict(), corv_clock_us(), &held, &fault);

    if (rc != CORV_OK)
        fail_msg("%s %s", fault.code, fault.text);
    return held;
}

static void line(const char *chain)
{
    struct corv_act act;
    const struct corv_queue_event e = {.event = "x", .actor = "node:een"};

    assert_int_equal(corv_act_begin_on(keeper->i, &act, chain, corv_clock_us(), &fault), CORV_OK);
    assert_int_equal(corv_act_end(&act, corv_act_append(&act, &e)), CORV_OK);
}

static void write_text(const char *text)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/" CORV_FENCE_FILE, dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void the_file_keeps_what_it_was_told(void **state)
{
    struct corv_fence a = {.count = 0};
    struct corv_fence b;
    struct corv_digest one = {{1, 2, 255}};
    char path[128];
    struct stat st;

    (void)state;
    assert_int_equal(corv_fence_read(dir, &b), CORV_E_NOTFOUND);
    corv_fence_set(&a, "node:een", 7, &one);
    corv_fence_set(&a, "operator", 8, &one);
    one.b[0] = 9;
    corv_fence_set(&a, "node:een", INT64_MAX, &one);
    assert_int_equal(corv_fence_write(dir, &a), CORV_OK);
    assert_int_equal(corv_fence_read(dir, &b), CORV_OK);
    assert_int_equal(b.count, 2);
    assert_string_equal(b.marks[0].chain, "node:een");
    assert_true(b.marks[0].seq == INT64_MAX);
    assert_memory_equal(b.marks[0].hash.b, one.b, CORV_DIGEST);
    (void)snprintf(path, sizeof path, "%s/" CORV_FENCE_FILE, dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_damaged_file_is_no_memory(void **state)
{
    static const char *const texts[] = {"", "onzin\n", "node:een 5\n", "node:een 5 abcd\n",
        "node:een x 0000000000000000000000000000000000000000000000000000000000000000\n",
        "node:een 5 zz00000000000000000000000000000000000000000000000000000000000000\n"};
    struct corv_fence f;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(texts[i]);
        if (corv_fence_read(dir, &f) != CORV_E_INVALID)
            fail_msg("%s", texts[i]);
        assert_int_equal(verdict(), CORV_FENCE_LOST); /* to be on the safe side */
    }
}

static void a_new_installation_is_the_first(void **state)
{
    (void)state;
    assert_int_equal(verdict(), CORV_FENCE_FIRST);
    assert_int_equal(accept(), 0);
    line("node:twee"); /* a new node beside others */
    line("node:een");  /* and our first message, and a crash right after it */
    fixture_traffic();
    assert_int_equal(verdict(), CORV_FENCE_SAME);
    assert_int_equal(accept(), 0);
    assert_true(db_number("SELECT count(*) FROM corv.delivery WHERE state = 0") > 0);
}

static void the_same_database_goes_on(void **state)
{
    (void)state;
    line("node:een");
    line("operator");
    assert_int_equal(verdict(), CORV_FENCE_LOST);
    (void)accept();
    fixture_traffic();
    assert_int_equal(verdict(), CORV_FENCE_SAME);
    line("node:een"); /* more than is remembered: it died before it could write */
    assert_int_equal(verdict(), CORV_FENCE_SAME);
    assert_int_equal(accept(), 0);
    test_pg_exec(db, "INSERT INTO corv.audit_skeleton SELECT chain, seq, at, '\\x00', hash"
                     " FROM corv.audit; DELETE FROM corv.audit");
    assert_int_equal(verdict(), CORV_FENCE_SAME); /* forgotten is not gone back */
}

static void an_older_database_is_held(void **state)
{
    (void)state;
    line("node:een");
    line("node:een");
    (void)accept();
    fixture_traffic();
    test_pg_exec(db, "DELETE FROM corv.audit WHERE seq = 2; UPDATE corv.audit_head h SET seq = 1,"
                     " hash = a.hash FROM corv.audit a WHERE h.chain = a.chain AND a.seq = 1"
                     " AND a.chain = (SELECT chain FROM corv.audit_chain WHERE name = 'node:een')");
    assert_int_equal(verdict(), CORV_FENCE_OLDER);
    assert_int_equal(accept(), 3); /* waiting, on a lease, on a lease that had ended */
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 0"), 0);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 1"
                               " AND owner IS NULL"
                               " AND held_code = '" CORV_FENCE_CODE "'"),
        3);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 2"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE event ="
                               " 'delivery.held'"),
        3);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit WHERE event ="
                               " 'database.restored' AND code = 'fence.older'"
                               " AND detail LIKE '%\"known_seq\":2,%'"),
        1);
    assert_int_equal(verdict(), CORV_FENCE_SAME); /* from here on this is the truth */
}

static void the_same_length_with_other_lines_is_older(void **state)
{
    (void)state;
    line("node:een");
    (void)accept();
    test_pg_exec(db, "DELETE FROM corv.audit; UPDATE corv.audit_head SET seq = 0,"
                     " hash = decode(repeat('00', 32), 'hex')");
    line("node:een");
    assert_int_equal(verdict(), CORV_FENCE_OLDER);
}

static void an_empty_database_is_older_than_our_memory(void **state)
{
    struct corv_fence f = {.count = 0};

    (void)state;
    corv_fence_set(&f, "node:een", 7, &(struct corv_digest){{1}});
    assert_int_equal(corv_fence_write(dir, &f), CORV_OK);
    assert_int_equal(verdict(), CORV_FENCE_OLDER);
    assert_int_equal(accept(), 0);
}

/* A seal at the end of the day, on a database that was put back meanwhile, must not make corvd
 * forget what it knows. */
static void sealing_an_older_database_is_refused(void **state)
{
    static const struct corv_seal_head read_it = {.chain = 0};
    struct corv_signer *signer = NULL;
    struct corv_fence f;
    unsigned sealed = 0;

    (void)state;
    line("node:een");
    (void)accept();
    assert_int_equal(corv_fence_read(dir, &f), CORV_OK);
    test_pg_exec(db, "DELETE FROM corv.audit; UPDATE corv.audit_head SET seq = 0,"
                     " hash = decode(repeat('00', 32), 'hex')");
    line("node:een");
    line("node:een");
    assert_int_equal(corv_signer_open(dir, &signer, &fault), CORV_OK);
    assert_int_equal(
        corv_seal_heads(keeper, signer, &read_it, 1, &f, &sealed, &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "fence.older");
    corv_signer_close(signer);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit_seal"), 0);
    assert_int_equal(f.marks[0].seq, 1);
    assert_int_equal(corv_fence_write(dir, &f), CORV_OK);
    assert_int_equal(verdict(), CORV_FENCE_OLDER);
}

static void many_are_held_in_portions(void **state)
{
    (void)state;
    line("node:een");
    test_pg_exec(db, "INSERT INTO corv.delivery (message_id, no, route, party, priority, state,"
                     " due_at, created_at) SELECT gen_random_uuid(), 1, 'r', 'raad', 5, 0, now(),"
                     " now() FROM generate_series(1, 1201)");
    assert_int_equal(accept(), 1201);
    assert_int_equal(db_number("SELECT count(*) FROM corv.delivery WHERE state = 1"), 1201);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_file_keeps_what_it_was_told),
        CASE(a_damaged_file_is_no_memory),
        CASE(a_new_installation_is_the_first),
        CASE(the_same_database_goes_on),
        CASE(an_older_database_is_held),
        CASE(the_same_length_with_other_lines_is_older),
        CASE(an_empty_database_is_older_than_our_memory),
        CASE(sealing_an_older_database_is_refused),
        CASE(many_are_held_in_portions),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
