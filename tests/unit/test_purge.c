/* SPDX-License-Identifier: EUPL-1.2 */
/* What goes, when it goes, what stays, and what is left to prove it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "queue/purge.h"
#include "tests/support/queue_kit.h"
#include "tests/support/test_db.h"
#include "tests/support/test_folder.h"

#define HOUR_US INT64_C(3600000000)
#define MIN_US  INT64_C(60000000)
#define TEXT    "<bericht>Proefkonijn</bericht>"
/* long enough to be packed before it is sealed */
#define LONG TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT TEXT

static char base[TEST_FOLDER];
static char keys[80];
static struct corv_vault *vault;
static struct corv_keeper *keeper;
static struct corv_purge_report report;
static struct corv_fault fault;

static int up(void **state)
{
    (void)db_up(state);
    (void)test_folder_new(base, "purge");
    (void)snprintf(keys, sizeof keys, "%s/keys", base);
    fault = (struct corv_fault){0};
    assert_int_equal(corv_vault_open(keys, &vault, NULL), CORV_OK);
    assert_int_equal(corv_keeper_open(db, "een", vault, &keeper, &fault), CORV_OK);
    return 0;
}

static int down(void **state)
{
    corv_keeper_close(keeper);
    corv_vault_close(vault);
    corv_clock_shift_us(0);
    test_folder_remove(base);
    return db_down(state);
}

/* ---- messages ----------------------------------------------------------------------------- */

/* A time on a whole hour, so that "half an hour ago" is always in the hour we mean. */
static int64_t noon(void)
{
    return corv_clock_us() / HOUR_US * HOUR_US;
}

static void at(int64_t us)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    corv_clock_shift_us(us - ((int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000));
}

/* A message that came at that time, sealed with the key of its hour. */
static struct corv_id message_of(int64_t us, const char *content)
{
    struct corv_id id;
    char *sealed = NULL;
    size_t size = 0;
    char text[CORV_ID_TEXT];
    char time[CORV_TIME_TEXT];

    at(us);
    assert_int_equal(corv_id_new(&id), CORV_OK);
    assert_int_equal(corv_vault_seal(vault, &id, corv_view_str(content), &sealed, &size), CORV_OK);

    char *hex = malloc(2 * size + 1);
    char *sql = malloc(2 * size + 1024);

    assert_non_null(hex);
    assert_non_null(sql);
    (void)snprintf(sql, 2 * size + 1024,
        "INSERT INTO corv.message (id, received_at, kind, sender, size, digest, content_type)"
        " VALUES ('%s', '%s', 'vtoDi01', 'vt', 10, '\\xabcd', 'application/xml');"
        "INSERT INTO corv.payload VALUES ('%s', '\\x%s')",
        corv_id_text(&id, text), corv_clock_text(us, time), text, corv_hex(sealed, size, hex));
    test_pg_exec(db, sql);
    free(hex);
    free(sql);
    free(sealed);
    corv_clock_shift_us(0);
    return id;
}

static struct corv_id message(int64_t us)
{
    return message_of(us, TEXT);
}

static void done(const struct corv_id *id, int no, int64_t us)
{
    char sql[512];
    char text[CORV_ID_TEXT];
    char time[CORV_TIME_TEXT];

    (void)snprintf(sql, sizeof sql,
        "INSERT INTO corv.delivery_done (message_id, no, route, party, priority, state, attempts,"
        " created_at, done_at) VALUES ('%s', %d, 'r', 'raad', 5, 3, 1, now(), '%s')",
        corv_id_text(id, text), no, corv_clock_text(us, time));
    test_pg_exec(db, sql);
}

static void open_one(const struct corv_id *id, int no, int state)
{
    char sql[512];
    char text[CORV_ID_TEXT];

    (void)snprintf(sql, sizeof sql,
        "INSERT INTO corv.delivery (message_id, no, route, party, priority, state, due_at,"
        " created_at) VALUES ('%s', %d, 'r', 'raad', 5, %d, now(), now())",
        corv_id_text(id, text), no, state);
    test_pg_exec(db, sql);
}

