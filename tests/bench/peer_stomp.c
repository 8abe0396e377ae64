/* SPDX-License-Identifier: EUPL-1.2 */
/* Senders and a taker for a broker that speaks STOMP (ActiveMQ): SENDERS connections, each with one
 * persistent message under way until its receipt came; one connection takes, and acknowledges each
 * message by itself.
 *     corv-peer-stomp PORT QUEUE FILE COUNT SENDERS
 * Prints one line of JSON: seconds from the first byte sent until the last acknowledgement had its
 * receipt. Exits 1 when a count is wrong. Plain TCP on 127.0.0.1. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ROOM        (1u << 21)
#define SENDERS_MAX 1024
#define PATIENCE_MS 60000 /* without any news */

struct line {
    int fd;
    char *in; /* owned, of ROOM */
    size_t in_n;
};
static struct {
    char *body;
    size_t body_n;
    const char *queue;
    unsigned long count, sent, confirmed, taken;
    bool all_receipt; /* of the taker's last acknowledgement */
} run;

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "stomp: %s: %s\n", what, why);
    exit(2);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void put(struct line *l, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(l->fd, p, n);

        if (k <= 0)
            die("write", "broken");
        p += k;
        n -= (size_t)k;
    }
}

static void fill(struct line *l)
{
    ssize_t k = read(l->fd, l->in + l->in_n, ROOM - l->in_n - 1);

    if (k <= 0)
        die("read", "broken");
    l->in_n += (size_t)k;
    l->in[l->in_n] = '\0';
}

/* The value of a header in the frame's head, copied; "" when absent. */
static void header(const char *head, const char *end, const char *name, char *out, size_t room)
{
    size_t n = strlen(name);

    *out = '\0';
    for (const char *p = head; p && p < end; p = memchr(p, '\n', (size_t)(end - p))) {
        p += *p == '\n';
        if (strncmp(p, name, n) != 0 || p[n] != ':')
            continue;
        snprintf(out, room, "%.*s", (int)strcspn(p + n + 1, "\r\n"), p + n + 1);
        return;
    }
}

/* The first whole frame in the buffer: its length with the zero, where its body begins and how long
 * that is. False: not whole yet. */
static bool frame(struct line *l, size_t *length, char **body, size_t *body_n)
{
    char text[32];
    size_t skip = strspn(l->in, "\r\n"); /* heart-beats */
    char *end;

    memmove(l->in, l->in + skip, l->in_n - skip + 1);
    l->in_n -= skip;
    end = strstr(l->in, "\n\n");
    if (!end)
        return false;
    *body = end + 2;
    header(l->in, end, "content-length", text, sizeof text);
    *body_n = *text ? strtoul(text, NULL, 10) : strlen(*body);
    *length = (size_t)(*body - l->in) + *body_n + 1;
    return *length <= l->in_n;
}

static void drop(struct line *l, size_t n)
{
    memmove(l->in, l->in + n, l->in_n - n + 1);
    l->in_n -= n;
}

static void log_in(struct line *l, int port)
{
    static const char connect_frame[] =
        "CONNECT\naccept-version:1.2\nhost:localhost\nheart-beat:0,0\n\n";
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    size_t length, body_n;
    char *body;
    int one = 1;

    a.sin_port = htons((uint16_t)port);
    l->in = calloc(1, ROOM);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!l->in || l->fd < 0 || connect(l->fd, (struct sockaddr *)&a, sizeof a) != 0)
        die("connect", "nobody there");
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    put(l, connect_frame, sizeof connect_frame); /* with its zero */
    while (!frame(l, &length, &body, &body_n))
        fill(l);
    if (strncmp(l->in, "CONNECTED", 9) != 0)
        die("connect", l->in);
    drop(l, length);
}

static void send_next(struct line *l)
{
    char head[512];
    int n;

    if (run.sent >= run.count)
        return;
    n = snprintf(head, sizeof head,
        "SEND\ndestination:/queue/%s\npersistent:true\ncontent-length:%zu\nreceipt:s%lu\n\n",
        run.queue, run.body_n, run.sent++);
    put(l, head, (size_t)n);
    put(l, run.body, run.body_n + 1);
}

