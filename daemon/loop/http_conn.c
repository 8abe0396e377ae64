/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/loop/http_turn.h"

#define RAW_CEILING    (256u << 10)
#define UNREAD_CEILING (64u << 10) /* sent by us, not read by the client, before any answer */
#define KEEPALIVE_S    60

struct write {
    uv_write_t req;
    struct corv_http_conn *conn;
    char *bytes; /* owned */
};

static void go(struct corv_http_conn *c, struct corv_view fresh);

/* ---- phases ----------------------------------------------------------------------------------*/

#define TO(phase) (1u << CORV_HTTP_##phase)

static const unsigned moves[CORV_HTTP_PHASES] = {
    [CORV_HTTP_HANDSHAKE] = TO(HEADER) | TO(LINGER) | TO(CLOSING),
    [CORV_HTTP_IDLE] = TO(HEADER) | TO(CLOSING),
    [CORV_HTTP_HEADER] = TO(BODYING) | TO(WRITING) | TO(CLOSING),
    [CORV_HTTP_BODYING] = TO(BUSY) | TO(WRITING) | TO(CLOSING),
    [CORV_HTTP_BUSY] = TO(WRITING) | TO(CLOSING),
    [CORV_HTTP_WRITING] = TO(IDLE) | TO(SKIP) | TO(DRAIN) | TO(LINGER) | TO(CLOSING),
    [CORV_HTTP_SKIP] = TO(IDLE) | TO(CLOSING),
    [CORV_HTTP_DRAIN] = TO(CLOSING),
    [CORV_HTTP_LINGER] = TO(CLOSING),
};

/* Its clock begins. */
static void begin_phase(struct corv_http_conn *c, enum corv_http_phase phase)
{
    c->phase = phase;
    c->since = uv_now(c->server->loop);
    corv_list_del(&c->node);
    corv_list_add(&c->server->phases[phase], &c->node);
    corv__http_clock_arm(c->server, phase);
}

void corv__http_conn_enter(struct corv_http_conn *c, enum corv_http_phase phase)
{
    if (!(moves[c->phase] & 1u << phase)) {
        CORV_LOG(ERROR, "http.bad-move", NULL, CORV_F(WHAT, c->server->name),
            CORV_N(COUNT, (int)c->phase * 100 + (int)phase));
        phase = CORV_HTTP_CLOSING;
    }
    begin_phase(c, phase);
}

bool corv__http_conn_wants_input(const struct corv_http_conn *c)
{
    return (TO(HANDSHAKE) | TO(IDLE) | TO(HEADER) | TO(BODYING) | TO(SKIP)) >> c->phase & 1u;
}

/* ---- going away ------------------------------------------------------------------------------*/

static void free_closed(uv_handle_t *handle)
{
    struct corv_http_conn *c = handle->data;
    struct corv_http_server *s = c->server;

    corv_list_del(&c->node);
    corv_tls_conn_free(c->tls);
    corv_http_parse_free(&c->parse);
    corv_buf_free(&c->raw);
    corv_buf_free(&c->left);
    free(c);
    corv__http_server_left(s);
}

/* The request of a connection that ends: the handler's from on_body on, ours before. */
static void let_go(struct corv_http_conn *c)
{
    struct corv_http_request *r = c->req;

    c->req = NULL;
    if (!r)
        return;
    r->conn = NULL;
    if (!r->complete)
        corv__http_request_end(r);
}

void corv__http_conn_drop(struct corv_http_conn *c)
{
    if (c->phase == CORV_HTTP_CLOSING)
        return;
    corv__http_conn_enter(c, CORV_HTTP_CLOSING);
    corv__http_turn_leave(c);
    corv_list_del(&c->done);
    let_go(c);
    uv_close(&c->u.handle, free_closed);
}

void corv__http_conn_leave(struct corv_http_conn *c)
{
    if (c->tls && c->phase != CORV_HTTP_CLOSING && c->writes == 0) {
        struct corv_buf *out = corv_tls_conn_out(c->tls);

        corv_tls_conn_bye(c->tls);

        uv_buf_t bytes = uv_buf_init(out->p, (unsigned)out->n);

        if (out->n > 0) /* a courtesy: what does not fit is not sent */
            (void)uv_try_write(&c->u.stream, &bytes, 1);
    }
    corv__http_conn_drop(c);
}

static void shut_down(uv_shutdown_t *req, int status)
{
    (void)req, (void)status; /* the client's own end, or the clock, is what we wait for */
}