static bool there(const struct corv_id *id)
{
    char sql[160];
    char text[CORV_ID_TEXT];

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM corv.payload WHERE id = '%s'",
        corv_id_text(id, text));
    return db_number(sql) == 1;
}

/* Reads it from the table and opens it. */
static corv_rc readable_as(const struct corv_id *id, const char *content)
{
    struct corv_pg_params p = {0};
    PGresult *r = NULL;
    char *plain = NULL;
    size_t size = 0;
    corv_rc rc;

    corv_pg_add_view(&p, corv_view_of(id->b, sizeof id->b));
    assert_int_equal(
        corv_keeper_run(keeper, "SELECT sealed FROM payload WHERE id = $1::uuid", &p, &r, &fault),
        CORV_OK);
    assert_int_equal(PQntuples(r), 1);
    rc = corv_vault_open_sealed(vault, id, corv_pg_view(r, 0, 0), &plain, &size);
    if (rc == CORV_OK)
        assert_string_equal(plain, content);
    free(plain);
    PQclear(r);
    return rc;
}

static corv_rc readable(const struct corv_id *id)
{
    return readable_as(id, TEXT);
}

static void purge_with(int64_t now, unsigned hours, unsigned batch, unsigned grace)
{
    struct corv_purge_order o = {
        .now_us = now, .payload_hours = hours, .batch = batch, .grace_ms = grace};
    corv_rc rc;

    at(now);
    rc = corv_purge(keeper, &o, &report, &fault);
    if (rc != CORV_OK)
        fail_msg("%d: %s %s", rc, fault.code, fault.text);
    corv_clock_shift_us(0);
}

static void purge(int64_t now)
{
    purge_with(now, 24, 0, 0);
}

static int64_t events(const char *event)
{
    char sql[160];

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM corv.audit WHERE event = '%s'", event);
    return db_number(sql);
}

static size_t key_count(void)
{
    uint32_t *hours = NULL;
    size_t count = 0;

    assert_int_equal(corv_vault_hours(vault, &hours, &count), CORV_OK);
    for (size_t i = 1; i < count; i++)
        assert_true(hours[i - 1] < hours[i]);
    free(hours);
    return count;
}

/* ---- cases -------------------------------------------------------------------------------- */

static void goes_in_time_and_leaves_a_line(void **state)
{
    int64_t now = noon();
    struct corv_id old = message(now - 30 * HOUR_US);
    struct corv_id young = message(now - 5 * HOUR_US);

    (void)state;
    done(&old, 1, now - 24 * HOUR_US);
    done(&young, 1, now - 4 * HOUR_US);
    purge(now);
    assert_false(there(&old));
    assert_true(there(&young));
    assert_int_equal(report.destroyed, 1);
    assert_int_equal(events("payload.destroyed"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit a JOIN corv.message m"
                               " ON m.id = a.message_id WHERE a.actor = 'node:een'"
                               " AND a.detail LIKE '%\"sha256\":\"abcd\"%'"),
        0); /* a digest that is none is not repeated */
    assert_int_equal(kit_verify_audit(db), db_number("SELECT count(*) FROM corv.audit"));
    purge(now);
    assert_int_equal(report.destroyed, 0);
    assert_int_equal(events("payload.destroyed"), 1);
}

static void waits_for_the_last_delivery(void **state)
{
    int64_t now = noon();
    struct corv_id two = message(now - 40 * HOUR_US);
    struct corv_id late = message(now - 40 * HOUR_US);
    struct corv_id none = message(now - 40 * HOUR_US);

    (void)state;
    done(&two, 1, now - 39 * HOUR_US);
    done(&two, 2, now - 2 * HOUR_US);
    done(&late, 1, now - 39 * HOUR_US);
    open_one(&late, 2, 0);
    purge(now);
    assert_true(there(&two)); /* confirmed two hours ago only */
    assert_true(there(&late));
    assert_false(there(&none)); /* it has nobody to go to */
    assert_int_equal(report.destroyed, 1);
}

static void held_and_dead_keep_their_content(void **state)
{
    int64_t now = noon();
    struct corv_id held = message(now - 100 * HOUR_US);
    struct corv_id dead = message(now - 100 * HOUR_US);

    (void)state;
    open_one(&held, 1, 1);
    open_one(&dead, 1, 2);
    for (int i = 0; i < 3; i++)
        purge(now + i * 25 * HOUR_US);
    assert_int_equal(readable(&held), CORV_OK);
    assert_int_equal(readable(&dead), CORV_OK);
}

