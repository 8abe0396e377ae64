/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "queue/pg_hosts.h"
#include "queue/pg_sync.h"

#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS   5000
#define STEADY_US      2000000 /* a session that lasted this long was a good one */
#define PLACE_MS       5000    /* to reach one server of several, when connect_timeout is not set */

enum phase {
    PAUSING,    /* no connection; the timer will try again */
    RESOLVING,  /* the name of a server, on a worker */
    CONNECTING, /* PQconnectPoll */
    PREPARING,  /* settings and statements are under way */
    SESSION,    /* the user's */
    DOOMED,     /* to be taken down at the next turn of the loop */
    CLOSING,
};

struct awaited {
    corv_pg_cb cb;
    void *ctx;
    bool sync;
};

struct watch { /* one per socket libpq shows us; lives until libuv let go of it */
    uv_poll_t poll;
    struct corv_pg *c;
    int events; /* that it was started for */
};

struct corv_pg {
    struct corv_pg_options o;
    struct corv_pg_hosts *hosts; /* owned; NULL: libpq cannot read it, and will say so */
    char *conninfo;              /* owned: as given */
    char *here;                  /* owned: of the place that is tried, or that we are at */
    char *application;           /* owned */
    uv_getaddrinfo_t look_up;
    bool looking_up; /* the request is libuv's */
    PGconn *conn;
    struct watch *watch; /* of the present socket, or NULL */
    uv_timer_t timer;    /* next try, or taking down */
    uv_timer_t silence;
    unsigned handles; /* not yet closed */
    enum phase phase;
    bool had_session; /* on_down is owed */
    bool warned;
    struct awaited *ring; /* owned */
    unsigned ring_size, ring_first, ring_count;
    unsigned pause_ms;
    int64_t ready_us; /* monotonic; 0: not ready */
    char code[48];    /* why it is doomed */
    char logged[48];  /* what the log says already */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void on_socket(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *t);
static void go_on(struct corv_pg *c);

/* ---- handles ------------------------------------------------------------------------------ */

static void handle_gone(struct corv_pg *c)
{
    if (--c->handles > 0)
        return;

    void (*closed)(void *ctx) = c->closed;
    void *ctx = c->closed_ctx;

    free(c->ring);
    corv_pg_hosts_free(c->hosts);
    free(c->here);
    free(c->conninfo);
    free(c->application);
    free(c);
    if (closed)
        closed(ctx);
}

static void timer_gone(uv_handle_t *h)
{
    handle_gone(h->data);
}

static void watch_gone(uv_handle_t *h)
{
    struct watch *w = CORV_LIST_ITEM(h, struct watch, poll);
    struct corv_pg *c = w->c;

    free(w);
    handle_gone(c);
}

static void unwatch(struct corv_pg *c)
{
    if (!c->watch)
        return;
    (void)uv_poll_stop(&c->watch->poll);
    uv_close((uv_handle_t *)&c->watch->poll, watch_gone);
    c->watch = NULL;
}

/* A new handle for the socket libpq has now: while connecting it may be another every step. */
static corv_rc watch_socket(struct corv_pg *c)
{
    struct watch *w;

    unwatch(c);
    w = calloc(1, sizeof *w);
    if (!w)
        return CORV_E_NOMEM;
    w->c = c;
    if (uv_poll_init(c->o.loop, &w->poll, PQsocket(c->conn)) != 0) {
        free(w);
        return CORV_E_IO;
    }
    c->handles++;
    c->watch = w;
    return CORV_OK;
}

static void want(struct corv_pg *c, int events)
{
    struct watch *w = c->watch;

    /* libuv stops a watch to start it anew, which is two calls of the kernel. */
    if (w && w->events == events && uv_is_active((uv_handle_t *)&w->poll))
        return;
    if (!w || uv_poll_start(&w->poll, events, on_socket) != 0) {
        corv_pg_drop(c, "poll");
        return;
    }
    w->events = events;
}

/* ---- down and up again -------------------------------------------------------------------- */

/* In the alphabet of the log. */
static void loggable_text(const char *said, char *out, size_t size)
{
    char *w = out;

    for (const char *r = said; *r && w < out + size - 1; r++)
        *w++ = (char)(*r < ' ' || *r > '}' || strchr("&{|\\^~`", *r) ? ' ' : *r);
    *w = '\0';
}

/* Only what libpq says while connecting, so hosts and ports, never what a statement carried. */
static void log_connect_failure(struct corv_pg *c)
{
    char reason[200];

    loggable_text(c->conn ? PQerrorMessage(c->conn) : "", reason, sizeof reason);
    CORV_LOG(WARNING, "queue.connect-failed", NULL, CORV_F(WHAT, c->application),
        CORV_F(REASON, reason));
}

static void drop(struct corv_pg *c, const char *code, const char *reason)
{
    if (c->phase == DOOMED || c->phase == CLOSING || c->phase == PAUSING)
        return;
    (void)snprintf(c->code, sizeof c->code, "%s", code);
    if (strcmp(c->logged, c->code) != 0) {
        (void)snprintf(c->logged, sizeof c->logged, "%s", c->code);
        if (c->phase == CONNECTING || c->phase == RESOLVING)
            log_connect_failure(c);
        else
            CORV_LOG(WARNING, "queue.connection-lost", NULL, CORV_F(WHAT, c->application),
                CORV_F(CODE, code), CORV_F(REASON, reason));
    }
    c->phase = DOOMED;
    unwatch(c);
    (void)uv_timer_stop(&c->silence);
    (void)uv_timer_start(&c->timer, on_timer, 0, 0);
}

void corv_pg_drop(struct corv_pg *c, const char *code)
{
    drop(c, code, corv_pg_state_text(code));
}

const char *corv_pg_trouble(const struct corv_pg *c)
{
    return c->ready_us || !c->code[0] ? NULL : c->code;
}

/* Half fixed, half by chance, so that nodes do not knock together. */
static unsigned next_pause(struct corv_pg *c)
{
    unsigned half;

    if (c->ready_us && corv_clock_mono_us() - c->ready_us > STEADY_US)
        c->pause_ms = 0;
    c->pause_ms = c->pause_ms ? c->pause_ms * 2 : PAUSE_FIRST_MS;
    if (c->pause_ms > PAUSE_MAX_MS)
        c->pause_ms = PAUSE_MAX_MS;
    half = c->pause_ms / 2;
    return half + (unsigned)(uv_hrtime() / 1000 % (half + 1));
}

/* A server that did not do is no reason to wait as long as there is another one to try. A session
 * that broke begins with the first again. */
static unsigned until_next(struct corv_pg *c)
{
    if (!c->ready_us && c->hosts && corv_pg_hosts_next(c->hosts))
        return 0;
    if (c->hosts)
        corv_pg_hosts_rewind(c->hosts);
    return next_pause(c);
}

static void take_down(struct corv_pg *c)
{
    bool tell = c->had_session;

    PQfinish(c->conn);
    c->conn = NULL;
    c->had_session = false;
    c->ring_count = c->ring_first = 0;
    c->phase = PAUSING;
    (void)uv_timer_start(&c->timer, on_timer, until_next(c), 0);
    c->ready_us = 0;
    if (tell)
        c->o.on_down(c->o.ctx);
}

static void notice(void *ctx, const PGresult *r)
{
    struct corv_pg *c = ctx;
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity && strcmp(severity, "WARNING") == 0)
        c->warned = true;
}

