/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/migrate.h"
#include "queue/writer.h"

#define SILENT_MS   12000 /* no answer for so long: broken; less when items wait less */
#define CONNECT_MS  30000
#define BATCH_ITEMS 256
#define BATCH_BYTES (32u << 20)
#define BACKLOG     4096
#define WAIT_MS     15000
#define LEASE_S     120

/* One process per node name: the lock lives as long as the session. */
static const struct corv_pg_stmt sql_lock = {"corv_lock",
    "SELECT pg_try_advisory_lock(hashtextextended('corv.chain.' || $1::text, 0))::integer"};
static const struct corv_pg_stmt sql_chain = {"corv_chain",
    "INSERT INTO audit_chain (name) SELECT $1::text"
    " WHERE NOT EXISTS (SELECT FROM audit_chain WHERE name = $1::text) ON CONFLICT DO NOTHING"};
static const struct corv_pg_stmt sql_first_head = {"corv_first_head",
    "INSERT INTO audit_head (chain, seq, hash) SELECT chain, 0, $2::bytea FROM audit_chain"
    " WHERE name = $1::text ON CONFLICT DO NOTHING"};
static const struct corv_pg_stmt sql_head = {"corv_read_head",
    "SELECT h.chain, h.seq, h.hash FROM audit_chain c JOIN audit_head h ON h.chain = c.chain"
    " WHERE c.name = $1::text"};
/* First of all: where are we? */
static const struct corv_pg_stmt sql_enter = {"corv_enter",
    "SELECT e.system, e.timeline, e.moved::integer,"
    " (current_setting('synchronous_standby_names') <> '')::integer FROM enter_house() e"};
static const struct corv_pg_stmt sql_place = {"corv_place", "SELECT system, timeline FROM place()"};
static const struct corv_pg_stmt sql_listen = {"corv_listen", "LISTEN corv_due"};

static const struct corv_pg_stmt *const writer_sql[] = {&sql_enter, &sql_lock, &sql_chain,
    &sql_first_head, &sql_head, &corv_sql_begin, &corv_sql_commit, &corv_sql_rollback,
    &corv_sql_claim, &corv_sql_look, &corv_sql_about, &corv_sql_case, &corv_sql_lock, &corv_sql_end,
    &corv_sql_end_all, &corv_sql_move, &corv_sql_release, &corv_sql_from_ahead, &corv_sql_give_back,
    &corv_sql_store, &corv_sql_big, &corv_sql_audit, NULL};
static const struct corv_pg_stmt *const reader_sql[] = {&sql_place, &sql_listen, &corv_sql_lease,
    &corv_sql_piece, &corv_sql_backlog, &corv_sql_aside, &corv_sql_partitions, &corv_sql_pulse,
    NULL};

/* ---- connected or not
 * ----------------------------------------------------------------------------- */

bool corv_queue_connected(const struct corv_queue *q)
{
    return q->writer_up && q->reader_up;
}

bool corv_queue_head(
    const struct corv_queue *q, int32_t *chain, int64_t *seq, struct corv_digest *hash)
{
    *chain = q->chain.chain;
    *seq = q->chain.seq;
    *hash = q->chain.hash;
    return q->chain.chain != 0;
}

const char *corv_queue_trouble(const struct corv_queue *q)
{
    const struct corv_pg *at = q->writer_up ? q->reader : q->writer;

    return corv_queue_connected(q) || !at ? NULL : corv_pg_trouble(at);
}

const char *corv_queue_place(const struct corv_queue *q)
{
    return corv_pg_place(q->writer);
}

const char *corv_queue_place_text(const struct corv_queue *q, char *out, size_t size)
{
    return corv_pg_place_text(q->writer, out, size);
}

struct corv_primary corv_queue_primary(const struct corv_queue *q)
{
    return q->primary;
}

bool corv_queue_synchronous(const struct corv_queue *q)
{
    return q->synchronous;
}

static void tell_connected(struct corv_queue *q)
{
    bool now = corv_queue_connected(q);

    if (now == q->told_connected || q->closed_down)
        return;
    q->told_connected = now;
    if (q->o.on_connected)
        q->o.on_connected(q->o.ctx, now);
}

/* ---- the reader's session
 * ------------------------------------------------------------------------- */

static void listening(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        corv_pg_drop(q->reader, state ? state : "session");
}

static struct corv_primary primary_of(const PGresult *r)
{
    return (struct corv_primary){.system = corv_pg_int(r, 0, 0), .timeline = corv_pg_int(r, 0, 1)};
}

/* Leases are taken where they are settled, and nowhere else. */
static void reader_placed(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    struct corv_primary here;

    if (PQresultStatus(r) != PGRES_TUPLES_OK) {
        corv_pg_drop(q->reader, state ? state : "session");
        return;
    }
    here = primary_of(r);
    if (!corv_primary_same(&here, &q->primary))
        corv_pg_drop(q->reader, "other-server");
}

