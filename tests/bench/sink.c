/* SPDX-License-Identifier: EUPL-1.2 */
/* The receiving partner of the bench: takes each POST over mutual TLS, answers 200, and counts.
 *     corv-sink PORT CERT KEY CA [LEDGER OFFSET [DELAY_MS]]
 * The reference of a message stands OFFSET bytes in; its line in the LEDGER (ledger.h) tells when
 * it came, and how often. With DELAY_MS each answer is kept back that long: a slow partner. GET
 * /stats answers JSON {"requests","bytes","handshakes","first_us","last_us", "marked"} on the same
 * port. Ends on SIGTERM. Test: tests/bench/test_wire.py */
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

#include "tests/bench/ledger.h"
#include "tests/bench/wire.h"

static struct {
    uint64_t requests, bytes, handshakes, marked; /* as a possible repeat */
    int64_t first_us, last_us;
} count;
static struct ledger ledger;
static size_t offset; /* of the reference in a message */
static volatile sig_atomic_t stop;

/* A connection, and until when its answer is kept back. All wait equally long, so whoever came
 * first is first: a list in the order of its ends. */
struct guest {
    struct wire wire; /* first: epoll hands its address back */
    int64_t due_us;   /* 0: nothing is kept back */
    struct guest *next;
};
static struct {
    int64_t us;
    struct guest *first, **end;
} delay = {.end = &delay.first};

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
        "{\"requests\":%llu,\"bytes\":%llu,\"handshakes\":%llu,\"first_us\":%lld,"
        "\"last_us\":%lld,\"marked\":%llu}",
        (unsigned long long)count.requests, (unsigned long long)count.bytes,
        (unsigned long long)count.handshakes, (long long)count.first_us, (long long)count.last_us,
        (unsigned long long)count.marked);
    answer(w, "application/json", body);
}

static void book(const char *body, size_t n, bool repeat)
{
    struct ledger_line *line =
        ledger.line && n >= offset + REFERENCE ? ledger_find(&ledger, body + offset) : NULL;

    if (!line)
        return;
    if (line->got++ == 0)
        line->got_us = count.last_us;
    else if (!repeat)
        line->unmarked++;
}

static void say_taken(struct wire *w)
{
    answer(w, "application/json", "{\"status\":\"taken\"}");
}

static void took(struct guest *g, const struct wire_http *h)
{
    count.last_us = wire_now_us();
    if (count.requests++ == 0)
        count.first_us = count.last_us;
    count.bytes += h->body;
    count.marked += h->repeat;
    book(g->wire.in + h->head, h->body, h->repeat);
    if (!delay.us) {
        say_taken(&g->wire);
        return;
    }
    g->due_us = count.last_us + delay.us;
    g->next = NULL;
    *delay.end = g;
    delay.end = &g->next;
}

/* Everything complete that stands in the buffer. false: something we do not speak. */
static bool serve(struct guest *g)
{
    struct wire *w = &g->wire;
    struct wire_http h;

    while (!g->due_us && wire_head(w, &h)) {
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
            took(g, &h);
        wire_consume(w, h.head + h.body);
    }
    return true;
}

static void welcome(int listener, int epoll, SSL_CTX *ctx)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct guest *g = calloc(1, sizeof *g);
        int one = 1;

        if (!g)
            wire_die("memory");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        wire_init(&g->wire, epoll, fd, ctx, true);
        count.handshakes++;
    }
}

static void forget(struct guest *g)
{
    for (struct guest **at = &delay.first; g->due_us && *at; at = &(*at)->next)
        if (*at == g) {
            *at = g->next;
            if (!*at)
                delay.end = at;
            break;
        }
    wire_close(&g->wire);
    free(g);
}

static void tend(struct guest *g)
{
    if (!(wire_step(&g->wire) && serve(g) && wire_push(&g->wire)))
        forget(g);
}

/* Gives the answers whose time has come; returns the milliseconds until the next. */
static int give_due(void)
{
    int64_t now = wire_now_us();

    while (delay.first && delay.first->due_us <= now) {
        struct guest *g = delay.first;

        delay.first = g->next;
        if (!delay.first)
            delay.end = &delay.first;
        g->due_us = 0;
        say_taken(&g->wire);
        if (!(serve(g) && wire_push(&g->wire)))
            forget(g);
    }
    return delay.first ? (int)((delay.first->due_us - now) / 1000) + 1 : 500;
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    struct epoll_event e = {.events = EPOLLIN};
    SSL_CTX *ctx;
    int epoll, listener;

    if (argc < 5 || argc == 6 || argc > 8) {
        fprintf(stderr, "usage: corv-sink PORT CERT KEY CA [LEDGER OFFSET [DELAY_MS]]\n");
        return 2;
    }
    if (argc > 6) {
        ledger_open(&ledger, argv[5]);
        offset = strtoul(argv[6], NULL, 10);
    }
    delay.us = argc > 7 ? (int64_t)strtoul(argv[7], NULL, 10) * 1000 : 0;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, on_term);
    ctx = wire_context(true, argv[2], argv[3], argv[4]);
    listener = listen_on(argv[1]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e) != 0)
        wire_die("epoll");
    while (!stop) {
        int n = epoll_wait(epoll, events, 256, give_due());

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
    ledger_close(&ledger);
    printf("%llu\n", (unsigned long long)count.requests);
    return 0;
}
