/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/support/queue_kit.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "queue/audit.h"
#include "queue/pg_array.h"
#include "tests/support/test_db.h"

#define LIMIT_US 60000000

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "queue_kit: %s: %s\n", what, why);
    exit(1);
}

/* ---- the loop -----------------------------------------------------------------------------------
 */

static void nothing(uv_timer_t *t)
{
    (void)t;
}

static void gone(uv_handle_t *h)
{
    *(bool *)h->data = true;
}

void kit_until(struct kit *k, kit_cond cond, void *ctx, const char *what)
{
    int64_t end = corv_clock_mono_us() + LIMIT_US;
    bool closed = false;
    uv_timer_t beat; /* so that the loop comes round even when nothing happens */

    (void)uv_timer_init(&k->loop, &beat);
    (void)uv_timer_start(&beat, nothing, 20, 20);
    beat.data = &closed;
    while (!cond(ctx)) {
        (void)uv_run(&k->loop, UV_RUN_ONCE);
        if (corv_clock_mono_us() > end)
            die(what, "does not happen");
    }
    uv_close((uv_handle_t *)&beat, gone);
    while (!closed)
        (void)uv_run(&k->loop, UV_RUN_NOWAIT);
}

struct wish {
    struct kit *k;
    unsigned answered;
    bool connected;
    int64_t end_us;
};

static bool is_answered(void *ctx)
{
    const struct wish *w = ctx;

    return w->k->answered >= w->answered;
}

static bool is_connected(void *ctx)
{
    const struct wish *w = ctx;

    return w->k->connected == w->connected;
}

static bool is_over(void *ctx)
{
    const struct wish *w = ctx;

    return corv_clock_mono_us() >= w->end_us;
}

void kit_until_answered(struct kit *k, unsigned answered)
{
    struct wish w = {.k = k, .answered = answered};

    kit_until(k, is_answered, &w, "answered");
}

void kit_until_connected(struct kit *k, bool connected)
{
    struct wish w = {.k = k, .connected = connected};

    kit_until(k, is_connected, &w, "connected");
}

void kit_run_ms(struct kit *k, unsigned ms)
{
    struct wish w = {.end_us = corv_clock_mono_us() + (int64_t)ms * 1000};

    kit_until(k, is_over, &w, "time");
}

/* ---- open and close
 * ------------------------------------------------------------------------------- */

static void on_connected(void *ctx, bool connected)
{
    ((struct kit *)ctx)->connected = connected;
}

static void on_hint(void *ctx)
{
    ((struct kit *)ctx)->hints++;
}

static void on_closed(void *ctx)
{
    ((struct kit *)ctx)->closed = true;
}

static bool is_closed(void *ctx)
{
    return ((struct kit *)ctx)->closed;
}

void kit_open(struct kit *k, struct corv_queue_options o, bool wait)
{
    struct corv_fault fault = {0};

    *k = (struct kit){0};
    if (uv_loop_init(&k->loop) != 0)
        die("loop", "no loop");
    o.loop = &k->loop;
    o.on_connected = on_connected;
    o.ctx = k;
    if (corv_queue_open(&o, &k->q, &fault) != CORV_OK)
        die("open", fault.text);
    corv_queue_on_hint(k->q, on_hint, k);
    if (wait)
        kit_until_connected(k, true);
}

void kit_open_as(struct kit *k, const char *node)
{
    kit_open(k, (struct corv_queue_options){.conninfo = db, .node = node}, true);
}

static void free_leased(struct kit *k)
{
    for (size_t i = 0; i < k->leased_count; i++)
        corv_leased_free(k->leased[i]);
    free(k->leased);
    k->leased = NULL;
    k->leased_count = 0;
}

void kit_close(struct kit *k)
{
    corv_queue_close(k->q, 5000, on_closed, k);
    kit_until(k, is_closed, k, "closed");
    free_leased(k);
    if (uv_loop_close(&k->loop) != 0)
        die("close", "a handle was left behind");
}

/* ---- put
 * ------------------------------------------------------------------------------------------ */

static struct corv_digest digest_of(const char *word, unsigned n)
{
    struct corv_digest d;
    char text[48];
    struct corv_view v;

    (void)snprintf(text, sizeof text, "%s %u", word, n);
    v = corv_view_str(text);
    if (corv_digest_of(&v, 1, &d) != CORV_OK)
        die("digest", "no memory");
    return d;
}