static void reader_ready(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;

    (void)r;
    q->reader_up = true;
    corv_pg_ready(q->reader);
    corv_give_back_lost(q, q->lease_lost_us);
    tell_connected(q);
}

static void reader_session(void *ctx)
{
    struct corv_queue *q = ctx;

    if (corv_pg_run(q->reader, &sql_place, NULL, reader_placed, q) != CORV_OK ||
        corv_pg_run(q->reader, &sql_listen, NULL, listening, q) != CORV_OK ||
        corv_pg_sync(q->reader, reader_ready, q) != CORV_OK)
        corv_pg_drop(q->reader, "session");
}

static void reader_down(void *ctx)
{
    struct corv_queue *q = ctx;

    q->reader_up = false;
    q->stats.reconnects++;
    corv_reads_fail(q);
    tell_connected(q);
    corv_queue_kick(q);
}

static void reader_hint(void *ctx, const char *channel)
{
    struct corv_queue *q = ctx;

    if (q->hint && !q->closing && strcmp(channel, "corv_due") == 0)
        q->hint(q->hint_ctx);
}

/* A name no other connection has, so that a session can end its own forerunner and nobody else. */
corv_rc corv_queue_connect(
    struct corv_queue *q, struct corv_pg_options *o, const char *what, struct corv_pg **out)
{
    char name[64];
    struct corv_id id;
    corv_rc rc = corv_id_new(&id);

    if (rc != CORV_OK)
        return rc;
    (void)snprintf(name, sizeof name, "corvd.%s.%02x%02x%02x%02x%02x%02x", what, id.b[10], id.b[11],
        id.b[12], id.b[13], id.b[14], id.b[15]);
    o->loop = q->o.loop;
    o->conninfo = q->o.conninfo;
    o->application = name;
    o->first = &corv_sql_schema;
    o->judge = corv_migrate_judge;
    /* Half of what an item waits: time to do it again on another connection. */
    if (!o->silent_ms) {
        o->silent_ms = q->o.wait_ms / 2 < SILENT_MS ? q->o.wait_ms / 2 : SILENT_MS;
        o->connect_ms = CONNECT_MS;
        o->statement_ms = o->silent_ms / 4 * 3;
    }
    rc = corv_pg_new(o, out);
    if (rc == CORV_OK)
        q->parts++;
    return rc;
}

static corv_rc connect_reader(struct corv_queue *q)
{
    struct corv_pg_options o = {.stmts = reader_sql,
        .on_session = reader_session,
        .on_down = reader_down,
        .on_notify = reader_hint,
        .ctx = q};

    return corv_queue_connect(q, &o, "reader", &q->reader);
}

/* ---- the writer's session
 * ------------------------------------------------------------------------- */

static void session_step(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (PQresultStatus(r) == PGRES_FATAL_ERROR)
        corv_pg_drop(q->writer, state ? state : "session");
}

static void say_moved(const struct corv_queue *q, const struct corv_primary *here)
{
    char place[128];

    CORV_LOG(WARNING, "database.moved", NULL,
        CORV_F(WHAT, corv_pg_place_text(q->writer, place, sizeof place)),
        CORV_N(COUNT, here->timeline));
}

static void entered(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    struct corv_primary here;

    session_step(q, r);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        return;
    here = primary_of(r);
    q->synchronous = corv_pg_int(r, 0, 3) != 0;
    if (corv_primary_is_former(&q->primary, &here)) {
        corv_pg_drop(q->writer, CORV_PRIMARY_OLD);
        return;
    }
    if (q->o.require_standby && !q->synchronous) {
        corv_pg_drop(q->writer, CORV_QUEUE_NO_STANDBY);
        return;
    }
    if (corv_pg_int(r, 0, 2) != 0 ||
        (q->primary.system != 0 && !corv_primary_same(&q->primary, &here)))
        say_moved(q, &here);
    if (q->reader && q->primary.system != 0 && !corv_primary_same(&q->primary, &here))
        corv_pg_drop(q->reader, "other-server");
    q->primary = here;
}

static void locked(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;

    session_step(q, r);
    if (PQresultStatus(r) == PGRES_TUPLES_OK && corv_pg_int(r, 0, 0) != 1)
        corv_pg_drop(q->writer, "node-name-in-use");
}

/* What we saw committed is not there any more. */
static bool went_back(const struct corv_queue *q, const PGresult *r, struct corv_view hash)
{
    int64_t seq = corv_pg_int(r, 0, 1);

    if (q->chain.chain == 0)
        return false;
    return seq < q->chain.seq ||
           (seq == q->chain.seq && memcmp(hash.p, q->chain.hash.b, hash.n) != 0);
}

