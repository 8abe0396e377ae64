/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/bench/wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

void wire_die(const char *what)
{
    fprintf(stderr, "bench: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    ERR_print_errors_fp(stderr);
    exit(2);
}

int64_t wire_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

SSL_CTX *wire_context(bool server, const char *cert, const char *key, const char *ca)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    int verify = SSL_VERIFY_PEER | (server ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);

    errno = 0;
    if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
        wire_die("certificate, key or CA");
    SSL_CTX_set_verify(ctx, verify, NULL);
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"bench", 5);
    return ctx;
}

static void watch(struct wire *w, unsigned want)
{
    struct epoll_event e = {.events = want, .data.ptr = w};

    if (want == w->want)
        return;
    if (epoll_ctl(w->epoll, w->want ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, w->fd, &e) != 0)
        wire_die("epoll_ctl");
    w->want = want;
}

void wire_init(struct wire *w, int epoll, int fd, SSL_CTX *ctx, bool server)
{
    memset(w, 0, sizeof *w);
    w->epoll = epoll;
    w->fd = fd;
    w->ssl = SSL_new(ctx);
    if (!w->ssl || SSL_set_fd(w->ssl, fd) != 1)
        wire_die("SSL_new");
    if (server)
        SSL_set_accept_state(w->ssl);
    else
        SSL_set_connect_state(w->ssl);
    watch(w, server ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void wire_close(struct wire *w)
{
    SSL_free(w->ssl);
    if (w->fd >= 0)
        close(w->fd);
    free(w->in);
    free(w->out);
    memset(w, 0, sizeof *w);
    w->fd = -1;
}

static void room(char **p, size_t *cap, size_t need)
{
    size_t n = *cap ? *cap : 4096;

    while (n < need)
        n *= 2;
    if (n == *cap)
        return;
    *p = realloc(*p, n);
    if (!*p)
        wire_die("memory");
    *cap = n;
}

void wire_send(struct wire *w, const char *bytes, size_t n)
{
    if (w->out_done == w->out_n)
        w->out_n = w->out_done = 0;
    room(&w->out, &w->out_cap, w->out_n + n);
    memcpy(w->out + w->out_n, bytes, n);
    w->out_n += n;
    watch(w, EPOLLIN | EPOLLOUT);
}

/* SSL's answer to a call: 1 went on, 0 wait, -1 gone. */
static int judge(struct wire *w, int n)
{
    int why = n > 0 ? SSL_ERROR_NONE : SSL_get_error(w->ssl, n);

    if (why == SSL_ERROR_NONE)
        return 1;
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static int flush(struct wire *w)
{
    while (w->out_done < w->out_n) {
        int n = SSL_write(w->ssl, w->out + w->out_done, (int)(w->out_n - w->out_done));
        int j = judge(w, n);

        if (j <= 0)
            return j;
        w->out_done += (size_t)n;
    }
    return 1;
}

static int fill(struct wire *w)
{
    for (;;) {
        int n, j;

        room(&w->in, &w->in_cap, w->in_n + 16384);
        n = SSL_read(w->ssl, w->in + w->in_n, (int)(w->in_cap - w->in_n));
        j = judge(w, n);
        if (j <= 0)
            return j;
        w->in_n += (size_t)n;
    }
}

bool wire_step(struct wire *w)
{
    int j;

    ERR_clear_error();
    if (!w->open) {
        j = judge(w, SSL_do_handshake(w->ssl));
        if (j < 0)
            return false;
        if (j == 0) {
            watch(w, EPOLLIN | (SSL_want_write(w->ssl) ? (unsigned)EPOLLOUT : 0));
            return true;
        }
        w->open = true;
    }
    return fill(w) >= 0 && wire_push(w);
}

bool wire_push(struct wire *w)
{
    if (w->open && flush(w) < 0)
        return false;
    watch(w, EPOLLIN | (w->out_done < w->out_n ? (unsigned)EPOLLOUT : 0));
    return true;
}

/* The value of a header line, or NULL. The head ends with an empty line and a zero was put there.
 */
static const char *header(const char *head, const char *name)
{
    size_t n = strlen(name);
    const char *line = head;

    while ((line = strstr(line, "\r\n"))) {
        line += 2;
        if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
            line += n + 1;
            return line + strspn(line, " \t");
        }
    }
    return NULL;
}

bool wire_head(const struct wire *w, struct wire_http *h)
{
    char head[16384];
    const char *end = w->in_n ? memmem(w->in, w->in_n, "\r\n\r\n", 4) : NULL;
    const char *value;

    memset(h, 0, sizeof *h);
    if (!end)
        return false;
    h->head = (size_t)(end - w->in) + 4;
    if (h->head >= sizeof head)
        wire_die("a head of more than 16 KiB");
    memcpy(head, w->in, h->head);
    head[h->head - 2] = '\0';
    if (strncmp(head, "HTTP/1.", 7) == 0 && h->head > 12)
        h->status = (int)strtol(head + 9, NULL, 10);
    value = header(head, "Content-Length");
    h->body = value ? strtoul(value, NULL, 10) : 0;
    h->chunked = header(head, "Transfer-Encoding") != NULL;
    h->expects = header(head, "Expect") != NULL;
    value = header(head, "Connection");
    h->goes_away = value && strncasecmp(value, "close", 5) == 0;
    h->retry = header(head, "Retry-After") != NULL;
    value = header(head, "X-Corv-Repeat");
    h->repeat = value && strncasecmp(value, "true", 4) == 0;
    return true;
}

void wire_consume(struct wire *w, size_t n)
{
    memmove(w->in, w->in + n, w->in_n - n);
    w->in_n -= n;
}
