/* SPDX-License-Identifier: EUPL-1.2 */
/* The senders of the bench: N keep-alive connections over mutual TLS, each with one message under
 * way, until COUNT messages were answered or SECONDS are over.
 *     corv-load PORT CERT KEY CA FILE CONNECTIONS COUNT SECONDS TAG
 * FILE is a message in which the text %REFERENTIE% stands once; each copy gets a number of its own
 * that begins with TAG. Prints one line of JSON: counts by answer, seconds, and the time from the
 * first byte sent to the answer (mean, p50, p99, max in microseconds). Test:
 * tests/bench/test_wire.py */
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

#define SLOT      "%REFERENTIE%"
#define REFERENCE 32 /* characters of a reference number */

struct sender {
    struct wire wire; /* first: epoll hands its address back */
    int64_t sent_us;  /* 0: nothing under way */
};

static struct {
    unsigned long port, connections, count, seconds;
    const char *tag;
    char *before, *after; /* the message around the reference */
    size_t before_n, after_n;
    unsigned long next, answered, ok, busy, refused, broken;
    uint32_t *took; /* microseconds of the accepted ones */
    SSL_CTX *ctx;
    int epoll;
} run;

static void read_message(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 64u << 20);
    size_t n;
    char *slot;

    if (!f || !text)
        wire_die(path);
    n = fread(text, 1, (64u << 20) - 1, f);
    fclose(f);
    slot = strstr(text, SLOT);
    if (!slot)
        wire_die("the message has no " SLOT);
    run.before = text;
    run.before_n = (size_t)(slot - text);
    run.after = slot + strlen(SLOT);
    run.after_n = n - run.before_n - strlen(SLOT);
}

static void begin(struct sender *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    a.sin_port = htons((uint16_t)run.port);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&a, sizeof a) != 0 && errno != EINPROGRESS))
        wire_die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    wire_init(&s->wire, run.epoll, fd, run.ctx, false);
    s->sent_us = 0;
}

static void post(struct sender *s)
{
    char head[256];
    char reference[REFERENCE + 64];
    int n;

    if (s->sent_us || run.next >= run.count)
        return;
    snprintf(reference, sizeof reference, "%s%0*lu", run.tag, (int)(REFERENCE - strlen(run.tag)),
        run.next++);
    n = snprintf(head, sizeof head,
        "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
        "Content-Length: %zu\r\n\r\n",
        run.before_n + strlen(reference) + run.after_n);
    s->sent_us = wire_now_us();
    wire_send(&s->wire, head, (size_t)n);
    wire_send(&s->wire, run.before, run.before_n);
    wire_send(&s->wire, reference, strlen(reference));
    wire_send(&s->wire, run.after, run.after_n);
}

static void answered(struct sender *s, int status)
{
    int64_t took = wire_now_us() - s->sent_us;

    s->sent_us = 0;
    run.answered++;
    if (status == 202 || status == 200)
        run.took[run.ok++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    else if (status == 503)
        run.busy++;
    else
        run.refused++;
}

/* Reads answers; false: this connection is of no more use. */
static bool listen_to(struct sender *s)
{
    struct wire_http h;

    while (wire_head(&s->wire, &h)) {
        if (h.chunked)
            wire_die("a chunked answer");
        if (s->wire.in_n < h.head + h.body)
            return true;
        wire_consume(&s->wire, h.head + h.body);
        if (h.status == 100)
            continue;
        answered(s, h.status);
        if (h.goes_away)
            return false;
    }
    return true;
}

static void tend(struct sender *s)
{
    bool alive = wire_step(&s->wire) && listen_to(s);

    if (alive && s->wire.open) {
        post(s);
        alive = wire_push(&s->wire);
    }
    if (alive)
        return;
    if (s->sent_us) {
        run.broken++;
        run.answered++;
    }
    wire_close(&s->wire);
    if (run.broken > run.connections + 100)
        wire_die("connections break again and again");
    begin(s);
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void report(int64_t began)
{
    double seconds = (double)(wire_now_us() - began) / 1e6;
    double sum = 0;
    unsigned long n = run.ok ? run.ok : 1;

    qsort(run.took, run.ok, sizeof *run.took, by_size);
    for (unsigned long i = 0; i < run.ok; i++)
        sum += run.took[i];
    printf("{\"answered\":%lu,\"accepted\":%lu,\"busy\":%lu,\"refused\":%lu,\"broken\":%lu,"
           "\"bytes\":%zu,\"seconds\":%.3f,\"mean_us\":%.0f,\"p50_us\":%u,\"p99_us\":%u,"
           "\"max_us\":%u}\n",
        run.answered, run.ok, run.busy, run.refused, run.broken,
        run.before_n + REFERENCE + run.after_n, seconds, sum / (double)n, run.took[run.ok / 2],
        run.took[run.ok * 99 / 100], run.took[run.ok ? run.ok - 1 : 0]);
}

static void arguments(char **argv)
{
    run.port = strtoul(argv[1], NULL, 10);
    run.connections = strtoul(argv[6], NULL, 10);
    run.count = strtoul(argv[7], NULL, 10);
    run.seconds = strtoul(argv[8], NULL, 10);
    run.tag = argv[9];
    if (!run.port || !run.connections || !run.count || !run.seconds ||
        strlen(run.tag) >= REFERENCE - 8)
        wire_die("an argument makes no sense");
    run.took = calloc(run.count + 1, sizeof *run.took);
    if (!run.took)
        wire_die("memory");
    run.ctx = wire_context(false, argv[2], argv[3], argv[4]);
    read_message(argv[5]);
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    struct sender *senders;
    int64_t began, end;

    if (argc != 10) {
        fprintf(stderr, "usage: corv-load PORT CERT KEY CA FILE CONNECTIONS COUNT SECONDS TAG\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    arguments(argv);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    senders = calloc(run.connections, sizeof *senders);
    if (run.epoll < 0 || !senders)
        wire_die("epoll or memory");
    began = wire_now_us();
    end = began + (int64_t)run.seconds * 1000000;
    for (unsigned long i = 0; i < run.connections && i < run.count; i++)
        begin(&senders[i]);
    while (run.answered < run.count && wire_now_us() < end) {
        int n = epoll_wait(run.epoll, events, 256, 200);

        for (int i = 0; i < n; i++)
            tend(events[i].data.ptr);
    }
    report(began);
    for (unsigned long i = 0; i < run.connections && i < run.count; i++)
        wire_close(&senders[i].wire);
    SSL_CTX_free(run.ctx);
    free(senders);
    free(run.took);
    free(run.before);
    close(run.epoll);
    return run.answered == run.count ? 0 : 1;
}
