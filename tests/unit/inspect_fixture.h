/* SPDX-License-Identifier: EUPL-1.2 */
/* A database with messages, deliveries and audit lines in it, for test_inspect*.c. */
#ifndef CORV_TESTS_UNIT_INSPECT_FIXTURE_H
#define CORV_TESTS_UNIT_INSPECT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/buf.h"
#include "daemon/base/clock.h"
#include "queue/audit.h"
#include "queue/inspect.h"
#include "tests/support/test_db.h"

/* Two in one millisecond (they share 13 characters), one earlier. */
#define VTO   "01989000-0000-7000-8000-000000000001"
#define NOTI  "01989000-0000-7000-8000-000000000002"
#define OLDER "01988fff-0000-7000-8000-000000000003"

static struct corv_inspect *inspect;
static struct corv_fault fault;

static inline void fixture_message(
    const char *id, const char *parent, const char *kind, const char *reference)
{
    char sql[1024];

    (void)snprintf(sql, sizeof sql,
        "INSERT INTO corv.message (id, received_at, parent_id, kind, variant, sender, zender_org,"
        " ontvanger_org, referentie, responsible, urgent, size, digest, content_type) VALUES"
        " ('%s', '2025-08-10 10:00:00.123456+00', %s, '%s', '', 'vt-flevoland', '0001', '0002',"
        " '%s', 'lelystad', true, 4096, '\\xabcd', 'application/xml')",
        id, parent, kind, reference);
    test_pg_exec(db, sql);
}

static inline void fixture_delivery(
    const char *id, int no, const char *party, int state, const char *due, const char *more)
{
    char sql[1024];

    (void)snprintf(sql, sizeof sql,
        "INSERT INTO corv.delivery (message_id, no, route, party, priority, state, due_at,"
        " created_at, attempts, last_at, last_code, last_text, last_status, owner, held_code,"
        " held_question) VALUES ('%s', %d, 'vto-raad', %s, 0, %d, now() + interval '%s',"
        " '2025-08-10 10:00:00+00', %s)",
        id, no, party, state, due, more);
    test_pg_exec(db, sql);
}
#define NEW "0, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
#define FAILED                                                                                     \
    "3, now(), 'deliver.status', 'De ontvanger antwoordt met 503.', 503, NULL, NULL, NULL"
#define LEASED "1, NULL, NULL, NULL, NULL, 'node1', NULL, NULL"
#define LAPSED LEASED
#define DOUBT  "0, NULL, NULL, NULL, NULL, NULL, 'route.gemeente-in-doubt', 'Welke gemeente?'"

/* Appends a line to a chain as the daemon does: one more row of VALUES in sql. */
static inline void fixture_line(struct corv_buf *sql, int chain, int64_t seq,
    struct corv_digest *hash, const char *message, const char *event, const char *party,
    const char *detail)
{
    struct corv_audit_line line = {.chain = chain,
        .seq = seq,
        .at_us = INT64_C(1754820000123456) + seq * 1000,
        .event = {.event = event,
            .delivery = (int)(seq % 3),
            .party = party,
            .actor = "node:node1",
            .code = seq % 2 ? "some.code" : NULL,
            .detail = detail}};
    struct corv_digest commitment;
    char at[CORV_TIME_TEXT];
    char salt[2 * CORV_AUDIT_SALT + 1];
    char hex[CORV_DIGEST_TEXT];

    memset(line.salt, (int)seq, sizeof line.salt);
    if (message)
        assert_int_equal(corv_id_read(message, &line.event.message), CORV_OK);
    assert_int_equal(corv_audit_commitment(&line, &commitment), CORV_OK);
    assert_int_equal(corv_audit_hash(hash, &line, &commitment, hash), CORV_OK);
    (void)corv_buf_addf(sql,
        "%s(%d, %lld, '%s', '%s', nullif('%s', '')::uuid, %d,"
        " nullif('%s', ''), 'node:node1', nullif('%s', ''), nullif('%s', ''), '\\x%s', '\\x%s')",
        seq == 1 ? "" : ",", chain, (long long)seq, corv_clock_text(line.at_us, at), event,
        message ? message : "", line.event.delivery, party ? party : "",
        line.event.code ? line.event.code : "", detail ? detail : "",
        corv_hex(line.salt, sizeof line.salt, salt), corv_digest_text(hash, hex));
}

static inline void fixture_chain(int chain, const char *name, int lines)
{
    struct corv_digest hash = {{0}};
    char hex[CORV_DIGEST_TEXT];
    struct corv_buf sql;

    corv_buf_init(&sql, 16u << 20);
    if (lines > 0)
        (void)corv_buf_add_str(&sql,
            "INSERT INTO corv.audit (chain, seq, at, event, message_id, delivery, party, actor,"
            " code, detail, salt, hash) VALUES ");
    for (int seq = 1; seq <= lines; seq++)
        fixture_line(&sql, chain, seq, &hash, seq % 4 ? VTO : NULL,
            seq == 1 ? "message.stored" : "delivery.confirmed", seq % 2 ? "raad" : NULL,
            seq % 5 ? NULL : "{\"n\":5}");
    (void)corv_buf_addf(&sql,
        "%sINSERT INTO corv.audit_chain (chain, name) OVERRIDING SYSTEM VALUE VALUES (%d, '%s');"
        "INSERT INTO corv.audit_head VALUES (%d, %d, '\\x%s')",
        lines > 0 ? ";" : "", chain, name, chain, lines, corv_digest_text(&hash, hex));
    assert_false(sql.failed);
    test_pg_exec(db, sql.p);
    corv_buf_free(&sql);
}

static int fixture_db(void **state)
{
    (void)db_up(state);
    fault = (struct corv_fault){0};
    assert_int_equal(corv_inspect_open(db, &inspect, &fault), CORV_OK);
    return 0;
}

static int fixture_db_end(void **state)
{
    corv_inspect_close(inspect);
    return db_down(state);
}

static inline void fixture_traffic(void)
{
    fixture_message(VTO, "NULL", "vtoDi01", "VTO-1");
    fixture_message(NOTI, "'" VTO "'", "kennisgevingDi01", "VTO-1");
    fixture_message(OLDER, "NULL", "notificatieDi01", "N-7");
    fixture_delivery(VTO, 1, "'raad'", 0, "-10 seconds", FAILED);
    fixture_delivery(VTO, 2, "NULL", 1, "0 seconds", DOUBT);
    fixture_delivery(NOTI, 1, "'lelystad'", 0, "1 hour", LEASED);
    fixture_delivery(OLDER, 1, "'raad'", 2, "0 seconds", FAILED);
    fixture_delivery(OLDER, 2, "'almere'", 0, "-5 seconds", LAPSED);
    test_pg_exec(db,
        "INSERT INTO corv.delivery_done (message_id, no, route, party, priority, state, attempts,"
        " created_at, done_at, code, status, receipt) VALUES"
        " ('" VTO "', 3, 'kopie', 'om', 5, 3, 2, '2025-08-10 10:00:00+00',"
        " '2025-08-10 10:00:01.5+00', NULL, 200, 'regel een\nregel twee\\377'),"
        " ('" VTO "', 4, 'kopie', 'halt', 5, 4, 2, '2025-08-10 10:00:00+00',"
        " '2025-08-10 10:00:02+00', 'operator.drop', NULL, NULL)");
}

#define FIXTURE_CASE(f) cmocka_unit_test_setup_teardown(f, fixture_db, fixture_db_end)

#endif