static void head_read(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;
    struct corv_view hash;

    session_step(q, r);
    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        return;
    hash = corv_pg_view(r, 0, 2);
    if (PQntuples(r) != 1 || hash.n != sizeof q->chain.hash.b) {
        corv_pg_drop(q->writer, "audit-head-missing");
        return;
    }
    if (went_back(q, r, hash)) {
        corv_pg_drop(q->writer, "database-went-back");
        return;
    }
    q->chain.chain = (int32_t)corv_pg_int(r, 0, 0);
    q->chain.seq = corv_pg_int(r, 0, 1);
    memcpy(q->chain.hash.b, hash.p, hash.n);
}

static void writer_ready(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;

    (void)r;
    q->writer_up = true;
    corv_pg_ready(q->writer);
    if (!q->reader && connect_reader(q) != CORV_OK)
        corv_pg_drop(q->writer, "no-memory");
    tell_connected(q);
    corv_queue_kick(q);
}

void corv_queue_place_writer(struct corv_queue *q)
{
    static const char zeros[CORV_DIGEST];
    struct corv_pg_params name = {0};
    struct corv_pg_params first = {0};

    corv_pg_add_text(&name, q->chain_name);
    corv_pg_add_text(&first, q->chain_name);
    corv_pg_add_view(&first, corv_view_of(zeros, sizeof zeros));
    if (corv_pg_run(q->writer, &sql_lock, &name, locked, q) != CORV_OK ||
        corv_pg_run(q->writer, &sql_chain, &name, session_step, q) != CORV_OK ||
        corv_pg_run(q->writer, &sql_first_head, &first, session_step, q) != CORV_OK ||
        corv_pg_run(q->writer, &sql_head, &name, head_read, q) != CORV_OK ||
        corv_pg_sync(q->writer, writer_ready, q) != CORV_OK)
        corv_pg_drop(q->writer, "session");
}

/* Only where we belong; a former primary hears nothing but the question. */
static void writer_placed(void *ctx, const PGresult *r)
{
    struct corv_queue *q = ctx;

    (void)r;
    if (corv_remember_knows(q))
        corv_queue_place_writer(q);
    else
        corv_remember_primary(q);
}

static void writer_session(void *ctx)
{
    struct corv_queue *q = ctx;

    if (corv_pg_run(q->writer, &sql_enter, NULL, entered, q) != CORV_OK ||
        corv_pg_sync(q->writer, writer_placed, q) != CORV_OK)
        corv_pg_drop(q->writer, "session");
}

static void writer_down(void *ctx)
{
    struct corv_queue *q = ctx;

    corv_remember_forget(q);
    corv_writer_down(q);
    tell_connected(q);
}

static corv_rc connect_writer(struct corv_queue *q)
{
    struct corv_pg_options o = {
        .stmts = writer_sql, .on_session = writer_session, .on_down = writer_down, .ctx = q};

    return corv_queue_connect(q, &o, "writer", &q->writer);
}

/* ---- closing
 * --------------------------------------------------------------------------------------- */

static void release(struct corv_queue *q)
{
    corv_writer_free(q);
    free((char *)(uintptr_t)q->o.conninfo);
    free((char *)(uintptr_t)q->o.node);
    free((char *)(uintptr_t)q->o.state_dir);
    free(q->actor);
    free(q->chain_name);
    free(q);
}

void corv_queue_part_gone(void *ctx)
{
    struct corv_queue *q = ctx;

    if (--q->parts > 0)
        return;

    void (*on_closed)(void *ctx) = q->on_closed;
    void *closed_ctx = q->closed_ctx;

    release(q);
    if (on_closed)
        on_closed(closed_ctx);
}

static void timer_gone(uv_handle_t *h)
{
    corv_queue_part_gone(h->data);
}

/* Everybody hears something before the connections go. */
static void close_down(struct corv_queue *q)
{
    if (q->closed_down)
        return;
    q->closed_down = true;
    corv_writer_expire(q, true);
    corv_reads_fail(q);
    for (unsigned i = 0; i < q->batch.count; i++)
        free(q->batch.items[i]);
    q->batch.count = 0;
    q->writer_up = q->reader_up = false;
    if (q->writer)
        corv_pg_close(q->writer, corv_queue_part_gone, q);
    if (q->reader)
        corv_pg_close(q->reader, corv_queue_part_gone, q);
    corv_viewer_close(q);
    uv_close((uv_handle_t *)&q->kick, timer_gone);
    uv_close((uv_handle_t *)&q->tick, timer_gone);
    uv_close((uv_handle_t *)&q->limit, timer_gone);
}