static void the_key_goes_and_with_it_every_copy(void **state)
{
    int64_t now = noon();
    struct corv_id gone = message(now - 24 * HOUR_US);
    struct corv_id waits = message(now - 24 * HOUR_US);
    struct corv_id packed = message_of(now - 24 * HOUR_US, LONG);

    (void)state;
    done(&gone, 1, now - 24 * HOUR_US);
    open_one(&waits, 1, 0);
    open_one(&packed, 1, 0);
    assert_int_equal(
        test_pg_number(db, "SELECT count(*) FROM corv.payload WHERE sealed LIKE 'CV2%'"), 1);
    test_pg_exec(db, "CREATE TABLE corv.backup AS SELECT * FROM corv.payload");
    purge(now);
    assert_int_equal(report.resealed, 2);
    assert_int_equal(report.keys_begun, 1);
    assert_int_equal(key_count(), 2); /* written down, not yet destroyed; and the fresh one */
    purge(now + MIN_US);
    assert_int_equal(report.keys_destroyed, 1);
    assert_int_equal(key_count(), 1);
    assert_int_equal(readable(&waits), CORV_OK);
    assert_int_equal(readable_as(&packed, LONG), CORV_OK);
    assert_int_equal(events("key.destroying"), 1);
    assert_int_equal(events("key.destroyed"), 1);
    assert_int_equal(events("payload.resealed"), 1);
    assert_int_equal(db_number("SELECT count(*) FROM corv.key_hour WHERE node = 'een'"
                               " AND destroyed_at > destroying_at"),
        1);
    /* a backup of before: the same rows again */
    test_pg_exec(
        db, "DELETE FROM corv.payload; INSERT INTO corv.payload SELECT * FROM corv.backup");
    assert_int_equal(readable(&gone), CORV_E_NOTFOUND);
    assert_int_equal(readable(&waits), CORV_E_NOTFOUND);
    (void)kit_verify_audit(db);
}

static void a_key_lives_no_longer_than_the_law_lets_a_message(void **state)
{
    int64_t begin = noon() - 48 * HOUR_US; /* of the key's hour */
    struct corv_id first = message(begin);
    struct corv_id last = message(begin + HOUR_US - 1000);
    int64_t late = begin + HOUR_US + 20 * MIN_US;

    (void)state;
    done(&first, 1, begin + 1000);
    done(&last, 1, late); /* so late that it need not go with the hour */
    purge(begin + 23 * HOUR_US + 44 * MIN_US);
    assert_int_equal(report.keys_begun, 0);
    purge(begin + 23 * HOUR_US + 45 * MIN_US);
    assert_int_equal(report.keys_begun, 1);
    assert_int_equal(report.key_late_s, 0);
    purge(begin + 23 * HOUR_US + 46 * MIN_US);
    assert_int_equal(report.keys_destroyed, 1); /* 14 minutes before the first one's time is up */
    assert_int_equal(readable(&last), CORV_OK);
    purge(late + 24 * HOUR_US);
    assert_false(there(&last));
    assert_int_equal(report.payload_late_s, 0);
}

static void the_grace_is_kept(void **state)
{
    int64_t now = noon();

    (void)state;
    (void)message(now - 30 * HOUR_US);
    purge_with(now, 24, 0, 30000);
    assert_int_equal(report.keys_begun, 1);
    purge_with(now + 29 * 1000000, 24, 0, 30000);
    assert_int_equal(report.keys_destroyed, 0);
    assert_int_equal(report.keys_begun, 0);
    purge_with(now + 31 * 1000000, 24, 0, 30000);
    assert_int_equal(report.keys_destroyed, 1);
}