/* ---- sending ---------------------------------------------------------------------------------*/

static void write_done(uv_write_t *req, int status)
{
    struct write *w = (struct write *)req->data;
    struct corv_http_conn *c = w->conn;

    free(w->bytes);
    free(w);
    c->writes--;
    if (status < 0)
        corv__http_conn_drop(c);
    else
        corv__http_conn_written(c);
}

/* What the socket did not take at once waits inside libuv. */
static corv_rc submit_rest(struct corv_http_conn *c, struct corv_buf *bytes, size_t from)
{
    size_t n = bytes->n;
    struct write *w = calloc(1, sizeof *w);

    if (!w)
        return CORV_E_NOMEM;
    w->conn = c;
    w->req.data = w;
    w->bytes = corv_buf_take(bytes, &n);

    uv_buf_t view = uv_buf_init(w->bytes + from, (unsigned)(n - from));

    if (!w->bytes || uv_write(&w->req, &c->u.stream, &view, 1, write_done) != 0) {
        free(w->bytes);
        free(w);
        return CORV_E_IO;
    }
    c->writes++;
    return CORV_OK;
}

/* Mostly the socket takes all: without a request of libuv's, after which it would set the socket's
 * watch anew. The answer ends with the turn, not inside the call that gives it. */
static corv_rc submit(struct corv_http_conn *c, struct corv_buf *bytes)
{
    uv_buf_t view = uv_buf_init(bytes->p, (unsigned)bytes->n);
    int n = bytes->failed ? 0 : uv_try_write(&c->u.stream, &view, 1);

    if (n < 0 || (size_t)n < bytes->n || bytes->failed)
        return submit_rest(c, bytes, n > 0 ? (size_t)n : 0);
    corv_buf_free(bytes);
    if (c->phase == CORV_HTTP_WRITING)
        corv__http_turn_written(c);
    return CORV_OK;
}

static corv_rc flush(struct corv_http_conn *c)
{
    if (!c->tls || corv_tls_conn_out(c->tls)->n == 0)
        return CORV_OK;
    return submit(c, corv_tls_conn_out(c->tls));
}

corv_rc corv__http_conn_send(struct corv_http_conn *c, struct corv_buf *plain)
{
    if (!c->tls)
        return submit(c, plain);

    corv_rc rc = corv_tls_conn_write(c->tls, corv_buf_view(plain));

    corv_buf_free(plain);
    return rc == CORV_OK ? flush(c) : rc;
}

/* Our side is done: say so, and give the client the time to read it. Closing at once, with bytes of
 * the client unread, would make the kernel send a reset that eats the answer. */
static void hang_up(struct corv_http_conn *c)
{
    if (c->tls)
        corv_tls_conn_bye(c->tls);
    corv_buf_free(&c->raw);
    corv_buf_free(&c->left);
    c->dropped = 0;
    if (flush(c) != CORV_OK || (c->eof && c->writes == 0) ||
        uv_shutdown(&c->shutdown, &c->u.stream, shut_down) != 0) {
        corv__http_conn_drop(c);
        return;
    }
    corv__http_conn_enter(c, c->rest ? CORV_HTTP_DRAIN : CORV_HTTP_LINGER);
    go(c, (struct corv_view){0});
}

static void answer_written(struct corv_http_conn *c)
{
    if (c->last_reply) {
        hang_up(c);
        return;
    }
    c->dropped = 0;
    corv__http_conn_enter(c, c->rest ? CORV_HTTP_SKIP : CORV_HTTP_IDLE);
    go(c, (struct corv_view){0});
}

void corv__http_conn_written(struct corv_http_conn *c)
{
    if (c->phase == CORV_HTTP_WRITING && c->writes == 0)
        answer_written(c);
}

/* ---- TLS -------------------------------------------------------------------------------------*/

static void handshake_done(struct corv_http_conn *c)
{
    c->server->stats.handshakes++;
    c->server->stats.resumed += corv_tls_conn_resumed(c->tls);
    corv__http_conn_enter(c, CORV_HTTP_HEADER);
}

static void tls_failed(struct corv_http_conn *c)
{
    unsigned dropped = 0;

    if (c->phase != CORV_HTTP_HANDSHAKE) {
        (void)flush(c); /* the alert */
        corv__http_conn_drop(c);
        return;
    }
    c->server->stats.refused_tls++;
    if (corv__http_may_log(c->server, CORV_HTTP_LOG_SERVER, &dropped))
        CORV_LOG(WARNING, "tls.refused", NULL, CORV_F(WHAT, c->server->name),
            CORV_F(PEER, corv__http_peer_for_log(c->peer)), CORV_F(OIN, corv_tls_conn_oin(c->tls)),
            CORV_F(REASON, corv_tls_conn_reason(c->tls)), CORV_N(COUNT, dropped));
    hang_up(c);
}