static void subscribe(struct line *l)
{
    char text[512];
    int n = snprintf(text, sizeof text,
        "SUBSCRIBE\nid:0\ndestination:/queue/%s\nack:client-individual\n"
        "activemq.prefetchSize:64\nreceipt:sub\n\n",
        run.queue);

    put(l, text, (size_t)n + 1);
}

static void acknowledge(struct line *l, const char *id)
{
    char text[512];
    int n = snprintf(
        text, sizeof text, "ACK\nid:%s\n%s\n", id, run.taken == run.count ? "receipt:all\n" : "");

    put(l, text, (size_t)n + 1);
}

static void on_receipt(struct line *l, const char *end, bool *subscribed)
{
    char id[32];

    header(l->in, end, "receipt-id", id, sizeof id);
    if (strcmp(id, "sub") == 0)
        *subscribed = true;
    else if (strcmp(id, "all") == 0)
        run.all_receipt = true;
    else
        run.confirmed++;
}

static void tend(struct line *l, bool *subscribed)
{
    size_t length, body_n;
    char *body;

    fill(l);
    while (frame(l, &length, &body, &body_n)) {
        char id[256];

        if (strncmp(l->in, "RECEIPT", 7) == 0) {
            bool taker = *subscribed;

            on_receipt(l, body, subscribed);
            if (taker && !run.all_receipt)
                send_next(l);
        } else if (strncmp(l->in, "MESSAGE", 7) == 0) {
            header(l->in, body, "ack", id, sizeof id);
            if (body_n != run.body_n || memcmp(body, run.body, body_n) != 0 || !*id)
                die("take", "other bytes");
            run.taken++;
            acknowledge(l, id);
        } else {
            die("answer", l->in);
        }
        drop(l, length);
    }
}

static void read_body(const char *path)
{
    FILE *f = fopen(path, "rb");

    run.body = calloc(1, ROOM / 2);
    if (!f || !run.body)
        die(path, "not readable");
    run.body_n = fread(run.body, 1, ROOM / 2 - 1, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    static struct line line[SENDERS_MAX + 1];
    static struct pollfd fds[SENDERS_MAX + 1];
    unsigned long senders;
    bool subscribed = false;
    double began, sent = 0;
    int port;

    if (argc != 6) {
        fprintf(stderr, "usage: corv-peer-stomp PORT QUEUE FILE COUNT SENDERS\n");
        return 2;
    }
    port = (int)strtol(argv[1], NULL, 10);
    run.queue = argv[2];
    read_body(argv[3]);
    run.count = strtoul(argv[4], NULL, 10);
    senders = strtoul(argv[5], NULL, 10);
    if (!senders || senders > SENDERS_MAX)
        die("senders", "1 to 1024");
    for (unsigned long i = 0; i <= senders; i++) {
        log_in(&line[i], port);
        fds[i] = (struct pollfd){.fd = line[i].fd, .events = POLLIN};
    }
    subscribe(&line[senders]);
    while (!subscribed)
        tend(&line[senders], &subscribed);
    began = now();
    for (unsigned long i = 0; i < senders; i++)
        send_next(&line[i]);
    while (run.confirmed < run.count || !run.all_receipt) {
        if (poll(fds, senders + 1, PATIENCE_MS) <= 0)
            die("wait", "no news");
        for (unsigned long i = 0; i <= senders; i++)
            if (fds[i].revents)
                tend(&line[i], &subscribed);
        if (run.confirmed == run.count && sent <= 0)
            sent = now() - began;
    }
    printf("{\"count\":%lu,\"sent_s\":%.4f,\"seconds\":%.4f}\n", run.count, sent, now() - began);
    for (unsigned long i = 0; i <= senders; i++) {
        close(line[i].fd);
        free(line[i].in);
    }
    free(run.body);
    return run.taken == run.count ? 0 : 1;
}
