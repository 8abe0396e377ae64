/* SPDX-License-Identifier: EUPL-1.2 */
/* A server on the main thread's loop and a client on a thread of its own, with blocking sockets:
 * what the client does is written down in the order in which it happens. For test_http_server*.c.
 *
 * Paths the test handler knows: /echo, /len, /oin, /take, /none (204), /big (a 32 MiB answer),
 * /hold (answered by world_release), /drop (the connection ends), /early (404 in on_head). Every
 * request gets a piece of memory in on_head that on_end gives back: a request that ends without
 * on_end is a leak. */
#ifndef CORV_TEST_HTTP_WORLD_H
#define CORV_TEST_HTTP_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/base/buf.h"
#include "daemon/base/clock.h"
#include "daemon/loop/http_server.h"
#include "daemon/loop/tls.h"
#include "tests/unit/test_http_support.h"

#define MIB       (1u << 20)
#define BIG_REPLY (32u * MIB)
#define HELD      64
#define PATIENCE  20 /* seconds before a hanging test fails */

struct world;
typedef void (*world_question)(struct world *w);

struct world {
    struct corv_http_server_options options;
    bool with_tls;
    const char *crl;
    void (*client)(struct world *w);

    uv_loop_t loop;
    uv_async_t question_posted, client_done;
    uv_prepare_t turn;
    uv_sem_t answered;
    world_question question;
    struct corv_tls_server *tls;
    struct corv_http_server *server;
    bool closed; /* on_closed was called */
    char *big;

    /* loop thread */
    struct world_counts {
        uint64_t turns;
        unsigned heads, bodies, ends, held, gone;
        struct corv_http_stats stats;
    } live;
    struct corv_http_request *held[HELD];
    unsigned close_ms; /* written by the client before it asks for world_close */

    /* client thread */
    struct world_counts seen; /* as world_look last copied them */
    unsigned port;
    atomic_int failed;
};

/* In the client: notes the failure and leaves the function. */
#define CHECK(w, what)                                                                             \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #what);                     \
            atomic_store(&(w)->failed, 1);                                                         \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* ---- the handler ----------------------------------------------------------------------------- */

static inline void world_on_head(void *ctx, struct corv_http_request *r)
{
    struct world *w = ctx;

    w->live.heads++;
    corv_http_set_data(r, malloc(32));
    if (corv_view_is(corv_http_path(r), "/early"))
        corv_http_reply(r, 404, "text/plain", NULL, corv_view_str("no"), false);
}

static inline void world_on_body(void *ctx, struct corv_http_request *r)
{
    struct world *w = ctx;
    struct corv_view path = corv_http_path(r);
    struct corv_view body = corv_http_body(r);
    char text[128];

    w->live.bodies++;
    if (corv_view_is(path, "/echo")) {
        corv_http_reply(r, 200, "application/octet-stream", "X-A: b\r\n", body, false);
    } else if (corv_view_is(path, "/len")) {
        snprintf(text, sizeof text, "%zu", body.n);
        corv_http_reply(r, 200, "text/plain", NULL, corv_view_str(text), false);
    } else if (corv_view_is(path, "/oin")) {
        corv_http_reply(r, 200, "text/plain", NULL, corv_view_str(corv_http_peer_oin(r)), false);
    } else if (corv_view_is(path, "/take")) {
        size_t n = 0;
        char *p = corv_http_body_take(r, &n);

        corv_http_reply(r, 200, "text/plain", NULL, corv_view_of(p, n), false);
        free(p);
    } else if (corv_view_is(path, "/drop")) {
        corv_http_drop(r);
    } else if (corv_view_is(path, "/none")) {
        corv_http_reply(r, 204, NULL, NULL, (struct corv_view){0}, false);
    } else if (corv_view_is(path, "/big")) {
        corv_http_reply(r, 200, "text/plain", NULL, corv_view_of(w->big, BIG_REPLY), false);
    } else if (corv_view_is(path, "/hold") && w->live.held < HELD) {
        w->held[w->live.held++] = r;
    } else {
        corv_http_reply(r, 500, NULL, NULL, (struct corv_view){0}, true);
    }
}

static inline void world_on_end(void *ctx, struct corv_http_request *r)
{
    struct world *w = ctx;

    w->live.ends++;
    free(corv_http_data(r));
}

/* ---- questions to the loop ------------------------------------------------------------------- */

static inline void world_posted(uv_async_t *a)
{
    struct world *w = a->data;

    if (!w->question)
        return;
    w->question(w);
    w->question = NULL;
    uv_sem_post(&w->answered);
}

/* Client thread: runs the question on the loop and waits for it. */
static inline void world_ask(struct world *w, world_question q)
{
    w->question = q;
    uv_async_send(&w->question_posted);
    uv_sem_wait(&w->answered);
}