/* Died after "destroying" was committed, or after the file was gone: the next pass ends it. */
static void an_interrupted_destruction_is_taken_up(void **state)
{
    int64_t now = noon();
    uint32_t hour = (uint32_t)((now - 30 * HOUR_US) / HOUR_US);

    (void)state;
    (void)message(now - 30 * HOUR_US);
    purge(now);
    assert_int_equal(report.keys_begun, 1);
    assert_int_equal(corv_vault_destroy_hour(vault, hour), CORV_OK); /* … and then it died */
    corv_keeper_close(keeper);
    assert_int_equal(corv_keeper_open(db, "een", vault, &keeper, &fault), CORV_OK);
    purge(now + MIN_US);
    assert_int_equal(report.keys_destroyed, 1);
    assert_int_equal(events("key.destroyed"), 1);
    purge(now + 2 * MIN_US);
    assert_int_equal(report.keys_destroyed + report.keys_begun, 0);
}

static void a_key_put_back_is_destroyed_again(void **state)
{
    int64_t now = noon();
    char command[256];

    (void)state;
    (void)message(now - 30 * HOUR_US);
    (void)snprintf(command, sizeof command, "cp -r %s %s.copy", keys, keys);
    assert_int_equal(system(command), 0);
    purge(now);
    purge(now + MIN_US);
    assert_int_equal(key_count(), 0);
    (void)snprintf(command, sizeof command, "cp %s.copy/* %s/", keys, keys);
    assert_int_equal(system(command), 0);
    assert_int_equal(key_count(), 1);
    purge(now + 2 * MIN_US);
    purge(now + 3 * MIN_US);
    assert_int_equal(key_count(), 0);
    assert_int_equal(events("key.destroyed"), 2);
}

/* The number says one hour, the seal an earlier one: the clock was set back in between. */
static void a_key_in_use_by_a_stray_stays(void **state)
{
    int64_t now = noon();
    struct corv_id stray = message(now - 30 * HOUR_US);
    char sql[200];
    char text[CORV_ID_TEXT];
    struct corv_id young;

    (void)state;
    at(now);
    assert_int_equal(corv_id_new(&young), CORV_OK);
    (void)snprintf(
        sql, sizeof sql, "UPDATE corv.payload SET id = '%s'", corv_id_text(&young, text));
    test_pg_exec(db, sql);
    open_one(&young, 1, 0);
    purge(now);
    assert_int_equal(report.keys_begun, 0);
    assert_true(report.key_late_s > 5 * 3600);
    assert_int_equal(key_count(), 1);
    assert_false(there(&stray));
    assert_true(there(&young));
}

static void what_cannot_be_read_is_told_and_stays(void **state)
{
    int64_t now = noon();
    struct corv_id damaged = message(now - 30 * HOUR_US);

    (void)state;
    open_one(&damaged, 1, 2);
    test_pg_exec(db, "UPDATE corv.payload SET sealed = set_byte(sealed, 90, 7)");
    purge(now);
    assert_int_equal(report.unreadable, 1);
    assert_int_equal(report.keys_begun, 0);
    assert_true(report.key_late_s > 0);
    assert_true(there(&damaged));
}

static void many_go_in_batches(void **state)
{
    int64_t now = noon();
    struct corv_id all[25];

    (void)state;
    for (int i = 0; i < 25; i++) {
        all[i] = message(now - (40 - i) * HOUR_US);
        if (i % 3)
            done(&all[i], 1, now - 39 * HOUR_US);
        else
            open_one(&all[i], 1, i % 2);
    }
    purge_with(now, 24, 4, 0);
    for (int i = 0; i < 25; i++)
        if (there(&all[i]) != (i % 3 == 0 || 40 - i < 23))
            fail_msg("message %d", i);
    (void)kit_verify_audit(db);
    purge_with(now, 24, 4, 0);
    for (int i = 0; i < 25; i += 3)
        assert_int_equal(readable(&all[i]), CORV_OK);
}

static void a_ground_keeps_it_longer(void **state)
{
    int64_t now = noon();
    struct corv_id id = message(now - 30 * HOUR_US);

    (void)state;
    done(&id, 1, now - 30 * HOUR_US);
    purge_with(now, 72, 0, 0);
    assert_true(there(&id));
    assert_int_equal(report.keys_begun, 0);
    purge_with(now, 2, 0, 0);
    assert_false(there(&id));
    assert_int_equal(report.payload_late_s, 28 * 3600);
    assert_int_equal(report.keys_begun, 1);
}

