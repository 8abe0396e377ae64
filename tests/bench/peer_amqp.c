/* SPDX-License-Identifier: EUPL-1.2 */
/* A sender and a taker for RabbitMQ, each a process: durable messages into a quorum queue with
 * publisher confirms, WINDOW of them unconfirmed; each message acknowledged by itself by the taker.
 *     corv-peer-amqp PORT QUEUE FILE COUNT WINDOW [CA CERT KEY]
 * With certificates over mutual TLS. Prints one line of JSON: seconds from the first byte sent
 * until the last acknowledgement, and what was left in the queue. Exits 1 when a count is wrong. */
#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL  1
#define PREFETCH 64
#define PATIENCE 60 /* seconds without any news */
/* The broker passes acknowledgements on to the queue's leader; whoever hangs up before that is done
 * gets some of them back. Outside the measured time. */
#define SETTLE_US 300000

static struct {
    int port;
    const char *queue, *ca, *cert, *key;
    char *body;
    size_t body_n;
    unsigned long count, window;
} run;

_Noreturn static void die(const char *what, const char *why)
{
    fprintf(stderr, "amqp: %s: %s\n", what, why);
    _exit(2);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void good(amqp_rpc_reply_t r, const char *what)
{
    if (r.reply_type != AMQP_RESPONSE_NORMAL)
        die(what, r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                      ? amqp_error_string2(r.library_error)
                      : "refused");
}

static amqp_socket_t *new_socket(amqp_connection_state_t c)
{
    amqp_socket_t *s = run.ca ? amqp_ssl_socket_new(c) : amqp_tcp_socket_new(c);

    if (!s)
        die("socket", "memory");
    if (run.ca && (amqp_ssl_socket_set_cacert(s, run.ca) != AMQP_STATUS_OK ||
                      amqp_ssl_socket_set_key(s, run.cert, run.key) != AMQP_STATUS_OK))
        die("certificates", run.cert);
    return s;
}

static amqp_connection_state_t log_in(void)
{
    amqp_connection_state_t c = amqp_new_connection();
    amqp_socket_t *s = new_socket(c);
    int rc = amqp_socket_open(s, "localhost", run.port);

    if (rc != AMQP_STATUS_OK)
        die("connect", amqp_error_string2(rc));
    good(amqp_login(c, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "login");
    amqp_channel_open(c, CHANNEL);
    good(amqp_get_rpc_reply(c), "channel");
    return c;
}

static void log_out(amqp_connection_state_t c)
{
    (void)amqp_connection_close(c, AMQP_REPLY_SUCCESS);
    (void)amqp_destroy_connection(c);
}

/* Makes the queue when it is not there; how many messages wait in it. */
static unsigned waiting(amqp_connection_state_t c)
{
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("quorum")}};
    amqp_table_t arguments = {1, &entry};
    amqp_queue_declare_ok_t *ok =
        amqp_queue_declare(c, CHANNEL, amqp_cstring_bytes(run.queue), 0, 1, 0, 0, arguments);

    good(amqp_get_rpc_reply(c), "queue");
    return ok->message_count;
}

/* The same after a while: the queue's leader counts acknowledgements a little later. */
static unsigned left_over(amqp_connection_state_t c)
{
    unsigned n = waiting(c);

    for (int i = 0; n > 0 && i < 100; i++) {
        usleep(50000);
        n = waiting(c);
    }
    return n;
}