static inline void world_look(struct world *w)
{
    if (w->server)
        corv_http_server_stats(w->server, &w->live.stats);
    w->live.gone = 0;
    for (unsigned i = 0; i < w->live.held; i++)
        w->live.gone += corv_http_gone(w->held[i]);
    w->seen = w->live;
}

static inline void world_release(struct world *w)
{
    for (unsigned i = 0; i < w->live.held; i++)
        corv_http_reply(w->held[i], 202, "text/plain", NULL, corv_view_str("later"), false);
    w->live.held = 0;
}

static inline void world_closed(void *ctx)
{
    struct world *w = ctx;

    w->closed = true;
    w->server = NULL;
}

static inline void world_close(struct world *w)
{
    corv_http_server_close(w->server, w->close_ms, world_closed, w);
}

/* Asks until the condition on w->seen holds. */
#define UNTIL(w, what)                                                                             \
    do {                                                                                           \
        int64_t limit_ = corv_clock_mono_us() + PATIENCE * 1000000ll;                              \
        do                                                                                         \
            world_ask((w), world_look);                                                            \
        while (!(what) && corv_clock_mono_us() < limit_ && poll(NULL, 0, 1) == 0);                 \
        CHECK(w, what);                                                                            \
    } while (0)

/* ---- running --------------------------------------------------------------------------------- */

static inline void world_finish(uv_async_t *a)
{
    struct world *w = a->data;

    if (w->server && !w->closed)
        corv_http_server_close(w->server, 0, world_closed, w);
    uv_close((uv_handle_t *)&w->question_posted, NULL);
    uv_close((uv_handle_t *)&w->client_done, NULL);
    uv_close((uv_handle_t *)&w->turn, NULL);
}

static inline void world_turn(uv_prepare_t *p)
{
    ((struct world *)p->data)->live.turns++;
}

static inline void world_client(void *arg)
{
    struct world *w = arg;

    w->client(w);
    uv_async_send(&w->client_done);
}

static inline void world_init(struct world *w)
{
    *w = (struct world){0};
    w->options.address = "127.0.0.1";
    w->options.limits = (struct corv_http_limits){.body_bytes = MIB,
        .total_body_bytes = 8 * MIB,
        .header_bytes = 4096,
        .connections = 100,
        .handshake_ms = 10000,
        .header_ms = 10000,
        .body_ms = 10000,
        .idle_ms = 10000,
        .write_ms = 10000};
    w->options.name = "test";
}

static inline struct corv_tls_server *world_tls(const struct world *w)
{
    struct corv_tls_files files = {
        pki("server.pem"), pki("server.key"), pki("ca.pem"), w->crl, false};
    struct corv_tls_server *t = NULL;
    struct corv_fault f = {0};

    if (corv_tls_server_new(&files, &t, &f) != CORV_OK)
        fail_msg("%s", f.text);
    return t;
}

static inline void world_run(struct world *w, void (*client)(struct world *))
{
    uv_thread_t thread;
    struct corv_fault f = {0};

    w->client = client;
    w->big = malloc(BIG_REPLY);
    assert_non_null(w->big);
    memset(w->big, 'b', BIG_REPLY);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    uv_async_init(&w->loop, &w->question_posted, world_posted);
    uv_async_init(&w->loop, &w->client_done, world_finish);
    uv_prepare_init(&w->loop, &w->turn);
    uv_prepare_start(&w->turn, world_turn);
    uv_sem_init(&w->answered, 0);
    w->question_posted.data = w->client_done.data = w->turn.data = w;
    w->tls = w->with_tls ? world_tls(w) : NULL;
    w->options.loop = &w->loop;
    w->options.tls = w->tls;
    w->options.handler = (struct corv_http_handler){w, world_on_head, world_on_body, world_on_end};
    if (corv_http_server_new(&w->options, &w->server, &f) != CORV_OK)
        fail_msg("%s", f.text);
    w->port = corv_http_server_port(w->server);
    assert_int_equal(uv_thread_create(&thread, world_client, w), 0);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_thread_join(&thread);
    world_release(w); /* after on_closed: allowed, and the last one frees the server */
    assert_true(w->closed);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    uv_sem_destroy(&w->answered);
    corv_tls_server_free(w->tls);
    free(w->big);
    assert_int_equal(atomic_load(&w->failed), 0);
    assert_int_equal(w->live.heads, w->live.ends);
}

/* ---- the client ------------------------------------------------------------------------------ */

struct wire {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    struct corv_buf in; /* read, not used yet */
};

struct reply {
    int status; /* 0: the server closed; -1: broken */
    bool close;
    char head[2048];
    struct corv_buf body;
};

static SSL_SESSION *wire_ticket;

static inline int wire_keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(wire_ticket);
    wire_ticket = session;
    return 1;
}

static inline int wire_socket(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {PATIENCE, 0};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}

static inline bool wire_connect(const struct world *w, int fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w->port)};

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)(void *)&a, sizeof a) == 0;
}