static void on_kick(uv_timer_t *t)
{
    struct corv_queue *q = t->data;
    unsigned ms = corv_batch_company_ms(q);

    q->lonely = ms > 0;
    if (q->lonely)
        (void)uv_timer_start(t, on_kick, ms, 0);
    else
        corv_writer_start(q);
    if (q->closing && q->waiting == 0 && q->reads_count == 0)
        close_down(q);
}

static void on_tick(uv_timer_t *t)
{
    struct corv_queue *q = t->data;

    corv_writer_expire(q, false);
    if (q->waiting == 0) {
        (void)uv_timer_stop(t);
        corv_queue_kick(q);
    }
}

static void on_limit(uv_timer_t *t)
{
    close_down(t->data);
}

/* At the next turn of the loop, so that what arrives in this one shares a transaction. */
void corv_queue_kick(struct corv_queue *q)
{
    unsigned step = q->o.wait_ms / 20;

    if (q->closed_down)
        return;
    if (q->lonely || !uv_is_active((uv_handle_t *)&q->kick))
        (void)uv_timer_start(&q->kick, on_kick, 0, 0);
    q->lonely = false;
    if (q->waiting > 0 && !uv_is_active((uv_handle_t *)&q->tick)) {
        step = step < 5 ? 5 : step > 250 ? 250 : step;
        (void)uv_timer_start(&q->tick, on_tick, step, step);
    }
}

void corv_queue_close(struct corv_queue *q, unsigned limit_ms, void (*on_closed)(void *), void *ctx)
{
    if (q->closing)
        return;
    q->closing = true;
    q->on_closed = on_closed;
    q->closed_ctx = ctx;
    (void)uv_timer_start(&q->limit, on_limit, limit_ms, 0);
    corv_queue_kick(q);
}

/* ---- opening
 * ---------------------------------------------------------------------------------------- */

static char *two(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 1;
    char *s = malloc(size);

    if (s)
        (void)snprintf(s, size, "%s%s", a, b);
    return s;
}

static corv_rc copy_options(struct corv_queue *q, const struct corv_queue_options *o)
{
    q->o = *o;
    q->o.conninfo = strdup(o->conninfo);
    q->o.node = strdup(o->node);
    q->o.state_dir = o->state_dir ? strdup(o->state_dir) : NULL;
    q->o.at = NULL;
    q->primary = q->remember.written = o->primary;
    q->actor = two("node:", o->node);
    q->chain_name = two("node:", o->node);
    if (!q->o.batch_items)
        q->o.batch_items = BATCH_ITEMS;
    if (!q->o.batch_bytes)
        q->o.batch_bytes = BATCH_BYTES;
    if (!q->o.backlog)
        q->o.backlog = BACKLOG;
    if (!q->o.wait_ms)
        q->o.wait_ms = WAIT_MS;
    if (!q->o.lease_seconds)
        q->o.lease_seconds = LEASE_S;
    return q->o.conninfo && q->o.node && (q->o.state_dir || !o->state_dir) && q->actor &&
                   q->chain_name
               ? CORV_OK
               : CORV_E_NOMEM;
}

void corv_queue_add_timer(struct corv_queue *q, uv_timer_t *t)
{
    (void)uv_timer_init(q->o.loop, t);
    t->data = q;
    q->parts++;
}

corv_rc corv_queue_open(
    const struct corv_queue_options *o, struct corv_queue **out, struct corv_fault *fault)
{
    struct corv_queue *q = NULL;
    corv_rc rc = CORV_OK;

    if (!o->migrated)
        rc = corv_migrate(o->at ? o->at : o->conninfo, fault);
    if (rc != CORV_OK)
        return rc;
    q = calloc(1, sizeof *q);
    if (!q || copy_options(q, o) != CORV_OK || corv_writer_init(q) != CORV_OK) {
        if (q)
            release(q);
        return CORV_FAIL(fault, CORV_E_NOMEM, CORV_FAULT_STORE, "queue.no-memory",
            "Er is geen geheugen voor de wachtrij.");
    }
    corv_list_init(&q->reads);
    corv_queue_add_timer(q, &q->kick);
    corv_queue_add_timer(q, &q->tick);
    corv_queue_add_timer(q, &q->limit);
    rc = connect_writer(q);
    if (rc != CORV_OK) {
        corv_queue_close(q, 0, NULL, NULL);
        return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "queue.no-memory",
            "Er is geen geheugen voor de wachtrij.");
    }
    *out = q;
    return CORV_OK;
}

void corv_queue_on_hint(struct corv_queue *q, void (*hint)(void *ctx), void *ctx)
{
    q->hint = hint;
    q->hint_ctx = ctx;
}

void corv_queue_stats_get(const struct corv_queue *q, struct corv_queue_stats *out)
{
    *out = q->stats;
    out->backlog = q->waiting;
}
