/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed heads: whoever owns the database cannot shorten or rewrite the trail unseen; found by
 * corvd itself and by the independent script on an export. */
#include <sys/stat.h>
#include <unistd.h>

#include "queue/fence.h"
#include "queue/seal.h"
#include "tests/support/test_folder.h"
#include "tests/unit/inspect_fixture.h"

#define LINES 9

static char dir[TEST_FOLDER];
static struct corv_signer *signer;
static struct corv_keeper *keeper;
static struct corv_audit_report report;
static struct corv_fence fence;
static uint8_t (*keys)[CORV_SEAL_KEY];
static size_t keys_count;

static char *in_dir(const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", dir, name);
    return out;
}

static int up(void **state)
{
    char path[128];

    (void)fixture_db(state);
    (void)test_folder_new(dir, "seal");
    fence.count = 0;
    assert_int_equal(corv_signer_open(dir, &signer, &fault), CORV_OK);
    assert_int_equal(corv_keeper_open(db, "een", NULL, &keeper, &fault), CORV_OK);
    assert_int_equal(
        corv_seal_read_public(in_dir(CORV_SEAL_PUBLIC, path), &keys, &keys_count), CORV_OK);
    return 0;
}

static int down(void **state)
{
    free(keys);
    corv_keeper_close(keeper);
    corv_signer_close(signer);
    test_folder_remove(dir);
    return fixture_db_end(state);
}

static unsigned seal(void)
{
    static const struct corv_seal_head read_it = {.chain = 0};
    unsigned sealed = 0;
    corv_rc rc =
        corv_seal_heads(keeper, signer, &read_it, corv_clock_us(), &fence, &sealed, &fault);

    if (rc != CORV_OK)
        fail_msg("%d: %s", rc, fault.text);
    return sealed;
}

static void verify(void)
{
    const struct corv_audit_trust trust = {
        .keys = keys, .keys_count = keys_count, .marks = fence.marks, .marks_count = fence.count};
    corv_rc rc = corv_inspect_verify_by(inspect, &trust, &report, &fault);

    if (rc != CORV_OK)
        fail_msg("%s: %s", fault.code, fault.text);
}

/* What the script says of an export; returns its exit code. */
static int script(char *said, size_t size, const char *edit)
{
    char path[128];
    char command[512];
    uint64_t rows = 0;
    FILE *f = fopen(in_dir("export", path), "w");
    int status;

    assert_non_null(f);
    assert_int_equal(corv_inspect_export(inspect, NULL, NULL, f, &rows, &fault), CORV_OK);
    assert_int_equal(fclose(f), 0);
    assert_true(rows > 2);
    (void)snprintf(command, sizeof command,
        "cd %s && { %s; } && /usr/bin/python3 $OLDPWD/docs/audit_verify.py export audit.pub"
        " > said 2>&1",
        dir, edit ? edit : "true");
    status = system(command);
    f = fopen(in_dir("said", path), "r");
    assert_non_null(f);
    said[fread(said, 1, size - 1, f)] = '\0';
    (void)fclose(f);
    return WEXITSTATUS(status);
}

static void is_broken_at(int chain, int64_t seq)
{
    char said[2048];
    char place[64];

    verify();
    if (report.broken.seq != seq || report.broken.chain != chain || !report.broken.what[0])
        fail_msg("chain %d line %d: %s", report.broken.chain, (int)report.broken.seq,
            report.broken.what);
    assert_int_equal(script(said, sizeof said, NULL), 1);
    (void)snprintf(place, sizeof place, "NIET IN ORDE: keten %d (", chain);
    if (!strstr(said, place))
        fail_msg("the script says: %s", said);
    (void)snprintf(place, sizeof place, "), regel %d: ", (int)seq);
    if (!strstr(said, place))
        fail_msg("the script says: %s", said);
}