void kit_put_size(struct kit_put *p, size_t sealed)
{
    free(p->sealed);
    p->sealed = malloc(sealed);
    if (!p->sealed)
        die("sealed", "no memory");
    for (size_t i = 0; i < sealed; i++)
        p->sealed[i] = (char)(i * 31 + p->put.content.b[i % CORV_DIGEST]);
    p->sealed_size = sealed;
    p->message.sealed = corv_view_of(p->sealed, sealed);
    p->message.size = sealed;
}

static void put_answered(void *ctx, const struct corv_put_answer *answer)
{
    struct kit_put *p = ctx;

    if (p->answered)
        die("put", "answered twice");
    p->answered = true;
    p->answer = *answer;
    p->answered_us = corv_clock_mono_us();
    p->k->answered++;
    if (answer->result == CORV_PUT_STORED)
        p->k->committed++;
}

/* All but the payload. */
void kit_put_make_bare(struct kit *k, struct kit_put *p, unsigned reference, unsigned content)
{
    *p = (struct kit_put){.k = k};
    if (corv_id_new(&p->message.id) != CORV_OK)
        die("id", "no random bytes");
    (void)snprintf(p->referentie, sizeof p->referentie, "REF-%u", reference);
    p->message.received_us = corv_clock_us();
    p->message.kind = "vtoDi01";
    p->message.sender = "vt-flevoland";
    p->message.referentie = p->referentie;
    p->message.zender_org = "00000001111111111000";
    p->message.decision = "{\"route\":\"vto-raad\"}";
    p->message.digest = digest_of("content", content);
    p->message.content_type = "application/xml";
    p->message.deliveries = p->delivery;
    p->message.deliveries_count = 1;
    for (int i = 0; i < 2; i++)
        p->delivery[i] = (struct corv_queue_delivery){.no = i + 1,
            .route = "vto-raad",
            .party = i ? "lelystad" : "raad",
            .priority = CORV_PRIORITY_NORMAL,
            .state = CORV_DELIVERY_WAITING};
    p->stored = p->repeat = p->conflict = (struct corv_queue_event){
        .event = "message.stored", .message = p->message.id, .party = "vt-flevoland"};
    p->repeat.event = "message.repeated";
    p->conflict.event = "message.conflict";
    p->conflict.code = "StUF016";
    p->put = (struct corv_put){.dedup_key = digest_of("reference", reference),
        .content = p->message.digest,
        .messages = &p->message,
        .messages_count = 1,
        .events = &p->stored,
        .events_count = 1,
        .on_repeat = &p->repeat,
        .on_conflict = &p->conflict,
        .cb = put_answered,
        .ctx = p};
}

void kit_put_make(struct kit *k, struct kit_put *p, unsigned reference, unsigned content)
{
    kit_put_make_bare(k, p, reference, content);
    kit_put_size(p, 300);
}

void kit_put_ask(struct kit_put *p)
{
    corv_rc rc = corv_queue_put(p->k->q, &p->put);

    if (rc != CORV_OK)
        die("put", corv_rc_name(rc));
    p->asked_us = corv_clock_mono_us();
}

void kit_put_free(struct kit_put *p)
{
    free(p->sealed);
    p->sealed = NULL;
}

void kit_puts_free(struct kit_put *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kit_put_free(&p[i]);
    memset(p, 0, count * sizeof *p);
}

/* ---- settle
 * ----------------------------------------------------------------------------------------- */

static void settle_answered(void *ctx, bool committed)
{
    struct kit_settle *s = ctx;

    if (s->answered)
        die("settle", "answered twice");
    s->answered = true;
    s->committed = committed;
    s->k->answered++;
    s->k->committed += committed;
}

void kit_settle_make(struct kit *k, struct kit_settle *s, const struct corv_id *message, int no,
    int attempt, enum corv_delivery_state state)
{
    *s = (struct kit_settle){.k = k};
    s->event = (struct corv_queue_event){
        .event = "delivery.settled", .message = *message, .delivery = no, .party = "raad"};
    s->event.code = corv_delivery_state_name(state);
    s->s = (struct corv_settle){.message = *message,
        .no = no,
        .attempt = attempt,
        .state = state,
        .due_us = corv_clock_us(),
        .code = state == CORV_DELIVERY_CONFIRMED ? NULL : "deliver.http",
        .text = "",
        .event = &s->event,
        .cb = settle_answered,
        .ctx = s};
}

void kit_settle_ask(struct kit_settle *s)
{
    corv_rc rc = corv_queue_settle(s->k->q, &s->s);

    if (rc != CORV_OK)
        die("settle", corv_rc_name(rc));
}

/* ---- reading
 * ------------------------------------------------------------------------------------------ */

static void on_leased(void *ctx, struct corv_leased **leased, size_t count, bool failed)
{
    struct kit *k = ctx;

    k->leased = leased;
    k->leased_count = count;
    k->read_failed = failed;
    k->reads++;
}

