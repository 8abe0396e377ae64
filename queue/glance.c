/* SPDX-License-Identifier: EUPL-1.2 */
/* What people look at, in one statement and so of one moment. It has a connection of its own, made
 * when somebody first looks: a slow answer never keeps a lease waiting. */
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/backlog_sql.h"
#include "queue/writer.h"

#define LIMIT_MS     3000 /* an answer, or "not now" */
#define STATEMENT_MS 2000
#define SILENT_MS    4000
#define CONNECT_MS   10000

/* Never a text from outside or one that a person typed (last_text, an operator's reason), nor who
 * that person is: "operator" will do. */
#define HOLDS                                                                                      \
    "(SELECT json_agg(a) FROM (SELECT d.message_id AS message, d.no, m.kind, d.party, d.route,"    \
    "  d.created_at AS since, d.held_code AS code,"                                                \
    "  CASE WHEN d.held_code <> 'operator.hold' THEN d.held_question END AS question"              \
    "  FROM (SELECT * FROM delivery WHERE state = 1 ORDER BY created_at DESC LIMIT $3::integer) d" \
    "  LEFT JOIN message m ON m.id = d.message_id) a)"
#define DEADS                                                                                      \
    "(SELECT json_agg(a) FROM (SELECT d.message_id AS message, d.no, m.kind, d.party, d.route,"    \
    "  d.created_at AS since, d.attempts, d.last_code AS code, d.last_status AS status"            \
    "  FROM (SELECT * FROM delivery WHERE state = 2 ORDER BY created_at DESC LIMIT $3::integer) d" \
    "  LEFT JOIN message m ON m.id = d.message_id) a)"
#define DELIVERIES                                                                                 \
    "(SELECT json_agg(v) FROM (SELECT no, party, route, attempts, last_status AS status,"          \
    "  CASE WHEN state = 1 THEN held_code ELSE last_code END AS code,"                             \
    "  CASE WHEN state = 0 AND owner IS NOT NULL AND due_at > $1::timestamptz THEN 'leased'"       \
    "   ELSE (ARRAY['waiting', 'held', 'dead'])[state + 1] END AS state"                           \
    "  FROM delivery WHERE message_id = m.id"                                                      \
    "  UNION ALL SELECT no, party, route, attempts, status, code,"                                 \
    "  (ARRAY['confirmed', 'dropped'])[state - 2] FROM delivery_done WHERE message_id = m.id"      \
    "  ORDER BY 1) v)"
#define EVENTS                                                                                     \
    "(SELECT json_agg(e) FROM (SELECT at, event, delivery, party, code,"                           \
    "  actor LIKE 'operator:%' AS operator FROM audit WHERE message_id = m.id"                     \
    "  ORDER BY at, chain, seq LIMIT 50) e)"
#define MESSAGES                                                                                   \
    "(SELECT json_agg(l) FROM (SELECT m.id, m.received_at AS received, m.parent_id AS parent,"     \
    "  m.kind, m.sender, m.urgent, m.size, " DELIVERIES " AS deliveries, " EVENTS " AS events"     \
    "  FROM (SELECT * FROM message ORDER BY id DESC LIMIT $3::integer) m ORDER BY m.id DESC) l)"
#define LANES                                                                                      \
    "(SELECT json_agg(json_build_object('party', b.party, 'waiting', b.waiting, 'due', b.due,"     \
    "  'first', extract(epoch FROM b.first))) FROM (" CORV_SQL_BACKLOG ") b)"

/* 1: now, 2: where counting stops, 3: rows of each list */
static const struct corv_pg_stmt sql_glance = {"corv_glance",
    "SELECT json_build_object('lanes', " LANES ", 'holds', " HOLDS ", 'deads', " DEADS ","
    " 'held', (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 1 LIMIT $2::bigint) c),"
    " 'dead', (SELECT count(*) FROM (SELECT FROM delivery WHERE state = 2 LIMIT $2::bigint) c),"
    " 'messages', " MESSAGES ")::text"};
static const struct corv_pg_stmt sql_read_only = {
    "corv_read_only", "SELECT set_config('default_transaction_read_only', 'on', false)"};
static const struct corv_pg_stmt *const glance_sql[] = {&sql_read_only, &sql_glance, NULL};

struct corv_viewer {
    struct corv_queue *q;
    struct corv_pg *pg;
    uv_timer_t limit;
    bool up;
    bool sent;
    char *json;        /* owned, until the sync came */
    corv_glance_cb cb; /* NULL: nobody asks */
    void *ctx;
};