/* What is said about where, and how long that may take. */
static unsigned place_ms(const struct corv_pg *c)
{
    unsigned said = c->hosts ? corv_pg_hosts_timeout_s(c->hosts) * 1000 : 0;

    if (said == 0 && c->hosts && corv_pg_hosts_count(c->hosts) > 1)
        said = PLACE_MS;
    return said > 0 && said < c->o.connect_ms ? said : c->o.connect_ms;
}

static corv_rc take_place(struct corv_pg *c)
{
    free(c->here);
    c->here = c->hosts ? corv_pg_hosts_conninfo(c->hosts) : strdup(c->conninfo);
    return c->here ? CORV_OK : CORV_E_NOMEM;
}

static void connect_here(struct corv_pg *c)
{
    /* What comes later wins: the operator's string over our defaults, our needs over both. */
    const char *const keys[] = {"keepalives_idle", "keepalives_interval", "keepalives_count",
        "tcp_user_timeout", "gssencmode", "dbname", "application_name", "client_encoding", NULL};
    const char *values[] = {"10", "5", "3", "10000", "disable", NULL, c->application, "UTF8", NULL};

    c->phase = CONNECTING;
    c->warned = false;
    if (take_place(c) != CORV_OK) {
        corv_pg_drop(c, "no-memory");
        return;
    }
    values[5] = c->here;
    c->conn = PQconnectStartParams(keys, values, 1);
    if (!c->conn || PQstatus(c->conn) == CONNECTION_BAD) {
        corv_pg_drop(c, "connect");
        return;
    }
    (void)PQsetNoticeReceiver(c->conn, notice, c);
    if (watch_socket(c) != CORV_OK) {
        corv_pg_drop(c, "poll");
        return;
    }
    (void)uv_timer_start(&c->silence, on_timer, place_ms(c), 0);
    want(c, UV_WRITABLE);
}

