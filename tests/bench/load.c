/* SPDX-License-Identifier: EUPL-1.2 */
/* The senders of the bench: N keep-alive connections over mutual TLS, each with one message under
 * way, until COUNT messages were answered or SECONDS are over.
 *     corv-load PORT CERT KEY CA FILE CONNECTIONS COUNT SECONDS TAG [LEDGER FIRST [RATE [gate]]]
 * FILE is a message in which the text %REFERENTIE% stands once; each copy gets a number of its own
 * that begins with TAG and counts from FIRST, and its line in the LEDGER (ledger.h). With RATE that
 * many a second are offered, as long as a connection is free, whatever the answers: an overload.
 * With "gate" all connections are made first; then it prints "ready", and waits for a line. What is
 * measured is then keep-alive connections at work, not their handshakes.
 * Prints one line of JSON: counts by answer, seconds, its own CPU since the first message, and the
 * time from the first byte sent to the answer (mean, p50, p99, max in microseconds).
 * Test: tests/bench/test_wire.py */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/ledger.h"
#include "tests/bench/wire.h"

#define SLOT     "%REFERENTIE%"
#define AGAIN_US 1000000 /* after a connection that was not let in */

struct sender {
    struct wire wire;     /* first: epoll hands its address back */
    int64_t sent_us;      /* 0: nothing under way */
    int64_t again_us;     /* not let in: when to knock again; 0: it has a connection */
    unsigned long number; /* of the message under way */
    bool idle;            /* stands in run.idle */
    bool greeted;         /* its handshake was counted */
};

static struct {
    unsigned long port, connections, count, seconds, first, rate;
    int64_t began_us, end_us, cpu_us; /* cpu_us: what was spent before it began */
    bool gate;
    const char *tag;
    char *before, *after; /* the message around the reference */
    size_t before_n, after_n;
    unsigned long away; /* senders that will knock again */
    unsigned long next, answered, ok, busy, refused, broken, unkind; /* 503 without Retry-After */
    uint32_t *took;       /* microseconds of the accepted ones */
    struct sender **idle; /* owned: those that wait for their turn (RATE) */
    unsigned long idle_n, greeted;
    struct ledger ledger;
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

/* Whether the clock starts when all connections are there. */
static bool waits_for_all(void)
{
    return run.rate > 0 || run.gate;
}

static bool due(void)
{
    if (waits_for_all() && run.greeted < run.connections)
        return false;
    return run.next < run.count &&
           (!run.rate ||
               (int64_t)run.next * 1000000 <= (wire_now_us() - run.began_us) * (int64_t)run.rate);
}

static void book_sent(const struct sender *s)
{
    struct ledger_line *line = ledger_line(&run.ledger, s->number);

    if (line)
        line->sent_us = s->sent_us;
}

static void book_answer(const struct sender *s, int status)
{
    struct ledger_line *line = ledger_line(&run.ledger, s->number);

    if (!line)
        return;
    line->yes_us = wire_now_us();
    line->status = (uint16_t)status;
}

static void post(struct sender *s)
{
    char head[256];
    char reference[REFERENCE + 64];
    int n;

    if (s->sent_us)
        return;
    if (!due()) {
        if (!s->idle && run.next < run.count)
            run.idle[run.idle_n++] = s;
        s->idle = run.next < run.count;
        return;
    }
    s->number = run.first + run.next++;
    snprintf(reference, sizeof reference, "%s%0*lu", run.tag, (int)(REFERENCE - strlen(run.tag)),
        s->number);
    n = snprintf(head, sizeof head,
        "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/xml\r\n"
        "Content-Length: %zu\r\n\r\n",
        run.before_n + strlen(reference) + run.after_n);
    s->sent_us = wire_now_us();
    book_sent(s);
    wire_send(&s->wire, head, (size_t)n);
    wire_send(&s->wire, run.before, run.before_n);
    wire_send(&s->wire, reference, strlen(reference));
    wire_send(&s->wire, run.after, run.after_n);
}

static void answered(struct sender *s, int status, bool retry)
{
    int64_t took = wire_now_us() - s->sent_us;

    book_answer(s, status);
    s->sent_us = 0;
    run.answered++;
    if (status == 202 || status == 200)
        run.took[run.ok++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    else if (status == 503)
        run.busy++;
    else
        run.refused++;
    if (status == 503 && !retry)
        run.unkind++;
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
        answered(s, h.status, h.retry);
        if (h.goes_away)
            return false;
    }
    return true;
}

static int64_t cpu_us(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_SELF, &u) != 0)
        wire_die("getrusage");
    return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* Whoever started us looks at the clocks in between. */
static void wait_at_the_gate(void)
{
    if (puts("ready") < 0 || fflush(stdout) != 0 || getchar() == EOF)
        wire_die("nobody opens the gate");
}

