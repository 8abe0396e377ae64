/* SPDX-License-Identifier: EUPL-1.2 */
/* An HTTP/1.1 server on the libuv loop, over mutual TLS or plain on loopback/unix socket.
 * Keep-alive, Content-Length and chunked, Expect: 100-continue; every bound is explicit. It knows
 * nothing of messages: the handler decides. HTTP parsing is done by http-parser (Debian) behind
 * http_parse.c, TLS by OpenSSL behind tls.c.
 *
 * Life of a request: on_head is called when the header section is complete (the handler may reply
 * at once, e.g. 404 or 413, and the body is then not kept); on_body when the whole body is there.
 * Exactly one reply ends it. If the client goes away first, gone() tells, the reply is dropped
 * quietly, and the request stays valid until it was replied to: the handler may hold it over other
 * turns of the loop.
 * Thread: loop thread only. Test: tests/unit/test_http_server.c, tests/path/test_http.py;
 * fuzzer: tests/fuzz/fuzz_http.c */
#ifndef CORV_LOOP_HTTP_SERVER_H
#define CORV_LOOP_HTTP_SERVER_H

#include <uv.h>

#include "daemon/base/fault.h"
#include "daemon/base/view.h"

struct corv_tls_server; /* tls.h */
struct corv_http_server;
struct corv_http_request;

struct corv_http_limits {
    uint64_t body_bytes;       /* one body; then 413 */
    uint64_t total_body_bytes; /* all bodies held by this server; then 503 + Retry-After */
    unsigned header_bytes;     /* request line and headers together; then 431 */
    unsigned connections;      /* beyond it: in the place of one that says nothing (a handshake or
                                * idle for over a second), or answered 503 (or closed) */
    unsigned handshake_ms;
    unsigned header_ms; /* from the first byte of a request (or the handshake) to its last header */
    unsigned body_ms;   /* the whole body */
    unsigned idle_ms;   /* between requests */
    unsigned write_ms;  /* a reply that the client does not read */
};

struct corv_http_handler {
    void *ctx;
    void (*on_head)(void *ctx, struct corv_http_request *r);
    void (*on_body)(void *ctx, struct corv_http_request *r);
    void (*on_end)(void *ctx, struct corv_http_request *r); /* or NULL; r dies after this turn */
};

struct corv_http_server_options {
    uv_loop_t *loop;
    struct corv_tls_server *tls; /* borrowed until closed; NULL: plain (admin listener, tests) */
    const char *address;         /* numeric, v4 or v6; NULL with unix_path */
    unsigned port;               /* 0: chosen by the kernel */
    const char *unix_path;       /* mode 0660 */
    int listening;               /* > 0: this socket, which is taken, instead of those above */
    struct corv_http_limits limits;
    struct corv_http_handler handler;
    const char *name; /* for logs: "intake", "admin" */
};
/* Also ignores SIGPIPE, for the whole process, unless somebody handles it. */
CORV_MUST_CHECK corv_rc corv_http_server_new(
    const struct corv_http_server_options *o, struct corv_http_server **out, struct corv_fault *f);
unsigned corv_http_server_port(const struct corv_http_server *s);
/* New connections use the new TLS context from now on (certificate roll-over). */
void corv_http_server_set_tls(struct corv_http_server *s, struct corv_tls_server *tls);
/* Counts from now on, also for connections that are open. */
void corv_http_server_set_limits(struct corv_http_server *s, const struct corv_http_limits *limits);
/* Stops accepting; answers what is under way for at most limit_ms; idle connections are closed.
 * s must not be used after on_closed began; requests the handler still holds stay valid until they
 * are replied to. Accepts NULL for on_closed. */
void corv_http_server_close(
    struct corv_http_server *s, unsigned limit_ms, void (*on_closed)(void *), void *ctx);
struct corv_http_stats {
    uint64_t connections_now, connections, requests, refused_busy, refused_tls, timeouts, too_large;
    uint64_t body_bytes_now;
    uint64_t handshakes, resumed, bad_requests, client_gone, accept_paused;
    uint64_t handshakes_waited; /* flights that were left for a later turn of the loop */
    uint64_t
        accept_waited; /* times that newcomers were left in the kernel, for the line was long */
};
void corv_http_server_stats(const struct corv_http_server *s, struct corv_http_stats *out);

/* ---- the request, as the handler sees it --------------------------------------------------- */

const char *corv_http_method(const struct corv_http_request *r);    /* "POST" */
struct corv_view corv_http_path(const struct corv_http_request *r); /* without query */
struct corv_view corv_http_query(const struct corv_http_request *r);
/* Value of a header, name without regard to case; n == 0 when absent. Of a repeated header the
 * first; Content-Length, Host and Transfer-Encoding repeated are refused before the handler. */
struct corv_view corv_http_header(const struct corv_http_request *r, const char *name);
int64_t corv_http_content_length(const struct corv_http_request *r); /* -1: chunked or none */
/* The whole body, from on_body until the reply. take: the caller owns it (free()). */
struct corv_view corv_http_body(const struct corv_http_request *r);
char *corv_http_body_take(struct corv_http_request *r, size_t *size);
/* Subject serialNumber of the client's certificate when it is an OIN (20 digits), else "". */
const char *corv_http_peer_oin(const struct corv_http_request *r);
const char *corv_http_peer(const struct corv_http_request *r); /* address:port, or unix:UID */
bool corv_http_gone(const struct corv_http_request *r);
/* Whether this second still has room for a log line about a client: who knocks all day must not
 * fill the disk. *dropped: the lines left out since the last one. */
bool corv_http_may_log(const struct corv_http_request *r, unsigned *dropped);
int64_t corv_http_began_us(const struct corv_http_request *r); /* monotonic, first byte */

/* Ends the request. content_type NULL: no body. headers: extra lines "Name: value\r\n…" or NULL.
 * body is copied. close: ask the client to leave. */
void corv_http_reply(struct corv_http_request *r, int status, const char *content_type,
    const char *headers, struct corv_view body, bool close);
/* Ends the request and its connection without a word, as a peer that dies does. */
void corv_http_drop(struct corv_http_request *r);
/* The handler's own pointer beside the request. */
void corv_http_set_data(struct corv_http_request *r, void *data);
void *corv_http_data(const struct corv_http_request *r);

#endif