static void looked_up(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
    struct corv_pg *c = req->data;

    c->looking_up = false;
    if (c->phase == RESOLVING) {
        (void)uv_timer_stop(&c->silence);
        if (status == 0)
            corv_pg_hosts_resolved(c->hosts, list);
        if (status == 0 && !corv_pg_hosts_name(c->hosts))
            connect_here(c);
        else
            corv_pg_drop(c, "name");
    }
    uv_freeaddrinfo(list);
    handle_gone(c);
}

/* Names are resolved on a worker: a resolver that does not answer would stop every message. */
static void begin_connect(struct corv_pg *c)
{
    const struct addrinfo want_stream = {.ai_socktype = SOCK_STREAM};
    const char *name = c->hosts ? corv_pg_hosts_name(c->hosts) : NULL;

    if (!name) {
        connect_here(c);
        return;
    }
    c->phase = RESOLVING;
    if (c->looking_up) { /* the one before still hangs: there is no use in a second */
        corv_pg_drop(c, "name");
        return;
    }
    c->look_up.data = c;
    if (uv_getaddrinfo(c->o.loop, &c->look_up, looked_up, name, NULL, &want_stream) != 0) {
        corv_pg_drop(c, "name");
        return;
    }
    c->looking_up = true;
    c->handles++;
    (void)uv_timer_start(&c->silence, on_timer, place_ms(c), 0);
}

static void on_timer(uv_timer_t *t)
{
    struct corv_pg *c = t->data;

    if (t == &c->silence)
        corv_pg_drop(c, "silent");
    else if (c->phase == DOOMED)
        take_down(c);
    else if (c->phase == PAUSING)
        begin_connect(c);
}

/* ---- the beginning of a session ------------------------------------------------------------ */

/* An earlier connection of ours may still hold its locks, or its COMMIT be under way: it has to
 * end before we look at what it left behind. */
static const struct corv_pg_stmt end_former = {"corv_end_former",
    "SELECT count(pg_terminate_backend(pid, 2000)) FROM pg_stat_activity"
    " WHERE application_name = $1::text AND pid <> pg_backend_pid() AND usename = session_user"};
static const struct corv_pg_stmt take_role = {"corv_take_role",
    "SELECT set_config('role', rolname, false) FROM pg_roles"
    " WHERE rolname = 'corv_app' AND pg_has_role(session_user, oid, 'MEMBER')"};
/* A machine that is gone says no goodbye: within half a minute the server lets go of its locks too.
 * Plans: our tables are met by key, in small numbers, whatever the statistics say today; a plan
 * made for an empty queue must not read a full one from end to end. */
static const struct corv_pg_stmt settle_in = {"corv_settle_in",
    "SELECT set_config('search_path', 'corv, pg_temp', false),"
    " set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit')"
    "  IN ('off', 'local', 'remote_write') THEN 'on' ELSE current_setting('synchronous_commit')"
    "  END, false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('statement_timeout', $1::text, false),"
    " set_config('idle_in_transaction_session_timeout', '60s', false),"
    " set_config('TimeZone', 'UTC', false),"
    " set_config('tcp_keepalives_idle', '10', false),"
    " set_config('tcp_keepalives_interval', '5', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '25000', false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false),"
    " set_config('enable_mergejoin', 'off', false),"
    " set_config('enable_bitmapscan', 'off', false), set_config('jit', 'off', false)"};