static void on_backlog(void *ctx, const struct corv_backlog *b, size_t count, bool failed)
{
    struct kit *k = ctx;

    k->read_failed = failed;
    k->lanes_count = count < 8 ? count : 8;
    if (k->lanes_count)
        memcpy(k->lanes, b, k->lanes_count * sizeof *b);
    k->reads++;
}

static bool has_read(void *ctx)
{
    return ((struct kit *)ctx)->reads > 0;
}

size_t kit_lease(struct kit *k, const char *party, unsigned room, uint64_t bytes)
{
    struct corv_lease_lane lane = {party, room};

    free_leased(k);
    k->reads = 0;
    if (corv_queue_lease(k->q, &lane, 1, bytes, on_leased, k) != CORV_OK)
        die("lease", "cannot be asked");
    kit_until(k, has_read, k, "leased");
    return k->leased_count;
}

void kit_backlog(struct kit *k)
{
    k->reads = 0;
    if (corv_queue_backlog(k->q, on_backlog, k) != CORV_OK)
        die("backlog", "cannot be asked");
    kit_until(k, has_read, k, "backlog");
}

/* ---- the audit chains
 * --------------------------------------------------------------------------------- */

static const char *text_or_null(const PGresult *r, int row, int col)
{
    return PQgetisnull(r, row, col) ? NULL : PQgetvalue(r, row, col);
}

static struct corv_audit_line line_of(const PGresult *r, int row)
{
    struct corv_audit_line line = {.chain = (int32_t)corv_pg_int(r, row, 0),
        .seq = corv_pg_int(r, row, 1),
        .at_us = corv_pg_time(r, row, 2),
        .event = {.event = PQgetvalue(r, row, 3),
            .message = corv_pg_id(r, row, 4),
            .delivery = (int)corv_pg_int(r, row, 5),
            .party = text_or_null(r, row, 6),
            .actor = PQgetvalue(r, row, 7),
            .code = text_or_null(r, row, 8),
            .detail = text_or_null(r, row, 9)}};
    struct corv_view salt = corv_pg_view(r, row, 10);

    if (salt.n != sizeof line.salt)
        die("audit", "a salt of another size");
    memcpy(line.salt, salt.p, salt.n);
    return line;
}

static PGresult *binary(PGconn *c, const char *sql)
{
    PGresult *r = PQexecParams(c, sql, 0, NULL, NULL, NULL, NULL, 1);

    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        die(sql, PQresultErrorMessage(r));
    return r;
}

static void expect_head(PGconn *c, int32_t chain, int64_t seq, const struct corv_digest *hash)
{
    char sql[96];
    PGresult *r;

    (void)snprintf(
        sql, sizeof sql, "SELECT seq, hash FROM corv.audit_head WHERE chain = %d", chain);
    r = binary(c, sql);
    if (PQntuples(r) != 1 || corv_pg_int(r, 0, 0) != seq ||
        !corv_view_eq(corv_pg_view(r, 0, 1), corv_view_of(hash->b, sizeof hash->b)))
        die("audit", "the head is not the last line");
    PQclear(r);
}

unsigned kit_verify_audit(const char *conninfo)
{
    PGconn *c = PQconnectdb(conninfo);
    PGresult *r =
        binary(c, "SELECT chain, seq, at, event, message_id, delivery, party, actor, code,"
                  " detail, salt, hash FROM corv.audit ORDER BY chain, seq");
    int rows = PQntuples(r);
    struct corv_digest hash = {{0}};
    struct corv_audit_line last = {0};

    for (int row = 0; row < rows; row++) {
        struct corv_audit_line line = line_of(r, row);
        struct corv_digest commitment;

        if (line.chain != last.chain && row > 0)
            expect_head(c, last.chain, last.seq, &hash);
        if (line.chain != last.chain) {
            hash = (struct corv_digest){{0}};
            last.seq = 0;
        }
        if (line.seq != last.seq + 1)
            die("audit", "a gap in the sequence");
        if (corv_audit_commitment(&line, &commitment) != CORV_OK ||
            corv_audit_hash(&hash, &line, &commitment, &hash) != CORV_OK ||
            !corv_view_eq(corv_pg_view(r, row, 11), corv_view_of(hash.b, sizeof hash.b)))
            die("audit", "another hash than stored");
        last = line;
    }
    if (rows > 0)
        expect_head(c, last.chain, last.seq, &hash);
    PQclear(r);
    PQfinish(c);
    return (unsigned)rows;
}

int kit_db_down(void **state)
{
    (void)kit_verify_audit(db);
    return db_down(state);
}