static void keep(struct corv_http_conn *c, struct corv_buf *where, struct corv_view bytes)
{
    if (bytes.n > 0 && corv_buf_add(where, bytes.p, bytes.n) != CORV_OK)
        corv__http_conn_drop(c);
}

static void parse_left(struct corv_http_conn *c)
{
    struct corv_buf old = c->left;
    struct corv_view in = corv_buf_view(&old);

    corv_buf_init(&c->left, RAW_CEILING);
    corv__http_read(c, &in);
    keep(c, &c->left, in);
    corv_buf_free(&old);
}

static void decrypt(struct corv_http_conn *c, struct corv_view *in)
{
    struct corv_http_server *s = c->server;
    enum corv_tls_step step = CORV_TLS_DATA;

    if (c->left.n > 0)
        parse_left(c);
    while (corv__http_conn_wants_input(c) && step == CORV_TLS_DATA) {
        size_t n = 0;

        step = corv_tls_conn_next(c->tls, in, s->plain, sizeof s->plain, &n);
        if (c->phase == CORV_HTTP_HANDSHAKE && corv_tls_conn_ready(c->tls))
            handshake_done(c);
        if (step == CORV_TLS_DATA) {
            struct corv_view plain = corv_view_of(s->plain, n);

            corv__http_read(c, &plain);
            keep(c, &c->left, plain);
        }
    }
    if (step == CORV_TLS_CLOSED) {
        c->eof = true;
        in->n = 0; /* nothing counts after close_notify */
    }
    if (step == CORV_TLS_FAILED)
        tls_failed(c);
    /* Handshake records, tickets and key updates that the client asks for and does not read. */
    else if (flush(c) != CORV_OK ||
             (c->phase != CORV_HTTP_WRITING &&
                 uv_stream_get_write_queue_size(&c->u.stream) > UNREAD_CEILING))
        corv__http_conn_drop(c);
}

/* ---- input -----------------------------------------------------------------------------------*/

static void drop_bytes(struct corv_http_conn *c, size_t n)
{
    uint64_t limit = CORV_HTTP_SMALL;

    if (c->phase == CORV_HTTP_DRAIN) /* twice: most of what is too large is only a bit so */
        limit += 2 * c->server->limits.body_bytes;
    c->dropped += n;
    if (c->dropped > limit || c->eof)
        corv__http_conn_drop(c);
}

static void ended_by_client(struct corv_http_conn *c)
{
    if (!corv__http_conn_wants_input(c)) /* it still wants the answer; what it sent is kept */
        return;
    if (c->req || corv_http_parse_begun(&c->parse))
        c->server->stats.client_gone++;
    corv__http_conn_leave(c);
}

static void alloc_bytes(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    struct corv_http_conn *c = handle->data;

    (void)hint;
    *buf = uv_buf_init(c->server->bytes, sizeof c->server->bytes);
}

static void bytes_arrived(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct corv_http_conn *c = stream->data;

    if (n == 0)
        return;
    if (n > 0) {
        go(c, corv_view_of(buf->base, (size_t)n));
        return;
    }
    c->eof = true;
    if (n == UV_EOF)
        go(c, (struct corv_view){0});
    else
        corv__http_conn_drop(c); /* reset */
}

/* While a request is under way one read may still come in: it tells of a reset, and is kept. */
static void set_reading(struct corv_http_conn *c)
{
    bool want = c->phase != CORV_HTTP_CLOSING && !c->eof && c->raw.n == 0 && c->left.n == 0;

    if (want == c->reading)
        return;
    c->reading = want;
    if (!want)
        (void)uv_read_stop(&c->u.stream);
    else if (uv_read_start(&c->u.stream, alloc_bytes, bytes_arrived) != 0)
        corv__http_conn_drop(c);
}