static void greet(struct sender *s)
{
    int64_t waited;

    if (s->greeted || !s->wire.open)
        return;
    s->greeted = true;
    if (++run.greeted < run.connections || !waits_for_all())
        return;
    if (run.gate)
        wait_at_the_gate();
    waited = wire_now_us() - run.began_us;
    run.end_us += waited;
    run.began_us += waited;
    run.cpu_us = cpu_us();
}

static void tend(struct sender *s)
{
    bool alive = wire_step(&s->wire);
    bool was_in = s->wire.open;

    alive = listen_to(s) && alive; /* an answer may have come before the end */
    greet(s);
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
    if (was_in) {
        begin(s);
        return;
    }
    run.away++;
    s->again_us = wire_now_us() + AGAIN_US;
}

/* Those that were not let in try again, as well-behaved clients do: not at once. */
static void knock_again(struct sender *senders)
{
    int64_t now = wire_now_us();

    for (unsigned long i = 0; run.away > 0 && i < run.connections; i++) {
        struct sender *s = &senders[i];

        if (!s->again_us || s->again_us > now)
            continue;
        s->again_us = 0;
        run.away--;
        begin(s);
    }
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
    printf("{\"answered\":%lu,\"accepted\":%lu,\"busy\":%lu,\"unkind\":%lu,\"refused\":%lu,"
           "\"broken\":%lu,\"began_us\":%lld,\"bytes\":%zu,\"seconds\":%.3f,\"cpu_us\":%lld,"
           "\"mean_us\":%.0f,"
           "\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n",
        run.answered, run.ok, run.busy, run.unkind, run.refused, run.broken, (long long)began,
        run.before_n + REFERENCE + run.after_n, seconds, (long long)(cpu_us() - run.cpu_us),
        sum / (double)n, run.took[run.ok / 2], run.took[run.ok * 99 / 100],
        run.took[run.ok ? run.ok - 1 : 0]);
}

/* As many connections as asked. */
static void many_files(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return;
    r.rlim_cur = r.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

static void arguments(int argc, char **argv)
{
    run.port = strtoul(argv[1], NULL, 10);
    run.connections = strtoul(argv[6], NULL, 10);
    run.count = strtoul(argv[7], NULL, 10);
    run.seconds = strtoul(argv[8], NULL, 10);
    run.tag = argv[9];
    if (argc > 11) {
        ledger_open(&run.ledger, argv[10]);
        run.first = strtoul(argv[11], NULL, 10);
    }
    run.rate = argc > 12 ? strtoul(argv[12], NULL, 10) : 0;
    run.gate = argc > 13;
    if (!run.port || !run.connections || !run.count || !run.seconds ||
        strlen(run.tag) > REFERENCE - LEDGER_DIGITS)
        wire_die("an argument makes no sense");
    run.took = calloc(run.count + 1, sizeof *run.took);
    run.idle = calloc(run.connections, sizeof(struct sender *));
    if (!run.took || !run.idle)
        wire_die("memory");
    run.ctx = wire_context(false, argv[2], argv[3], argv[4]);
    read_message(argv[5]);
}

/* RATE: those that waited for their turn. */
static void wake_idle(void)
{
    while (run.idle_n > 0 && due()) {
        struct sender *s = run.idle[--run.idle_n];

        s->idle = false;
        if (s->wire.open) {
            post(s);
            (void)wire_push(&s->wire); /* a dead one is met by epoll */
        }
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    struct sender *senders;

    if (argc < 10 || argc == 11 || argc > 14 || (argc == 14 && strcmp(argv[13], "gate") != 0)) {
        fprintf(stderr, "usage: corv-load PORT CERT KEY CA FILE CONNECTIONS COUNT SECONDS TAG"
                        " [LEDGER FIRST [RATE [gate]]]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    many_files();
    arguments(argc, argv);
    run.epoll = epoll_create1(EPOLL_CLOEXEC);
    senders = calloc(run.connections, sizeof *senders);
    if (run.epoll < 0 || !senders)
        wire_die("epoll or memory");
    run.began_us = wire_now_us();
    run.end_us = run.began_us + (int64_t)run.seconds * 1000000;
    for (unsigned long i = 0; i < run.connections && i < run.count; i++)
        begin(&senders[i]);
    while (run.answered < run.count && wire_now_us() < run.end_us) {
        int n = epoll_wait(run.epoll, events, 256, run.rate ? 1 : 200);

        for (int i = 0; i < n; i++)
            tend(events[i].data.ptr);
        wake_idle();
        knock_again(senders);
    }
    report(run.began_us);
    for (unsigned long i = 0; i < run.connections && i < run.count; i++)
        if (!senders[i].again_us)
            wire_close(&senders[i].wire);
    SSL_CTX_free(run.ctx);
    free(senders);
    free(run.idle);
    free(run.took);
    free(run.before);
    ledger_close(&run.ledger);
    close(run.epoll);
    return run.answered == run.count ? 0 : 1;
}
