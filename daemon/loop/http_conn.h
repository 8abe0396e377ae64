/* SPDX-License-Identifier: EUPL-1.2 */
/* What the parts of the HTTP server share, and nobody else includes: http_server.c (listener,
 * clock, closing), http_conn.c (one connection), http_read.c (from bytes to
 * requests), http_request.c (the handler's view), http_reply.c
 * (answers), http_turn.c (whose handshake is next).
 *
 * A connection is in exactly one phase; a phase is a list, oldest first, with one time limit for
 * all in it. So one timer per server watches them all and an idle connection costs nothing. Owner:
 * the server owns its connections; a connection owns its request until on_body, from then on the
 * request lives until the handler replied. The server's memory lives as long as its requests. Loop
 * thread only. Test: tests/unit/test_http_server.c */
#ifndef CORV_LOOP_HTTP_CONN_H
#define CORV_LOOP_HTTP_CONN_H

#include "daemon/base/list.h"
#include "daemon/loop/http_parse.h"
#include "daemon/loop/http_server.h"
#include "daemon/loop/tls_conn.h"

#define CORV_HTTP_PEER  64
#define CORV_HTTP_SMALL (64u << 10) /* a body we read out only to keep the connection */

enum corv_http_phase {
    CORV_HTTP_HANDSHAKE,
    CORV_HTTP_IDLE,    /* between requests */
    CORV_HTTP_HEADER,  /* a header section is coming in */
    CORV_HTTP_BODYING, /* a body is coming in */
    CORV_HTTP_BUSY,    /* the handler has it; no limit of ours */
    CORV_HTTP_WRITING, /* the answer is on its way out */
    CORV_HTTP_SKIP,    /* answered; the rest of a small body is dropped, the connection stays */
    CORV_HTTP_DRAIN,   /* answered and closed our side; the rest of a large body is dropped */
    CORV_HTTP_LINGER,  /* closed our side; waiting for the client to do the same */
    CORV_HTTP_CLOSING, /* uv_close was called */
    CORV_HTTP_PHASES,
};

/* Who is denied (the handler's lines) has a share of its own: nobody hides it behind a flood of
 * failed handshakes (the server's lines). */
enum corv_http_log { CORV_HTTP_LOG_SERVER, CORV_HTTP_LOG_HANDLER, CORV_HTTP_LOGS };
struct corv_http_log_room {
    uint64_t window; /* second in which lines was counted */
    unsigned lines;
    unsigned dropped;
};

struct corv_http_server {
    uv_loop_t *loop;
    struct corv_http_limits limits;
    struct corv_http_handler handler;
    char name[24];
    struct corv_tls_server *tls; /* held, or NULL */

    int fd; /* listening, or -1 */
    unsigned port;
    char unix_path[108]; /* "" when TCP */
    uv_poll_t listener;
    uv_timer_t clock;   /* the earliest deadline of all connections */
    uv_timer_t retry;   /* accept again after EMFILE */
    uv_timer_t closing; /* limit of a graceful close */
    uv_check_t sweep;   /* the end of a turn: sees to what ended in it */
    uv_idle_t awake;    /* runs while somebody is in the line, or in written */
    unsigned handles;   /* open ones of the six above */
    uint64_t armed_for; /* when clock goes off; UINT64_MAX: never */

    struct corv_list phases[CORV_HTTP_PHASES];
    /* connections whose handshake waits for a later turn (http_turn.h): begun, not begun */
    struct corv_list line[2];
    unsigned line_count;      /* of both */
    unsigned flights;         /* of handshakes in this turn */
    bool in_line;             /* the line is being served */
    bool deaf;                /* accepts nobody until the line is short */
    struct corv_list ended;   /* requests */
    struct corv_list written; /* connections whose answer is out, at the end of this turn */
    unsigned requests;        /* alive, those in ended included */
    struct corv_http_stats stats;
    struct corv_http_log_room log[CORV_HTTP_LOGS];
    bool stopping; /* close was called */
    bool finished; /* all handles closed, on_closed called */
    void (*on_closed)(void *);
    void *on_closed_ctx;

    time_t date_at;
    char date[32];
    char bytes[65536]; /* what uv reads into; used before the read callback returns */
    char plain[16384]; /* one TLS record, likewise */
};