static void two_chains(void)
{
    char said[2048];

    fixture_chain(1, "node:een", LINES);
    fixture_chain(2, CORV_KEEPER_CHAIN, 4);
    assert_int_equal(seal(), 2);
    verify();
    if (report.broken.seq)
        fail_msg("%s", report.broken.what);
    assert_int_equal(report.seals, 2);
    assert_int_equal(report.unsealed, 0);
    if (script(said, sizeof said, NULL) != 0)
        fail_msg("the script says: %s", said);
    assert_non_null(strstr(
        said, "keten 1 (node:een): regels 1 tot en met 9 kloppen, verzegeld tot en met 9 ("));
    assert_non_null(strstr(said, "In orde\n"));
}

/* ---- keys --------------------------------------------------------------------------------- */

static void the_key_is_kept_and_closed(void **state)
{
    struct corv_signer *again = NULL;
    struct corv_seal one = {.chain = 1, .seq = 7, .at_us = 8};
    struct corv_seal other = one;
    char path[128];
    struct stat st;

    (void)state;
    assert_int_equal(stat(in_dir(CORV_SEAL_FILE, path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(in_dir(CORV_SEAL_PUBLIC, path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(keys_count, 1);
    assert_int_equal(corv_signer_open(dir, &again, &fault), CORV_OK);
    assert_int_equal(corv_seal_sign(signer, &one), CORV_OK);
    assert_int_equal(corv_seal_sign(again, &other), CORV_OK);
    assert_memory_equal(&one, &other, sizeof one); /* Ed25519 rolls no dice */
    assert_memory_equal(one.key, keys[0], CORV_SEAL_KEY);
    corv_signer_close(again);
}

static void a_damaged_key_is_not_replaced(void **state)
{
    struct corv_signer *again = NULL;
    char path[128];

    (void)state;
    assert_int_equal(truncate(in_dir(CORV_SEAL_FILE, path), 20), 0);
    assert_int_equal(corv_signer_open(dir, &again, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "seal.key");
    assert_null(again);
}

static void every_part_is_signed(void **state)
{
    struct corv_seal good = {.chain = 1, .seq = 7, .at_us = 8, .hash = {{9}}};

    (void)state;
    assert_int_equal(corv_seal_sign(signer, &good), CORV_OK);
    assert_int_equal(corv_seal_check(&good), CORV_OK);
    for (int i = 0; i < 6; i++) {
        struct corv_seal bad = good;

        switch (i) {
        case 0:
            bad.chain++;
            break;
        case 1:
            bad.seq++;
            break;
        case 2:
            bad.at_us++;
            break;
        case 3:
            bad.hash.b[31] ^= 1;
            break;
        case 4:
            bad.signature[5] ^= 1;
            break;
        default:
            bad.key[5] ^= 1;
            break;
        }
        assert_int_equal(corv_seal_check(&bad), CORV_E_INVALID);
    }
}

/* ---- sealing ------------------------------------------------------------------------------ */

static void only_what_moved_is_sealed_again(void **state)
{
    struct corv_act act;
    const struct corv_queue_event e = {.event = "key.destroyed", .actor = "node:een"};

    (void)state;
    two_chains();
    assert_int_equal(seal(), 0);
    assert_int_equal(corv_keeper_begin(keeper, &act, corv_clock_us(), &fault), CORV_OK);
    assert_int_equal(corv_act_end(&act, corv_act_append(&act, &e)), CORV_OK);
    assert_int_equal(seal(), 1);
    verify();
    assert_int_equal(report.broken.seq, 0);
    assert_int_equal(report.seals, 3);
}

static void a_broken_chain_is_not_sealed(void **state)
{
    static const struct corv_seal_head read_it = {.chain = 0};
    unsigned sealed = 0;

    (void)state;
    fixture_chain(1, "node:een", LINES);
    fixture_chain(2, CORV_KEEPER_CHAIN, 4);
    test_pg_exec(db, "UPDATE corv.audit SET party = 'om' WHERE chain = 2 AND seq = 3");
    assert_int_equal(
        corv_seal_heads(keeper, signer, &read_it, 1, &fence, &sealed, &fault), CORV_E_STATE);
    assert_string_equal(fault.code, "audit.broken");
    assert_int_equal(sealed, 1); /* the other one is */
    assert_int_equal(db_number("SELECT count(*) FROM corv.audit_seal WHERE chain = 2"), 0);
}

static void our_own_head_is_what_we_know(void **state)
{
    struct corv_seal_head own = {.chain = 1, .seq = 5};
    unsigned sealed = 0;

    (void)state;
    fixture_chain(1, "node:een", LINES);
    memset(own.hash.b, 1, sizeof own.hash.b); /* what the database holds is something else */
    assert_int_equal(corv_seal_heads(keeper, signer, &own, 1, &fence, &sealed, &fault), CORV_OK);
    verify();
    assert_int_equal(report.broken.seq, 5);
}

/* ---- tampering ---------------------------------------------------------------------------- */

static void tampering_is_found_and_located(void **state)
{
    static const struct {
        const char *sql;
        int chain;
        int64_t seq;
    } cases[] = {
        {"UPDATE corv.audit SET at = at + interval '1 microsecond' WHERE chain = 1 AND seq = 5", 1,
            5},
        {"UPDATE corv.audit SET event = 'x' WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET message_id = NULL WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET delivery = delivery + 1 WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET party = 'om' WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET actor = 'x' WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET code = 'x' WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET detail = 'x' WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET salt = set_byte(salt, 3, 99) WHERE chain = 1 AND seq = 5", 1, 5},
        {"UPDATE corv.audit SET hash = set_byte(hash, 3, 99) WHERE chain = 1 AND seq = 5", 1, 5},
        {"DELETE FROM corv.audit WHERE chain = 1 AND seq = 5", 1, 5},
        {"DELETE FROM corv.audit WHERE chain = 2 AND seq > 2", 2, 3},
        {"UPDATE corv.audit SET seq = 99 - seq WHERE chain = 1 AND seq IN (4, 6);"
         "UPDATE corv.audit SET seq = seq - 89 WHERE chain = 1 AND seq > 90",
            1, 4},
        /* the end taken off as neatly as can be */
        {"DELETE FROM corv.audit WHERE chain = 1 AND seq > 6;"
         "UPDATE corv.audit_head h SET seq = 6, hash = a.hash FROM corv.audit a"
         " WHERE h.chain = 1 AND a.chain = 1 AND a.seq = 6",
            1, 7},
        /* seals */
        {"UPDATE corv.audit_seal SET signature = set_byte(signature, 3, 99) WHERE chain = 1", 1, 9},
        {"UPDATE corv.audit_seal SET at = at + interval '1 second' WHERE chain = 1", 1, 9},
        {"UPDATE corv.audit_seal SET hash = set_byte(hash, 3, 99) WHERE chain = 1", 1, 9},
        {"UPDATE corv.audit_seal s SET seq = 8, hash = a.hash FROM corv.audit a"
         " WHERE s.chain = 1 AND a.chain = 1 AND a.seq = 8",
            1, 8},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_pg_exec(db, "TRUNCATE corv.audit, corv.audit_head, corv.audit_chain, corv.audit_seal");
        fence.count = 0;
        two_chains();
        fence.count = 0; /* without what the state folder remembers */
        test_pg_exec(db, cases[i].sql);
        is_broken_at(cases[i].chain, cases[i].seq);
    }
}

/* Everything from line 5 written anew, sums and head and all, as whoever owns the database can. */
static void rewrite(void)
{
    struct corv_digest hash;
    PGresult *r = test_pg_query(db, "SELECT encode(hash, 'hex') FROM corv.audit WHERE chain = 1"
                                    " AND seq = 4");
    struct corv_buf sql;
    char hex[CORV_DIGEST_TEXT];

    corv_buf_init(&sql, 65536);
    for (int i = 0; i < CORV_DIGEST; i++) {
        const char byte[] = {PQgetvalue(r, 0, 0)[2 * i], PQgetvalue(r, 0, 0)[2 * i + 1], '\0'};

        hash.b[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    PQclear(r);
    test_pg_exec(db, "DELETE FROM corv.audit WHERE chain = 1 AND seq > 4");
    (void)corv_buf_add_str(&sql,
        "INSERT INTO corv.audit (chain, seq, at, event, message_id, delivery, party, actor,"
        " code, detail, salt, hash) SELECT * FROM (VALUES (0, 0, now(), '', NULL::uuid, 0, '', '',"
        " '', '', ''::bytea, ''::bytea)");
    for (int seq = 5; seq <= LINES; seq++)
        fixture_line(&sql, 1, seq, &hash, VTO, "delivery.dropped", "raad", NULL);
    (void)corv_buf_addf(&sql,
        ") v (c) WHERE c > 0; UPDATE corv.audit_head SET hash = '\\x%s' WHERE chain = 1",
        corv_digest_text(&hash, hex));
    assert_false(sql.failed);
    test_pg_exec(db, sql.p);
    corv_buf_free(&sql);
}

static void a_rewritten_chain_is_found(void **state)
{
    (void)state;
    two_chains();
    fence.count = 0;
    rewrite();
    is_broken_at(1, LINES);
}

static void a_rewritten_chain_sealed_by_another_is_found(void **state)
{
    struct corv_signer *stranger = NULL;
    static const struct corv_seal_head read_it = {.chain = 0};
    unsigned sealed = 0;
    char path[128];

    (void)state;
    two_chains();
    fence.count = 0;
    rewrite();
    test_pg_exec(db, "DELETE FROM corv.audit_seal WHERE chain = 1");
    assert_int_equal(mkdir(in_dir("other", path), 0700), 0);
    assert_int_equal(corv_signer_open(path, &stranger, &fault), CORV_OK);
    assert_int_equal(
        corv_seal_heads(keeper, stranger, &read_it, 1, &fence, &sealed, &fault), CORV_OK);
    corv_signer_close(stranger);
    fence.count = 0;
    is_broken_at(1, LINES);
}

static void without_seals_the_state_folder_remembers(void **state)
{
    (void)state;
    two_chains();
    rewrite();
    test_pg_exec(db, "DELETE FROM corv.audit_seal WHERE chain = 1");
    verify();
    assert_int_equal(report.broken.seq, LINES);
    test_pg_exec(db, "DELETE FROM corv.audit WHERE chain = 1 AND seq > 3;"
                     "UPDATE corv.audit_head h SET seq = 3, hash = a.hash FROM corv.audit a"
                     " WHERE h.chain = 1 AND a.chain = 1 AND a.seq = 3");
    verify();
    assert_int_equal(report.broken.seq, 4);
    test_pg_exec(db, "DELETE FROM corv.audit WHERE chain = 1; DELETE FROM corv.audit_head"
                     " WHERE chain = 1; DELETE FROM corv.audit_chain WHERE chain = 1");
    verify();
    assert_int_equal(report.broken.seq, 1);
    assert_non_null(strstr(report.broken.what, "node:een"));
    fence.count = 0;
}

static void a_chain_without_any_seal_is_suspect(void **state)
{
    (void)state;
    two_chains();
    fence.count = 0;
    test_pg_exec(db, "DELETE FROM corv.audit_seal WHERE chain = 1");
    verify();
    assert_int_equal(report.broken.chain, 1);
    assert_int_equal(report.broken.seq, LINES);
}

/* ---- the file ----------------------------------------------------------------------------- */

static void a_tampered_export_is_found(void **state)
{
    static const struct {
        const char *edit;
        const char *said;
    } cases[] = {
        {"sed -i '/\"seq\":5,\"type\":\"line\"/s/raad/rood/' export", "regel 5: is gewijzigd"},
        {"sed -i '/\"seq\":6,\"type\":\"line\"/d' export", "niet heel"},
        {"sed -i '$d' export", "niet heel"},
        {"sed -i '1d' export", "niet heel"},
        {"sed -i 's/\"seq\":9,\"type\":\"line\"/\"seq\":8,\"type\":\"line\"/' export", "regel 9"},
        {"sed -i '/\"type\":\"seal\"/s/\"at_us\":1/\"at_us\":2/' export", "het zegel is vals"},
        {"sed -i '/\"chain\":1.*\"seq\":9,\"type\":\"line\"/d; s/\"rows\":18/\"rows\":17/' export",
            "is een zegel op regel 9"},
        /* as neatly as can be, with the count made right again */
        {"sed -i '/\"chain\":1.*\"seq\":6,\"type\":\"line\"/d; s/\"rows\":18/\"rows\":17/' export",
            "regel 6: ontbreekt of staat niet"},
        {"sed -i -e '/\"chain\":1.*\"seq\":5,\"type\":\"line\"/{h;d}'"
         " -e '/\"chain\":1.*\"seq\":6,\"type\":\"line\"/{G}' export",
            "regel 5: ontbreekt of staat niet"},
        {"sed -i '/\"type\":\"seal\"/d; s/\"rows\":18/\"rows\":16/' export",
            "de zegels zijn weggehaald"},
    };
    char said[2048];

    (void)state;
    two_chains();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (script(said, sizeof said, cases[i].edit) != 1 || !strstr(said, cases[i].said))
            fail_msg("%s: the script says: %s", cases[i].edit, said);
}

static void a_skeleton_verifies_here_and_there(void **state)
{
    char said[2048];

    (void)state;
    two_chains();
    test_pg_exec(db,
        "INSERT INTO corv.audit_skeleton SELECT chain, seq, at, corv.audit_commitment(salt, event,"
        " message_id, delivery, party, actor, code, detail), hash FROM corv.audit WHERE chain = 1"
        " AND seq <= 6; DELETE FROM corv.audit WHERE chain = 1 AND seq <= 6");
    verify();
    if (report.broken.seq)
        fail_msg("line %d: %s", (int)report.broken.seq, report.broken.what);
    assert_int_equal(report.skeletons, 6);
    if (script(said, sizeof said, NULL) != 0)
        fail_msg("the script says: %s", said);
    test_pg_exec(db, "UPDATE corv.audit_skeleton SET commitment = set_byte(commitment, 1, 1)"
                     " WHERE seq = 3");
    is_broken_at(1, 3);
}

static void a_part_of_the_time_can_be_verified(void **state)
{
    char path[128];
    uint64_t rows = 0;
    FILE *f;

    (void)state;
    two_chains();
    test_pg_exec(
        db, "UPDATE corv.audit SET party = 'x' WHERE chain = 2 AND seq = 1"); /* not ours */
    f = fopen(in_dir("part", path), "w");
    assert_non_null(f);
    assert_int_equal(
        corv_inspect_export(inspect, "2025-08-10", "2025-08-10", f, &rows, &fault), CORV_OK);
    assert_int_equal(rows, 1 + 2 + 13 + 2 + 1);
    assert_int_equal(fclose(f), 0);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(corv_inspect_export(inspect, "2025-08-11", NULL, f, &rows, &fault), CORV_OK);
    assert_int_equal(rows, 1 + 2 + 1);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(
        path, sizeof path, "/usr/bin/python3 docs/audit_verify.py %s/part >/dev/null", dir);
    assert_int_equal(system(path), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_key_is_kept_and_closed),
        CASE(a_damaged_key_is_not_replaced),
        CASE(every_part_is_signed),
        CASE(only_what_moved_is_sealed_again),
        CASE(a_broken_chain_is_not_sealed),
        CASE(our_own_head_is_what_we_know),
        CASE(tampering_is_found_and_located),
        CASE(a_rewritten_chain_is_found),
        CASE(a_rewritten_chain_sealed_by_another_is_found),
        CASE(without_seals_the_state_folder_remembers),
        CASE(a_chain_without_any_seal_is_suspect),
        CASE(a_tampered_export_is_found),
        CASE(a_skeleton_verifies_here_and_there),
        CASE(a_part_of_the_time_can_be_verified),
    };

    return cmocka_run_group_tests(tests, db_server_up, db_server_down);
}