static void take(int ready)
{
    amqp_connection_state_t c = log_in();
    struct timeval patience = {PATIENCE, 0};

    amqp_basic_qos(c, CHANNEL, 0, PREFETCH, 0);
    good(amqp_get_rpc_reply(c), "qos");
    amqp_basic_consume(
        c, CHANNEL, amqp_cstring_bytes(run.queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    good(amqp_get_rpc_reply(c), "consume");
    if (write(ready, "r", 1) != 1)
        die("pipe", "gone");
    for (unsigned long n = 0; n < run.count; n++) {
        amqp_envelope_t e;

        amqp_maybe_release_buffers(c);
        good(amqp_consume_message(c, &e, &patience, 0), "take");
        if (e.message.body.len != run.body_n ||
            memcmp(e.message.body.bytes, run.body, run.body_n) != 0)
            die("take", "other bytes");
        if (amqp_basic_ack(c, CHANNEL, e.delivery_tag, 0) != AMQP_STATUS_OK)
            die("ack", "not sent");
        amqp_destroy_envelope(&e);
    }
    if (write(ready, "d", 1) != 1)
        die("pipe", "gone");
    usleep(SETTLE_US);
    log_out(c);
    _exit(0);
}

/* Waits for one confirmation, of one or of all up to a tag; returns how many became confirmed. */
static unsigned long confirmed(amqp_connection_state_t c, bool *yes, unsigned long sent)
{
    struct timeval patience = {PATIENCE, 0};
    amqp_frame_t frame;
    amqp_basic_ack_t *ack;
    unsigned long n = 0;
    int rc;

    amqp_maybe_release_buffers(c);
    rc = amqp_simple_wait_frame_noblock(c, &frame, &patience);
    if (rc != AMQP_STATUS_OK)
        die("confirm", amqp_error_string2(rc));
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
        die("confirm", "something else came");
    ack = frame.payload.method.decoded;
    if (ack->delivery_tag > sent)
        die("confirm", "of what was not sent");
    for (unsigned long tag = (unsigned long)ack->delivery_tag; tag > 0 && !yes[tag]; tag--) {
        yes[tag] = true;
        n++;
        if (!ack->multiple)
            break;
    }
    return n;
}

static void publish(amqp_connection_state_t c)
{
    amqp_basic_properties_t p = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};
    amqp_bytes_t body = {run.body_n, run.body};
    bool *yes = calloc(run.count + 1, sizeof *yes);
    unsigned long sent = 0;
    unsigned long answered = 0;

    if (!yes)
        die("publish", "memory");
    amqp_confirm_select(c, CHANNEL);
    good(amqp_get_rpc_reply(c), "confirms");
    while (answered < run.count) {
        while (sent < run.count && sent - answered < run.window) {
            if (amqp_basic_publish(c, CHANNEL, amqp_empty_bytes, amqp_cstring_bytes(run.queue), 1,
                    0, &p, body) != AMQP_STATUS_OK)
                die("publish", "not sent");
            sent++;
        }
        answered += confirmed(c, yes, sent);
    }
    free(yes);
}

static void read_body(const char *path)
{
    FILE *f = fopen(path, "rb");

    run.body = calloc(1, 1 << 20);
    if (!f || !run.body)
        die(path, "not readable");
    run.body_n = fread(run.body, 1, 1 << 20, f);
    fclose(f);
}

int main(int argc, char **argv)
{
    amqp_connection_state_t c;
    int ready[2];
    int status = 1;
    double began, sent;
    unsigned left;
    char r;

    if (argc != 6 && argc != 9) {
        fprintf(stderr, "usage: corv-peer-amqp PORT QUEUE FILE COUNT WINDOW [CA CERT KEY]\n");
        return 2;
    }
    run.port = (int)strtol(argv[1], NULL, 10);
    run.queue = argv[2];
    read_body(argv[3]);
    run.count = strtoul(argv[4], NULL, 10);
    run.window = strtoul(argv[5], NULL, 10);
    if (argc == 9) {
        run.ca = argv[6];
        run.cert = argv[7];
        run.key = argv[8];
    }
    c = log_in();
    if (waiting(c) != 0)
        die(run.queue, "is not empty");
    if (pipe(ready) != 0)
        die("pipe", "none");
    if (fork() == 0)
        take(ready[1]);
    close(ready[1]);
    if (read(ready[0], &r, 1) != 1)
        die("take", "did not start");
    began = now();
    publish(c);
    sent = now() - began;
    if (read(ready[0], &r, 1) != 1)
        die("take", "did not take all");
    began = now() - began;
    if (wait(&status) < 0 || status != 0)
        die("take", "failed");
    left = left_over(c);
    log_out(c);
    printf("{\"count\":%lu,\"sent_s\":%.4f,\"seconds\":%.4f,\"left\":%u}\n", run.count, sent, began,
        left);
    free(run.body);
    return left == 0 ? 0 : 1;
}