static inline bool wire_open(const struct world *w, struct wire *c)
{
    *c = (struct wire){.fd = wire_socket()};
    corv_buf_init(&c->in, 64 * MIB);
    return wire_connect(w, c->fd);
}

static inline void wire_close(struct wire *c)
{
    if (c->ssl)
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
    corv_buf_free(&c->in);
    ERR_clear_error();
}

/* Goes away with a reset. */
static inline void wire_break(struct wire *c)
{
    struct linger now = {1, 0};

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    wire_close(c);
}

/* TCP and a TLS handshake as the owner of the certificate (NULL: none). With TLS 1.3 the server's
 * refusal only shows at the first read. */
static inline bool wire_open_tls(const struct world *w, struct wire *c, const char *cert)
{
    char name[64];

    if (!wire_open(w, c))
        return false;
    c->ctx = SSL_CTX_new(TLS_client_method());
    if (cert) {
        snprintf(name, sizeof name, "%s.pem", cert);
        SSL_CTX_use_certificate_chain_file(c->ctx, pki(name));
        snprintf(name, sizeof name, "%s.key", cert);
        SSL_CTX_use_PrivateKey_file(c->ctx, pki(name), SSL_FILETYPE_PEM);
    }
    SSL_CTX_load_verify_file(c->ctx, pki("ca.pem"));
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ctx, wire_keep_ticket);
    c->ssl = SSL_new(c->ctx);
    SSL_set1_host(c->ssl, "localhost");
    SSL_set_fd(c->ssl, c->fd);
    if (wire_ticket)
        SSL_set_session(c->ssl, wire_ticket);
    return SSL_connect(c->ssl) == 1;
}

static inline bool wire_put_n(struct wire *c, const char *p, size_t n)
{
    while (n > 0) {
        int chunk = n > MIB ? (int)MIB : (int)n;
        ssize_t w =
            c->ssl ? SSL_write(c->ssl, p, chunk) : send(c->fd, p, (size_t)chunk, MSG_NOSIGNAL);

        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

static inline bool wire_put(struct wire *c, const char *text)
{
    return wire_put_n(c, text, strlen(text));
}

/* Bytes read, 0 at the end, -1 when broken. */
static inline ssize_t wire_more(struct wire *c)
{
    char p[65536];
    ssize_t n = c->ssl ? SSL_read(c->ssl, p, sizeof p) : recv(c->fd, p, sizeof p, 0);

    if (n > 0 && corv_buf_add(&c->in, p, (size_t)n) != CORV_OK)
        return -1;
    if (n <= 0 && c->ssl)
        return SSL_get_error(c->ssl, (int)n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
    return n;
}

static inline bool wire_at_end(struct wire *c)
{
    return c->in.n == 0 && wire_more(c) == 0;
}

static inline void wire_use(struct wire *c, size_t n)
{
    memmove(c->in.p, c->in.p + n, c->in.n - n);
    c->in.n -= n;
    c->in.p[c->in.n] = '\0';
}

static inline const char *reply_header(const struct reply *r, const char *name)
{
    const char *at = strcasestr(r->head, name);

    return at ? at + strlen(name) : NULL;
}

static inline struct reply wire_get_for(struct wire *c, bool head_only)
{
    struct reply r = {0};
    const char *end = NULL;
    ssize_t n = 1;

    corv_buf_init(&r.body, 64 * MIB);
    while (!(end = c->in.n ? strstr(c->in.p, "\r\n\r\n") : NULL) && n > 0)
        n = wire_more(c);
    if (!end) {
        r.status = n == 0 && c->in.n == 0 ? 0 : -1;
        return r;
    }

    size_t size = (size_t)(end - c->in.p) + 4;

    snprintf(r.head, sizeof r.head, "%.*s", (int)size, c->in.p);
    wire_use(c, size);
    r.status = strncmp(r.head, "HTTP/1.1 ", 9) == 0 ? (int)strtol(r.head + 9, NULL, 10) : -1;
    r.close = strstr(r.head, "\r\nConnection: close\r\n") != NULL;

    const char *length = reply_header(&r, "\r\nContent-Length: ");
    size_t want = length && !head_only ? (size_t)strtoul(length, NULL, 10) : 0;

    while (c->in.n < want && n > 0)
        n = wire_more(c);
    if (c->in.n < want || (want && corv_buf_add(&r.body, c->in.p, want) != CORV_OK))
        r.status = -1;
    else if (want)
        wire_use(c, want);
    return r;
}

static inline struct reply wire_get(struct wire *c)
{
    return wire_get_for(c, false);
}

/* The status of the next answer; its body is compared when not NULL. */
static inline int wire_status(struct wire *c, const char *body)
{
    struct reply r = wire_get(c);
    int status = r.status;

    if (body && !corv_view_is(corv_buf_view(&r.body), body))
        status = -2;
    corv_buf_free(&r.body);
    return status;
}

#endif