static void answer(struct corv_viewer *v, bool failed)
{
    corv_glance_cb cb = v->cb;
    char *json = v->json;

    v->cb = NULL;
    v->json = NULL;
    v->sent = false;
    (void)uv_timer_stop(&v->limit);
    if (cb)
        cb(v->ctx, failed ? (struct corv_view){0} : corv_view_str(json));
    free(json);
}

static void found(void *ctx, const PGresult *r)
{
    struct corv_viewer *v = ctx;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1)
        v->json = corv_pg_text(r, 0, 0);
    if (v->json)
        return;
    CORV_LOG(WARNING, "queue.glance-failed", NULL, CORV_F(CODE, state ? state : "08006"));
}

static void synced(void *ctx, const PGresult *r)
{
    struct corv_viewer *v = ctx;

    (void)r;
    answer(v, v->json == NULL);
}

static void ask(struct corv_viewer *v)
{
    struct corv_pg_params p = {0};

    corv_pg_add_time(&p, corv_clock_us());
    corv_pg_add_int8(&p, CORV_BACKLOG_COUNTED);
    corv_pg_add_int4(&p, CORV_GLANCE_ROWS);
    v->sent = true;
    if (corv_pg_run(v->pg, &sql_glance, &p, found, v) != CORV_OK ||
        corv_pg_sync(v->pg, synced, v) != CORV_OK)
        corv_pg_drop(v->pg, "glance"); /* going down answers */
}

static void ready(void *ctx, const PGresult *r)
{
    struct corv_viewer *v = ctx;

    (void)r;
    v->up = true;
    corv_pg_ready(v->pg);
    if (v->cb && !v->sent)
        ask(v);
}

static void read_only(void *ctx, const PGresult *r)
{
    struct corv_viewer *v = ctx;

    if (PQresultStatus(r) != PGRES_TUPLES_OK)
        corv_pg_drop(v->pg, "session");
}

static void session(void *ctx)
{
    struct corv_viewer *v = ctx;

    if (corv_pg_run(v->pg, &sql_read_only, NULL, read_only, v) != CORV_OK ||
        corv_pg_sync(v->pg, ready, v) != CORV_OK)
        corv_pg_drop(v->pg, "session");
}

static void down(void *ctx)
{
    struct corv_viewer *v = ctx;

    v->up = false;
    answer(v, true);
}

/* What is under way may come later, when somebody else asks: so the session goes with it. */
static void limit_reached(uv_timer_t *t)
{
    struct corv_viewer *v = t->data;

    if (v->sent)
        corv_pg_drop(v->pg, "glance-slow");
    answer(v, true);
}

static corv_rc open_viewer(struct corv_queue *q)
{
    struct corv_viewer *v = calloc(1, sizeof *v);
    struct corv_pg_options o = {.stmts = glance_sql,
        .on_session = session,
        .on_down = down,
        .silent_ms = SILENT_MS,
        .connect_ms = CONNECT_MS,
        .statement_ms = STATEMENT_MS,
        .ctx = v};
    corv_rc rc = v ? CORV_OK : CORV_E_NOMEM;

    if (rc == CORV_OK)
        rc = corv_queue_connect(q, &o, "viewer", &v->pg);
    if (rc != CORV_OK) {
        free(v);
        return rc;
    }
    v->q = q;
    corv_queue_add_timer(q, &v->limit);
    v->limit.data = v;
    q->viewer = v;
    return CORV_OK;
}

corv_rc corv_queue_glance(struct corv_queue *q, corv_glance_cb cb, void *ctx)
{
    corv_rc rc = CORV_OK;

    if (q->closing || !corv_queue_connected(q) || (q->viewer && q->viewer->cb))
        return CORV_AGAIN;
    if (!q->viewer)
        rc = open_viewer(q);
    if (rc != CORV_OK)
        return rc;
    q->viewer->cb = cb;
    q->viewer->ctx = ctx;
    (void)uv_timer_start(&q->viewer->limit, limit_reached, LIMIT_MS, 0);
    if (q->viewer->up)
        ask(q->viewer);
    return CORV_OK;
}

static void timer_gone(uv_handle_t *h)
{
    struct corv_viewer *v = h->data;
    struct corv_queue *q = v->q;

    free(v); /* the connection is told first */
    corv_queue_part_gone(q);
}

static void connection_gone(void *ctx)
{
    struct corv_viewer *v = ctx;

    uv_close((uv_handle_t *)&v->limit, timer_gone);
    corv_queue_part_gone(v->q);
}

void corv_viewer_close(struct corv_queue *q)
{
    struct corv_viewer *v = q->viewer;

    if (!v)
        return;
    q->viewer = NULL;
    answer(v, true);
    corv_pg_close(v->pg, connection_gone, v);
}