static void begun(void *ctx, const PGresult *r)
{
    struct corv_pg *c = ctx;
    ExecStatusType st = PQresultStatus(r);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

    if (st == PGRES_FATAL_ERROR)
        corv_pg_drop(c, state ? state : "session");
}

static void first_came(void *ctx, const PGresult *r)
{
    struct corv_pg *c = ctx;
    const char *code = PQresultStatus(r) == PGRES_TUPLES_OK ? c->o.judge(r) : NULL;

    if (code)
        corv_pg_drop(c, code);
    else
        begun(c, r);
}

static bool is_missing(const char *state)
{
    static const char *const states[] = {"42P01", "42703", "42704", "42883", "3F000"};

    for (size_t i = 0; state && i < sizeof states / sizeof states[0]; i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

/* Our own SQL, and no value in it yet: what the server calls missing is a name of ours. */
static void prepared(void *ctx, const PGresult *r)
{
    struct corv_pg *c = ctx;
    const char *said = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    char name[140];
    char reason[300];

    if (!said || !is_missing(PQresultErrorField(r, PG_DIAG_SQLSTATE))) {
        begun(c, r);
        return;
    }
    loggable_text(said, name, sizeof name);
    (void)snprintf(
        reason, sizeof reason, "%s PostgreSQL: %s", corv_pg_state_text(CORV_PG_DAMAGED), name);
    drop(c, CORV_PG_DAMAGED, reason);
}

static void session_begun(void *ctx, const PGresult *r)
{
    struct corv_pg *c = ctx;

    (void)r;
    c->phase = SESSION;
    c->had_session = true;
    c->o.on_session(c->o.ctx);
}

static corv_rc await(struct corv_pg *c, corv_pg_cb cb, void *ctx, bool sync)
{
    if (c->ring_count == c->ring_size) {
        unsigned size = c->ring_size ? c->ring_size * 2 : 64;
        struct awaited *ring = calloc(size, sizeof *ring);

        if (!ring)
            return CORV_E_NOMEM;
        for (unsigned i = 0; i < c->ring_count; i++)
            ring[i] = c->ring[(c->ring_first + i) % c->ring_size];
        free(c->ring);
        c->ring = ring;
        c->ring_size = size;
        c->ring_first = 0;
    }
    c->ring[(c->ring_first + c->ring_count++) % c->ring_size] =
        (struct awaited){.cb = cb, .ctx = ctx, .sync = sync};
    return CORV_OK;
}

static corv_rc prepare(struct corv_pg *c, const struct corv_pg_stmt *stmt, corv_pg_cb cb)
{
    corv_rc rc = await(c, cb, c, false);

    if (rc == CORV_OK && !PQsendPrepare(c->conn, stmt->name, stmt->sql, 0, NULL))
        rc = CORV_E_IO;
    return rc;
}

static corv_rc ask_first(struct corv_pg *c)
{
    corv_rc rc = c->o.first ? prepare(c, c->o.first, begun) : CORV_OK;

    if (rc == CORV_OK && c->o.first)
        rc = corv_pg_run(c, c->o.first, NULL, first_came, c);
    return rc;
}

static corv_rc begin_session(struct corv_pg *c)
{
    struct corv_pg_params name = {0};
    struct corv_pg_params limit = {0};
    char ms[16];
    corv_rc rc = CORV_E_IO;

    (void)snprintf(ms, sizeof ms, "%u", c->o.statement_ms);
    corv_pg_add_text(&name, c->application);
    corv_pg_add_text(&limit, ms);
    if (PQsetnonblocking(c->conn, 1) != 0 || !PQenterPipelineMode(c->conn))
        goto out;
    if ((rc = prepare(c, &end_former, begun)) != CORV_OK ||
        (rc = prepare(c, &take_role, begun)) != CORV_OK ||
        (rc = prepare(c, &settle_in, begun)) != CORV_OK ||
        (rc = corv_pg_run(c, &end_former, &name, begun, c)) != CORV_OK ||
        (rc = ask_first(c)) != CORV_OK ||
        (rc = corv_pg_run(c, &take_role, NULL, begun, c)) != CORV_OK ||
        (rc = corv_pg_run(c, &settle_in, &limit, begun, c)) != CORV_OK)
        goto out;
    for (const struct corv_pg_stmt *const *s = c->o.stmts; s && *s; s++)
        if ((rc = prepare(c, *s, prepared)) != CORV_OK)
            goto out;
    rc = corv_pg_sync(c, session_begun, c);
out:
    return rc;
}

static void connect_step(struct corv_pg *c)
{
    PostgresPollingStatusType st = PQconnectPoll(c->conn);

    if (st == PGRES_POLLING_FAILED) {
        corv_pg_drop(c, "connect");
    } else if (watch_socket(c) != CORV_OK) {
        corv_pg_drop(c, "poll");
    } else if (st == PGRES_POLLING_OK) {
        c->phase = PREPARING;
        (void)uv_timer_start(&c->silence, on_timer, c->o.connect_ms, 0);
        if (begin_session(c) != CORV_OK)
            corv_pg_drop(c, "session");
        else
            go_on(c);
    } else {
        want(c, st == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
    }
}

/* ---- results -------------------------------------------------------------------------------- */

static bool talking(const struct corv_pg *c)
{
    return c->phase == PREPARING || c->phase == SESSION;
}

/* The answer to the one waiting longest. False: nothing more to be had now. The NULL that ends an
 * answer is taken before anybody hears of it: whoever sends something on hearing of an error makes
 * libpq forget that NULL. It lies there already, so this never waits. */
static bool next_result(struct corv_pg *c)
{
    struct awaited a = c->ring[c->ring_first];
    PGresult *r = PQgetResult(c->conn);
    PGresult *more = NULL;
    bool sync;

    if (!r)
        return false;
    sync = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
    if (!sync)
        more = PQgetResult(c->conn);
    c->ring_first = (c->ring_first + 1) % c->ring_size;
    c->ring_count--;
    if (a.sync != sync || more) /* we and libpq disagree about where we are */
        corv_pg_drop(c, "protocol");
    else
        a.cb(a.ctx, r);
    PQclear(more);
    PQclear(r);
    return true;
}

static void take_notifications(struct corv_pg *c)
{
    PGnotify *n;

    while (talking(c) && (n = PQnotifies(c->conn)) != NULL) {
        if (c->o.on_notify)
            c->o.on_notify(c->o.ctx, n->relname);
        PQfreemem(n);
    }
}

/* Sends what waits to be sent and watches for what is still to come. */
static void go_on(struct corv_pg *c)
{
    int left = PQflush(c->conn);

    if (left < 0) {
        corv_pg_drop(c, "send");
        return;
    }
    want(c, left ? UV_READABLE | UV_WRITABLE : UV_READABLE);
    if (c->phase == PREPARING)
        return; /* the limit for connecting runs */
    if (c->ring_count == 0)
        (void)uv_timer_stop(&c->silence);
    else if (!uv_is_active((uv_handle_t *)&c->silence))
        (void)uv_timer_start(&c->silence, on_timer, c->o.silent_ms, 0);
}

static void talk(struct corv_pg *c, int events)
{
    bool progress = (events & UV_WRITABLE) != 0; /* the server takes what we send */

    if (!PQconsumeInput(c->conn)) {
        corv_pg_drop(c, "receive");
        return;
    }
    while (talking(c) && c->ring_count > 0 && !PQisBusy(c->conn) && next_result(c))
        progress = true;
    take_notifications(c);
    if (!talking(c))
        return;
    if (PQstatus(c->conn) == CONNECTION_BAD) {
        corv_pg_drop(c, "receive");
        return;
    }
    if (progress && c->phase == SESSION)
        (void)uv_timer_stop(&c->silence);
    go_on(c);
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    struct corv_pg *c = CORV_LIST_ITEM(poll, struct watch, poll)->c;

    if (c->phase == CONNECTING)
        connect_step(c);
    else if (status < 0)
        corv_pg_drop(c, "poll");
    else if (talking(c))
        talk(c, events);
}

/* ---- for the user --------------------------------------------------------------------------- */

void corv_pg_ready(struct corv_pg *c)
{
    c->ready_us = corv_clock_mono_us();
    c->logged[0] = '\0';
    CORV_LOG(INFO, "queue.connected", NULL, CORV_F(WHAT, c->application));
}

corv_rc corv_pg_run(struct corv_pg *c, const struct corv_pg_stmt *stmt,
    const struct corv_pg_params *params, corv_pg_cb cb, void *ctx)
{
    static const struct corv_pg_params none;
    const struct corv_pg_params *p = params ? params : &none;
    corv_rc rc = p->rc;

    if (rc != CORV_OK)
        return rc;
    if (!talking(c))
        return CORV_E_IO;
    rc = await(c, cb, ctx, false);
    if (rc != CORV_OK)
        return rc;
    if (!PQsendQueryPrepared(c->conn, stmt->name, p->count, p->value, p->length, p->format, 1)) {
        corv_pg_drop(c, "send");
        return CORV_E_IO;
    }
    return CORV_OK;
}

corv_rc corv_pg_sync(struct corv_pg *c, corv_pg_cb cb, void *ctx)
{
    corv_rc rc;

    if (!talking(c))
        return CORV_E_IO;
    rc = await(c, cb, ctx, true);
    if (rc != CORV_OK)
        return rc;
    if (!PQpipelineSync(c->conn)) {
        corv_pg_drop(c, "send");
        return CORV_E_IO;
    }
    go_on(c);
    return CORV_OK;
}

corv_rc corv_pg_ask(struct corv_pg *c)
{
    if (!talking(c))
        return CORV_E_IO;
    if (!PQsendFlushRequest(c->conn)) {
        corv_pg_drop(c, "send");
        return CORV_E_IO;
    }
    go_on(c);
    return CORV_OK;
}

const char *corv_pg_place(const struct corv_pg *c)
{
    return c->here ? c->here : c->conninfo;
}

const char *corv_pg_place_text(const struct corv_pg *c, char *out, size_t size)
{
    if (c->hosts)
        return corv_pg_hosts_text(c->hosts, out, size);
    (void)snprintf(out, size, "?");
    return out;
}

bool corv_pg_take_warning(struct corv_pg *c)
{
    bool warned = c->warned;

    c->warned = false;
    return warned;
}

static void add_timer(struct corv_pg *c, uv_timer_t *t)
{
    (void)uv_timer_init(c->o.loop, t);
    t->data = c;
    c->handles++;
}

corv_rc corv_pg_new(const struct corv_pg_options *o, struct corv_pg **out)
{
    struct corv_pg *c = calloc(1, sizeof *c);

    if (!c)
        return CORV_E_NOMEM;
    c->o = *o;
    c->conninfo = strdup(o->conninfo);
    c->application = strdup(o->application);
    if (!c->conninfo || !c->application ||
        corv_pg_hosts_new(o->conninfo, &c->hosts) == CORV_E_NOMEM) {
        free(c->conninfo);
        free(c->application);
        free(c);
        return CORV_E_NOMEM;
    }
    c->o.conninfo = c->o.application = NULL;
    add_timer(c, &c->timer);
    add_timer(c, &c->silence);
    c->phase = PAUSING;
    (void)uv_timer_start(&c->timer, on_timer, 0, 0);
    *out = c;
    return CORV_OK;
}

void corv_pg_close(struct corv_pg *c, void (*cb)(void *ctx), void *ctx)
{
    c->phase = CLOSING;
    c->closed = cb;
    c->closed_ctx = ctx;
    if (c->looking_up)
        (void)uv_cancel((uv_req_t *)&c->look_up); /* or its answer comes first */
    unwatch(c);
    PQfinish(c->conn);
    c->conn = NULL;
    uv_close((uv_handle_t *)&c->timer, timer_gone);
    uv_close((uv_handle_t *)&c->silence, timer_gone);
}