struct corv_http_conn {
    struct corv_list node; /* in server->phases[phase] */
    struct corv_list turn; /* in one of server->line, or alone */
    struct corv_list done; /* in server->written, or alone */
    struct corv_http_server *server;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } u;
    enum corv_http_phase phase;
    unsigned writes; /* under way */
    uint64_t since;  /* loop time the phase began */
    struct corv_tls_conn *tls;
    struct corv_http_parse parse;
    struct corv_buf raw;           /* from the socket, not looked at yet */
    struct corv_buf left;          /* decrypted, not parsed yet (TLS only) */
    struct corv_http_request *req; /* not replied yet, or NULL */
    uv_shutdown_t shutdown;
    int64_t began_us;
    uint64_t dropped; /* bytes thrown away in SKIP, DRAIN and LINGER */
    bool reading;
    bool begun;      /* its handshake */
    bool eof;        /* the client closes its sending side */
    bool rest;       /* bytes of the request's body are still to come */
    bool keep;       /* the client wants to stay */
    bool may_skip;   /* the rest is small and surely on its way */
    bool head_only;  /* HEAD: no body in the answer */
    bool last_reply; /* close once written */
    char peer[CORV_HTTP_PEER];
};

struct corv_http_request {
    struct corv_list node; /* in server->ended once it ended */
    struct corv_http_server *server;
    struct corv_http_conn *conn; /* NULL once the client is gone */
    struct corv_http_head *head; /* owned */
    struct corv_buf body;        /* owned */
    size_t counted;              /* bytes of it in stats.body_bytes_now */
    bool seen;                   /* on_head was called */
    bool complete;               /* on_body was called */
    bool ended;
    int64_t began_us;
    void *data; /* the handler's */
    char oin[21];
    char peer[CORV_HTTP_PEER];
};

/* NULL (in a log line "-") for a unix socket, which has no address. */
static inline const char *corv__http_peer_for_log(const char *peer)
{
    return peer[0] == 'u' ? NULL : peer;
}

/* http_server.c */
void corv__http_clock_arm(struct corv_http_server *s, enum corv_http_phase phase);
void corv__http_server_left(struct corv_http_server *s);   /* a connection has gone */
void corv__http_server_listen(struct corv_http_server *s); /* again */
void corv__http_server_release(struct corv_http_server *s);
/* Whether this second still has room for a line about clients; the number left out since. */
bool corv__http_may_log(struct corv_http_server *s, enum corv_http_log whose, unsigned *dropped);

/* http_conn.c */
void corv__http_conn_new(struct corv_http_server *s, int fd, const char *peer); /* takes fd */
void corv__http_conn_expire(struct corv_http_conn *c); /* its phase took too long */
/* Bytes of the client wait for us: unread, or for a turn. */
bool corv__http_conn_has_sent(const struct corv_http_conn *c);
void corv__http_conn_drop(struct corv_http_conn *c);    /* now, without a word */
void corv__http_conn_leave(struct corv_http_conn *c);   /* politely; for idle ones */
void corv__http_conn_written(struct corv_http_conn *c); /* its answer is out */
/* With what came in before. */
void corv__http_conn_go_on(struct corv_http_conn *c);
void corv__http_conn_enter(struct corv_http_conn *c, enum corv_http_phase phase);
/* Takes the bytes of plain (also on failure) and sends them, encrypted when the connection is. */
CORV_MUST_CHECK corv_rc corv__http_conn_send(struct corv_http_conn *c, struct corv_buf *plain);

bool corv__http_conn_wants_input(const struct corv_http_conn *c);

/* http_read.c */
/* Takes plaintext; stops as soon as a request is the handler's business, the rest stays in in. */
void corv__http_read(struct corv_http_conn *c, struct corv_view *in);
/* An answer of the server itself, in place of whatever the handler might have said. */
void corv__http_read_refuse(struct corv_http_conn *c, const char *code);

/* http_request.c */
struct corv_http_request *corv__http_request_new(
    struct corv_http_conn *c, struct corv_http_head *head); /* takes head; NULL without memory */
/* CORV_E_LIMIT: the body is too large; CORV_AGAIN: all bodies together are. */
CORV_MUST_CHECK corv_rc corv__http_request_add(struct corv_http_request *r, struct corv_view piece);
void corv__http_request_end(struct corv_http_request *r);
void corv__http_request_free(struct corv_http_request *r);

/* http_reply.c */
struct corv_http_answer {
    int status;
    const char *content_type; /* or NULL */
    const char *headers;      /* or NULL */
    struct corv_view body;
    bool close;
};
void corv__http_reply_send(struct corv_http_conn *c, const struct corv_http_answer *a);
void corv__http_reply_problem(struct corv_http_conn *c, const char *code);

#endif
