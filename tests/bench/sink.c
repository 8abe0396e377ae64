/* SPDX-License-Identifier: EUPL-1.2 */
/* The receiving partner of the bench: takes each POST over mutual TLS, answers 200, and counts.
 *     corv-sink PORT CERT KEY CA
 * GET /stats answers JSON {"requests","bytes","handshakes","first_us","last_us"} on the same port.
 * Ends on SIGTERM. Test: tests/bench/test_wire.py */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/wire.h"

static struct {
    uint64_t requests, bytes, handshakes;
    int64_t first_us, last_us;
} count;
static volatile sig_atomic_t stop;

static void on_term(int signal_number)
{
    (void)signal_number;
    stop = 1;
}

static int listen_on(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 512) != 0)
        wire_die("listen");
    return fd;
}

static void answer(struct wire *w, const char *type, const char *body)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
        "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type, strlen(body),
        body);

    wire_send(w, text, (size_t)n);
}

static void stats(struct wire *w)
{
    char body[512];

    snprintf(body, sizeof body,
        "{\"requests\":%llu,\"bytes\":%llu,\"handshakes\":%llu,\"first_us\":%lld,\"last_us\":%lld}",
        (unsigned long long)count.requests, (unsigned long long)count.bytes,
        (unsigned long long)count.handshakes, (long long)count.first_us, (long long)count.last_us);
    answer(w, "application/json", body);
}

static void took(struct wire *w, size_t body)
{
    count.last_us = wire_now_us();
    if (count.requests++ == 0)
        count.first_us = count.last_us;
    count.bytes += body;
    answer(w, "application/json", "{\"status\":\"taken\"}");
}

/* Everything complete that stands in the buffer. false: something we do not speak. */
static bool serve(struct wire *w)
{
    struct wire_http h;

    while (wire_head(w, &h)) {
        if (h.chunked)
            return false;
        if (w->in_n < h.head + h.body) {
            if (h.expects && w->in_n == h.head)
                wire_send(w, "HTTP/1.1 100 Continue\r\n\r\n", 25);
            return true;
        }
        if (strncmp(w->in, "GET /stats", 10) == 0)
            stats(w);
        else
            took(w, h.body);
        wire_consume(w, h.head + h.body);
    }
    return true;
}

static void welcome(int listener, int epoll, SSL_CTX *ctx)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct wire *w = malloc(sizeof *w);
        int one = 1;

        if (!w)
            wire_die("memory");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        wire_init(w, epoll, fd, ctx, true);
        count.handshakes++;
    }
}

static void tend(struct wire *w)
{
    bool alive = wire_step(w) && serve(w) && wire_push(w);

    if (alive)
        return;
    wire_close(w);
    free(w);
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    struct epoll_event e = {.events = EPOLLIN};
    SSL_CTX *ctx;
    int epoll, listener;

    if (argc != 5) {
        fprintf(stderr, "usage: corv-sink PORT CERT KEY CA\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_term);
    ctx = wire_context(true, argv[2], argv[3], argv[4]);
    listener = listen_on(argv[1]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) != 0)
        wire_die("epoll");
    while (!stop) {
        int n = epoll_wait(epoll, events, 256, 500);

        if (n < 0 && errno != EINTR)
            wire_die("epoll_wait");
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                tend(events[i].data.ptr);
            else
                welcome(listener, epoll, ctx);
    }
    close(listener);
    close(epoll);
    SSL_CTX_free(ctx);
    printf("%llu\n", (unsigned long long)count.requests);
    return 0;
}