static void use_input(struct corv_http_conn *c, struct corv_view fresh)
{
    struct corv_buf old = c->raw;
    struct corv_view in = fresh;

    corv_buf_init(&c->raw, RAW_CEILING);
    if (old.n > 0 && corv_buf_add(&old, fresh.p, fresh.n) == CORV_OK)
        in = corv_buf_view(&old);
    if (old.failed)
        corv__http_conn_drop(c);
    else if (c->tls)
        decrypt(c, &in);
    else
        corv__http_read(c, &in);
    if (corv__http_conn_wants_input(c) || c->phase == CORV_HTTP_BUSY ||
        c->phase == CORV_HTTP_WRITING)
        keep(c, &c->raw, in);
    corv_buf_free(&old);
}

/* Every event of a connection ends here: bytes came, the client ended, an answer was written. */
static void go(struct corv_http_conn *c, struct corv_view fresh)
{
    if (c->phase == CORV_HTTP_CLOSING)
        return;
    if (c->phase == CORV_HTTP_DRAIN || c->phase == CORV_HTTP_LINGER)
        drop_bytes(c, fresh.n);
    else if (c->phase == CORV_HTTP_HANDSHAKE && !c->eof && !corv__http_turn_take(c))
        keep(c, &c->raw, fresh);
    else
        use_input(c, fresh);
    if (c->eof)
        ended_by_client(c);
    set_reading(c);
}

void corv__http_conn_go_on(struct corv_http_conn *c)
{
    go(c, (struct corv_view){0});
}

/* ---- time ------------------------------------------------------------------------------------*/

/* Clocks and new connections come before the others in a turn of the loop: after a long one, what a
 * client sent meanwhile has not been read yet, and then it is not idle at all. */
bool corv__http_conn_has_sent(const struct corv_http_conn *c)
{
    uv_os_fd_t fd;
    int waiting = 0;

    if (c->raw.n > 0) /* read, and waits for its turn to shake hands */
        return true;
    return uv_fileno(&c->u.handle, &fd) == 0 && ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

static void leave_if_idle(struct corv_http_conn *c)
{
    if (corv__http_conn_has_sent(c))
        begin_phase(c, c->phase);
    else
        corv__http_conn_leave(c);
}

void corv__http_conn_expire(struct corv_http_conn *c)
{
    switch (c->phase) {
    case CORV_HTTP_IDLE:
        leave_if_idle(c);
        return;
    case CORV_HTTP_HEADER:
        if (!corv_http_parse_begun(&c->parse)) {
            leave_if_idle(c);
            return;
        }
        c->head_only = false;
        c->rest = false;
        break;
    case CORV_HTTP_BODYING:
        break;
    default:
        c->server->stats.timeouts += c->phase != CORV_HTTP_LINGER;
        corv__http_conn_drop(c);
        return;
    }
    c->server->stats.timeouts++;
    c->may_skip = false;
    corv__http_read_refuse(c, "http.too-slow");
}

/* ---- birth -----------------------------------------------------------------------------------*/

static int open_stream(struct corv_http_conn *c, int fd)
{
    uv_loop_t *loop = c->server->loop;

    if (c->server->unix_path[0]) {
        (void)uv_pipe_init(loop, &c->u.pipe, 0);
        return uv_pipe_open(&c->u.pipe, fd);
    }
    (void)uv_tcp_init(loop, &c->u.tcp);

    int rc = uv_tcp_open(&c->u.tcp, fd);

    if (rc == 0) {
        (void)uv_tcp_nodelay(&c->u.tcp, 1);
        (void)uv_tcp_keepalive(&c->u.tcp, 1, KEEPALIVE_S);
    }
    return rc;
}

void corv__http_conn_new(struct corv_http_server *s, int fd, const char *peer)
{
    struct corv_http_conn *c = calloc(1, sizeof *c);

    if (!c || (s->tls && corv_tls_conn_new(s->tls, &c->tls) != CORV_OK)) {
        free(c);
        (void)close(fd);
        return;
    }
    c->server = s;
    corv_list_init(&c->node);
    corv_list_init(&c->turn);
    corv_list_init(&c->done);
    corv_http_parse_init(&c->parse, s->limits.header_bytes);
    corv_buf_init(&c->raw, RAW_CEILING);
    corv_buf_init(&c->left, RAW_CEILING);
    (void)snprintf(c->peer, sizeof c->peer, "%s", peer);
    s->stats.connections++;
    s->stats.connections_now++;

    int rc = open_stream(c, fd);

    c->u.handle.data = c;
    begin_phase(c, c->tls ? CORV_HTTP_HANDSHAKE : CORV_HTTP_HEADER);
    if (rc != 0) {
        (void)close(fd); /* libuv took it only on success */
        corv__http_conn_drop(c);
        return;
    }
    set_reading(c);
}