static void empty_days_are_dropped(void **state)
{
    int64_t now = noon();
    struct corv_id waits;

    (void)state;
    test_pg_exec(db, "SELECT corv.ensure_partitions(now() - interval '9 days', now())");
    test_pg_exec(db,
        "SELECT corv.ensure_partitions(now() + interval '70 days', now() + interval '71 days')");
    waits = message(now - 5 * 24 * HOUR_US);
    open_one(&waits, 1, 2);
    assert_int_equal(
        db_number("SELECT count(*) FROM pg_inherits h JOIN pg_class c ON c.oid ="
                  " h.inhrelid WHERE h.inhparent = 'corv.payload'::regclass AND NOT"
                  " coalesce(reloptions, '{}') @> ARRAY['autovacuum_vacuum_insert_threshold=-1',"
                  " 'autovacuum_analyze_threshold=2147483647',"
                  " 'autovacuum_analyze_scale_factor=0', 'toast_tuple_target=8160']"),
        0);
    /* what only grows, the months to come with it */
    assert_int_equal(
        db_number("SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
                  " LEFT JOIN pg_inherits h ON h.inhrelid = c.oid WHERE a.attnum > 0"
                  " AND (h.inhparent IN ('corv.message'::regclass, 'corv.audit'::regclass,"
                  "  'corv.delivery_done'::regclass)"
                  "  OR c.oid = 'corv.delivery'::regclass)"
                  " AND NOT (coalesce(reloptions, '{}')"
                  "  @> ARRAY['autovacuum_vacuum_insert_threshold=-1'] AND attstattarget = 10)"),
        0);
    purge(now);
    assert_true(report.partitions >= 6);
    assert_int_equal(readable(&waits), CORV_OK);
    purge(now);
    assert_int_equal(report.partitions, 0);
    (void)message(now); /* today's is there */
    assert_int_equal(db_number("SELECT count(*) FROM corv.payload_default"), 0);
}

static void the_daemons_role_suffices(void **state)
{
    int64_t now = noon();
    struct corv_id gone = message(now - 30 * HOUR_US);
    struct corv_id waits = message(now - 30 * HOUR_US);
    char sql[300];

    (void)state;
    done(&gone, 1, now - 30 * HOUR_US);
    open_one(&waits, 1, 0);
    corv_keeper_close(keeper);
    (void)snprintf(sql, sizeof sql,
        "DO $$ BEGIN CREATE ROLE plain LOGIN IN ROLE corv_app;"
        " EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    test_pg_exec(db, sql);

    char conninfo[300];

    (void)snprintf(conninfo, sizeof conninfo, "%s user=plain", db);
    if (corv_keeper_open(conninfo, "een", vault, &keeper, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    purge(now);
    purge(now + MIN_US);
    assert_false(there(&gone));
    assert_int_equal(report.keys_destroyed, 1);
    assert_int_equal(
        corv_keeper_run(keeper, "DELETE FROM audit", &(struct corv_pg_params){0}, NULL, &fault),
        CORV_E_IO);
    assert_string_equal(fault.code, "store.privilege");
    fault = (struct corv_fault){0};
    assert_int_equal(corv_keeper_run(keeper, "UPDATE audit SET actor = 'x'",
                         &(struct corv_pg_params){0}, NULL, &fault),
        CORV_E_IO);
    assert_string_equal(fault.code, "store.privilege");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(goes_in_time_and_leaves_a_line),
        CASE(waits_for_the_last_delivery),
        CASE(held_and_dead_keep_their_content),
        CASE(the_key_goes_and_with_it_every_copy),
        CASE(a_key_lives_no_longer_than_the_law_lets_a_message),
        CASE(the_grace_is_kept),
        CASE(an_interrupted_destruction_is_taken_up),
        CASE(a_key_put_back_is_destroyed_again),
        CASE(a_key_in_use_by_a_stray_stays),
        CASE(what_cannot_be_read_is_told_and_stays),
        CASE(many_go_in_batches),
        CASE(a_ground_keeps_it_longer),
        CASE(empty_days_are_dropped),
        CASE(the_daemons_role_suffices),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
