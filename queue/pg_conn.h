/* SPDX-License-Identifier: EUPL-1.2 */
/* One PostgreSQL connection on the libuv loop: libpq non-blocking, always in pipeline mode, with
 * reconnecting built in. Statements are prepared once per connection and run by their struct;
 * results come back in order, each to the callback given with its statement.
 *
 * Owner: corv_pg_new .. corv_pg_close. Loop thread only. Callbacks never come from inside a call
 * of this header. A connection that breaks, stays silent too long while results are awaited, or is
 * dropped by its user: results still awaited never come, on_down is called once from the loop, and
 * a new connection is tried after a growing, jittered pause.
 * A statement of ours that cannot be prepared because what it names is not there is said with its
 * name (CORV_PG_DAMAGED): the schema is not what its version says.
 * Not for use behind a pooler in transaction mode: roles, locks and statements live in the session.
 * Of several servers in the connection string each gets its turn, with a limit of its own
 * (connect_timeout, else 5 seconds), and names are resolved on a worker (pg_hosts.h); a session
 * that the user drops before it said ready is a reason to try the next one too. What libpq fills in
 * itself (PGHOST, a service file) it also resolves itself, and that blocks. Test:
 * tests/unit/test_pg_conn.c */
#ifndef CORV_QUEUE_PG_CONN_H
#define CORV_QUEUE_PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <uv.h>

#include "daemon/base/rc.h"
#include "queue/pg_array.h"

#define CORV_PG_DAMAGED "schema-damaged"

struct corv_pg;

struct corv_pg_stmt { /* static storage */
    const char *name;
    const char *sql; /* parameters cast to their types: $1::uuid[] */
};
/* r is borrowed for the call. An error arrives as PGRES_FATAL_ERROR, and for the statements after
 * it, until the next sync, as PGRES_PIPELINE_ABORTED. */
typedef void (*corv_pg_cb)(void *ctx, const PGresult *r);

struct corv_pg_options {
    uv_loop_t *loop;
    const char *conninfo;    /* borrowed for the call */
    const char *application; /* application_name: unique to this connection of this process */
    const struct corv_pg_stmt *const *stmts; /* ends with NULL; static storage */
    unsigned silent_ms;                      /* awaiting a result longer than this: broken */
    unsigned connect_ms;                     /* until connected, and again until prepared */
    unsigned statement_ms;                   /* statement_timeout in the server, 0 none */
    /* Asked before the role is taken and stmts are prepared, or NULL; judge, of a good answer: NULL
     * to go on, else the code to drop it with. */
    const struct corv_pg_stmt *first;
    const char *(*judge)(const PGresult *r);
    void (*on_session)(void *ctx); /* connected: begin, then say corv_pg_ready */
    void (*on_down)(void *ctx);    /* after on_session only */
    void (*on_notify)(void *ctx, const char *channel); /* may be NULL */
    void *ctx;
};
CORV_MUST_CHECK corv_rc corv_pg_new(const struct corv_pg_options *o, struct corv_pg **out);
/* Ends at once, without on_down; cb on the loop when everything is gone. */
void corv_pg_close(struct corv_pg *c, void (*cb)(void *ctx), void *ctx);

/* The session is good: the next failure begins with a short pause again. */
void corv_pg_ready(struct corv_pg *c);
/* Breaks the connection, at the next turn of the loop. code: stable, for the log. */
void corv_pg_drop(struct corv_pg *c, const char *code);

/* Why there is no good session now: the code of the last one that was dropped, or NULL. */
const char *corv_pg_trouble(const struct corv_pg *c);

/* Sends a prepared statement; what the parameters point to is copied. CORV_E_IO: the connection is
 * gone (on_down follows); CORV_E_LIMIT: the parameters could not be built. */
CORV_MUST_CHECK corv_rc corv_pg_run(struct corv_pg *c, const struct corv_pg_stmt *stmt,
    const struct corv_pg_params *params, corv_pg_cb cb, void *ctx);
/* Ends the pipeline's run; cb gets PGRES_PIPELINE_SYNC. */
CORV_MUST_CHECK corv_rc corv_pg_sync(struct corv_pg *c, corv_pg_cb cb, void *ctx);
/* Asks for the results so far, without ending anything. */
CORV_MUST_CHECK corv_rc corv_pg_ask(struct corv_pg *c);

/* Where this connection is, or is being made: a connection string for that one server (it may hold
 * a password; borrowed until the next try), and the same for people. */
const char *corv_pg_place(const struct corv_pg *c);
const char *corv_pg_place_text(const struct corv_pg *c, char *out, size_t size);

/* The server warned since this was last asked: when asked at every result, about the statement
 * whose result this is. */
bool corv_pg_take_warning(struct corv_pg *c);

#endif
