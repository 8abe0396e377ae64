/* SPDX-License-Identifier: EUPL-1.2 */
/* What the load generator and the receiving partner share: TLS connections on epoll, and as much of
 * HTTP/1.1 as the two ends of a bench need. Single-threaded, made to cost little, so that what is
 * measured is corvd. Test: tests/bench/test_wire.py */
#ifndef CORV_BENCH_WIRE_H
#define CORV_BENCH_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    int epoll;
    int fd;
    SSL *ssl;
    bool open;     /* handshake done */
    unsigned want; /* EPOLLIN | EPOLLOUT as registered */
    char *in;      /* owned */
    size_t in_n, in_cap;
    char *out; /* owned */
    size_t out_n, out_done, out_cap;
};

/* One message of HTTP at the start of w->in. */
struct wire_http {
    int status;     /* of an answer; 0 for a request */
    size_t head;    /* bytes including the empty line */
    size_t body;    /* Content-Length */
    bool chunked;   /* not supported by the bench: the caller gives up */
    bool expects;   /* Expect: 100-continue */
    bool goes_away; /* Connection: close */
    bool retry;     /* Retry-After is there */
    bool repeat;    /* X-Corv-Repeat: true */
};

SSL_CTX *wire_context(bool server, const char *cert, const char *key, const char *ca);
/* Takes fd. Exits the program when memory is gone: this is a bench. */
void wire_init(struct wire *w, int epoll, int fd, SSL_CTX *ctx, bool server);
void wire_close(struct wire *w);
/* Handshake, write what is waiting, read what came. false: the other side is gone. */
bool wire_step(struct wire *w);
/* Writes what is waiting and reads nothing, for after the caller has looked at what was read. */
bool wire_push(struct wire *w);
void wire_send(struct wire *w, const char *bytes, size_t n);
/* True when a whole head is there (the body may still be on its way). */
bool wire_head(const struct wire *w, struct wire_http *h);
void wire_consume(struct wire *w, size_t n);
int64_t wire_now_us(void);
_Noreturn void wire_die(const char *what);

#endif
