/* SPDX-License-Identifier: EUPL-1.2 */
/* The server over mutual TLS: who comes in, what it costs, and what happens when TLS is cut off. */
#include "daemon/loop/http_turn.h"
#include "tests/unit/test_http_world.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static void run_tls(void (*client)(struct world *), const char *crl)
{
    struct world w;

    world_init(&w);
    w.with_tls = true;
    w.crl = crl;
    SSL_SESSION_free(wire_ticket);
    wire_ticket = NULL;
    world_run(&w, client);
    SSL_SESSION_free(wire_ticket);
    wire_ticket = NULL;
}

static void client_sender(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open_tls(w, &c, "raad"));
    for (int i = 0; i < 3; i++) {
        CHECK(w, wire_put(&c, GET("/oin")));
        CHECK(w, wire_status(&c, OIN_RAAD) == 200);
    }
    wire_close(&c);
    CHECK(w, wire_ticket != NULL);
    CHECK(w, wire_open_tls(w, &c, "raad")); /* resumed: the certificate comes out of the ticket */
    CHECK(w, SSL_session_reused(c.ssl));
    CHECK(w, wire_put(&c, GET("/oin")));
    CHECK(w, wire_status(&c, OIN_RAAD) == 200);
    wire_close(&c);
    UNTIL(w, w->seen.stats.handshakes == 2 && w->seen.stats.resumed == 1);
    SSL_SESSION_free(wire_ticket);
    wire_ticket = NULL;
    CHECK(w, wire_open_tls(w, &c, "no-oin"));
    CHECK(w, wire_put(&c, GET("/oin")));
    CHECK(w, wire_status(&c, "") == 200);
    wire_close(&c);
}

static void knows_the_sender_also_when_resumed(void **state)
{
    (void)state;
    run_tls(client_sender, NULL);
}

static void client_strangers(struct world *w)
{
    static const char *const certs[] = {NULL, "expired", "revoked", "other-ca"};
    struct wire c;

    for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++) {
        /* A TLS 1.3 client thinks it is in and sends at once; the alert must reach it anyway. */
        if (wire_open_tls(w, &c, certs[i]))
            (void)wire_put(&c, "POST /len HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
        CHECK(w, wire_more(&c) == -1);

        int why = ERR_GET_REASON(ERR_peek_last_error());

        CHECK(w, why == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
                     why == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED ||
                     why == SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED ||
                     why == SSL_R_TLSV1_ALERT_UNKNOWN_CA);
        wire_close(&c);
    }
    CHECK(w, wire_open(w, &c)); /* plain HTTP on the TLS port */
    CHECK(w, wire_put(&c, GET("/len")));
    CHECK(w, wire_more(&c) >= 0);
    wire_close(&c);
    UNTIL(w, w->seen.stats.refused_tls == 5 && w->seen.stats.connections_now == 0);
    CHECK(w, w->seen.heads == 0 && w->seen.stats.handshakes == 0);
}

static void lets_no_stranger_in(void **state)
{
    (void)state;
    run_tls(client_strangers, pki("crl.pem"));
}

#define LARGE (35 * MIB)

static void client_large(struct world *w)
{
    char *body = malloc(LARGE + 1);
    struct wire c;
    struct reply r;

    CHECK(w, body);
    for (size_t i = 0; i < LARGE + 1; i++)
        body[i] = (char)(i * 31 + i / 4096);
    CHECK(w, wire_open_tls(w, &c, "raad"));
    CHECK(w, wire_put(&c, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 36700160\r\n\r\n"));
    CHECK(w, wire_put_n(&c, body, LARGE));
    r = wire_get(&c);
    CHECK(w, r.status == 200 && r.body.n == LARGE && memcmp(r.body.p, body, LARGE) == 0);
    corv_buf_free(&r.body);
    CHECK(w, wire_put(&c, "POST /len HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (size_t at = 0; at < LARGE; at += MIB) {
        CHECK(w, wire_put(&c, "100000\r\n"));
        CHECK(w, wire_put_n(&c, body + at, MIB));
        CHECK(w, wire_put(&c, "\r\n"));
    }
    CHECK(w, wire_put(&c, "0\r\n\r\n"));
    CHECK(w, wire_status(&c, "36700160") == 200);
    CHECK(w, wire_put(&c, "POST /len HTTP/1.1\r\nHost: x\r\nContent-Length: 36700161\r\n\r\n"));
    CHECK(w, wire_put_n(&c, body, LARGE + 1)); /* sent in full before it looks */
    CHECK(w, wire_status(&c, NULL) == 413);
    CHECK(w, wire_at_end(&c)); /* with close_notify */
    wire_close(&c);
    free(body);
    UNTIL(w, w->seen.stats.connections_now == 0 && w->seen.stats.body_bytes_now == 0);
}

static void takes_35_mebibytes(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.with_tls = true;
    w.options.limits.body_bytes = LARGE;
    w.options.limits.total_body_bytes = LARGE;
    world_run(&w, client_large);
    SSL_SESSION_free(wire_ticket);
    wire_ticket = NULL;
}

static void client_slow_handshake(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_more(&c) == 0);
    wire_close(&c);
    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put_n(&c, "\x16\x03\x01\x02\x00\x01\x00", 7));
    CHECK(w, wire_more(&c) == 0);
    wire_close(&c);
    UNTIL(w, w->seen.stats.timeouts == 2 && w->seen.stats.connections_now == 0);
}

static void ends_slow_handshakes(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.with_tls = true;
    w.options.limits.handshake_ms = 100;
    world_run(&w, client_slow_handshake);
}

static void client_full(struct world *w)
{
    struct wire first, second;

    CHECK(w, wire_open_tls(w, &first, "raad"));
    CHECK(w, wire_open(w, &second));
    CHECK(w, wire_more(&second) == 0); /* closed before any handshake */
    wire_close(&second);
    CHECK(w, wire_put(&first, GET("/oin")));
    CHECK(w, wire_status(&first, OIN_RAAD) == 200);
    wire_close(&first);
    UNTIL(w, w->seen.stats.refused_busy == 1 && w->seen.stats.handshakes == 1);
}

static void spends_no_handshake_beyond_its_limit(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.with_tls = true;
    w.options.limits.connections = 1;
    world_run(&w, client_full);
    SSL_SESSION_free(wire_ticket);
    wire_ticket = NULL;
}

/* Cut off in the hello, in a body and while the handler holds the request. */
static void client_cut(struct world *w)
{
    struct wire c;

    for (size_t i = 0; i < 24; i++) {
        CHECK(w, wire_open(w, &c));
        CHECK(w, wire_put_n(&c, "\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03.", i % 12));
        if (i % 2)
            wire_break(&c);
        else
            wire_close(&c);
    }
    for (int i = 0; i < 10; i++) {
        CHECK(w, wire_open_tls(w, &c, "raad"));
        CHECK(w, wire_put(&c, i % 3 ? "POST /len HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
                                    : GET("/hold")));
        if (i % 3 == 0)
            UNTIL(w, w->seen.held == 1);
        if (i % 2)
            wire_break(&c);
        else
            wire_close(&c);
        world_ask(w, world_release);
    }
    UNTIL(w, w->seen.stats.connections_now == 0 && w->seen.stats.body_bytes_now == 0);
}

static void survives_cut_connections(void **state)
{
    (void)state;
    run_tls(client_cut, NULL);
}

static void client_pipelines(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open_tls(w, &c, "raad"));
    CHECK(w, wire_put(&c, GET("/hold") GET("/oin") GET("/len"))); /* one TLS record */
    CHECK(w, wire_put(&c, GET("/hold") GET("/oin")));             /* and one more behind it */
    (void)SSL_shutdown(c.ssl);                                    /* and close_notify */
    for (int i = 0; i < 2; i++) {
        UNTIL(w, w->seen.held == 1);
        world_ask(w, world_release);
        CHECK(w, wire_status(&c, "later") == 202);
        CHECK(w, wire_status(&c, OIN_RAAD) == 200);
        if (i == 0)
            CHECK(w, wire_status(&c, "0") == 200);
    }
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
}

static void answers_what_came_before_close_notify(void **state)
{
    (void)state;
    run_tls(client_pipelines, NULL);
}

static void roll_over(struct world *w)
{
    struct corv_tls_server *t = world_tls(w);

    corv_http_server_set_tls(w->server, t);
    corv_tls_server_free(t); /* the server holds it */
}

static void client_rolls_over(struct world *w)
{
    struct wire old, fresh;

    CHECK(w, wire_open_tls(w, &old, "revoked")); /* no list yet */
    CHECK(w, wire_put(&old, GET("/oin")));
    CHECK(w, wire_status(&old, "00000099000000003000") == 200);
    w->crl = pki("crl.pem");
    world_ask(w, roll_over);
    CHECK(w, wire_put(&old, GET("/len"))); /* goes on under the old one */
    CHECK(w, wire_status(&old, "0") == 200);
    CHECK(w, wire_ticket != NULL);
    (void)wire_open_tls(w, &fresh, "revoked"); /* its old ticket does not help */
    CHECK(w, wire_more(&fresh) == -1);
    wire_close(&fresh);
    wire_close(&old);
    UNTIL(w, w->seen.stats.refused_tls == 1 && w->seen.stats.handshakes == 1);
}

static void takes_a_new_context_for_new_connections(void **state)
{
    (void)state;
    run_tls(client_rolls_over, NULL);
}

#define CROWD 13
#define MANY  (CORV_HTTP_FLIGHTS + CORV_HTTP_LINE + 8)

static struct wire crowd[MANY];
static struct wire newcomer;
static int crowd_count;

/* Connected, and its first flight is in the BIO. */
static void prepare(struct world *w, struct wire *one)
{
    CHECK(w, wire_open(w, one));
    one->ctx = SSL_CTX_new(TLS_client_method());
    one->ssl = SSL_new(one->ctx);
    SSL_set_bio(one->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    CHECK(w, SSL_connect(one->ssl) != 1);
}

static void send_hello(struct world *w, struct wire *one)
{
    char *hello;
    long n = BIO_get_mem_data(SSL_get_wbio(one->ssl), &hello);

    if (write(one->fd, hello, (size_t)n) != n)
        w->failed = 1;
}

/* On the loop's thread, so that all of it lies there before the loop looks. */
static void all_at_once(struct world *w)
{
    for (int i = 0; i < crowd_count; i++)
        send_hello(w, &crowd[i]);
    if (crowd_count == MANY) {
        prepare(w, &newcomer);
        send_hello(w, &newcomer);
    }
}

static void gather(struct world *w, int count)
{
    crowd_count = count;
    for (int i = 0; i < count; i++)
        prepare(w, &crowd[i]);
    UNTIL(w, w->seen.stats.connections_now == (uint64_t)count);
    world_ask(w, all_at_once);
}

static void is_answered(struct world *w, struct wire *one)
{
    char first;

    CHECK(w, recv(one->fd, &first, 1, 0) == 1);
}

static void go_home(struct world *w)
{
    for (int i = 0; i < crowd_count; i++)
        wire_close(&crowd[i]);
    UNTIL(w, w->seen.stats.connections_now == 0);
}

static void client_crowd(struct world *w)
{
    gather(w, CROWD);
    for (int i = 0; i < CROWD; i++)
        is_answered(w, &crowd[i]);
    world_ask(w, world_look);
    CHECK(w, w->seen.stats.handshakes_waited == CROWD - CORV_HTTP_FLIGHTS);
    CHECK(w, w->seen.stats.accept_waited == 0);
    go_home(w);
}

static void a_crowd_waits_in_line_for_its_handshake(void **state)
{
    (void)state;
    run_tls(client_crowd, NULL);
}

static void client_long_line(struct world *w)
{
    gather(w, MANY);
    for (int i = 0; i < MANY; i++)
        is_answered(w, &crowd[i]);
    is_answered(w, &newcomer);
    world_ask(w, world_look);
    CHECK(w, w->seen.stats.accept_waited > 0);
    wire_close(&newcomer);
    go_home(w);
}

static void behind_a_long_line_newcomers_wait_in_the_kernel(void **state)
{
    (void)state;
    run_tls(client_long_line, NULL);
}

/* All who are connected stand in line, nobody else is let in, and then all are dropped at once. */
static void deaf_and_all_dropped(struct world *w)
{
    struct corv_http_server *s = w->server;

    s->flights = CORV_HTTP_FLIGHTS;
    CORV_LIST_EACH(node, &s->phases[CORV_HTTP_HANDSHAKE])
    CHECK(w, !corv__http_turn_take(CORV_LIST_ITEM(node, struct corv_http_conn, node)));
    CHECK(w, corv__http_turn_is_long(s));
    s->deaf = true;
    (void)uv_poll_stop(&s->listener);
    prepare(w, &newcomer);
    send_hello(w, &newcomer);
    CORV_LIST_EACH(each, &s->phases[CORV_HTTP_HANDSHAKE])
    corv__http_conn_drop(CORV_LIST_ITEM(each, struct corv_http_conn, node));
    CHECK(w, s->line_count == 0);
}

static void client_all_dropped(struct world *w)
{
    crowd_count = MANY;
    for (int i = 0; i < MANY; i++)
        prepare(w, &crowd[i]);
    UNTIL(w, w->seen.stats.connections_now == MANY);
    world_ask(w, deaf_and_all_dropped);
    is_answered(w, &newcomer);
    wire_close(&newcomer);
    go_home(w);
}

static void a_line_that_is_dropped_lets_newcomers_in(void **state)
{
    (void)state;
    run_tls(client_all_dropped, NULL);
}

/* Those who begin later must not keep the begun ones waiting, and nobody is passed by his equals.
 */
static void check_order(struct world *w)
{
    static const int order[] = {1, 3, 5, 0, 2, 4};
    static struct corv_http_conn waiting[6];
    unsigned flights = w->server->flights;

    w->server->flights = CORV_HTTP_FLIGHTS;
    for (int i = 0; i < 6; i++) {
        waiting[i] = (struct corv_http_conn){.server = w->server, .begun = i % 2 == 1};
        corv_list_init(&waiting[i].turn);
        CHECK(w, !corv__http_turn_take(&waiting[i]));
    }
    for (int i = 0; i < 6; i++) {
        CHECK(w, corv__http_turn_first(w->server) == &waiting[order[i]]);
        corv__http_turn_leave(&waiting[order[i]]);
    }
    CHECK(w, !corv__http_turn_first(w->server) && w->server->line_count == 0);
    w->server->flights = flights;
}

static void client_order(struct world *w)
{
    world_ask(w, check_order);
}

static void begun_first_and_then_first_come_first_served(void **state)
{
    (void)state;
    run_tls(client_order, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_sender_also_when_resumed),
        cmocka_unit_test(lets_no_stranger_in),
        cmocka_unit_test(takes_35_mebibytes),
        cmocka_unit_test(ends_slow_handshakes),
        cmocka_unit_test(a_crowd_waits_in_line_for_its_handshake),
        cmocka_unit_test(behind_a_long_line_newcomers_wait_in_the_kernel),
        cmocka_unit_test(a_line_that_is_dropped_lets_newcomers_in),
        cmocka_unit_test(begun_first_and_then_first_come_first_served),
        cmocka_unit_test(spends_no_handshake_beyond_its_limit),
        cmocka_unit_test(survives_cut_connections),
        cmocka_unit_test(answers_what_came_before_close_notify),
        cmocka_unit_test(takes_a_new_context_for_new_connections),
    };

    return cmocka_run_group_tests(tests, pki_make, pki_remove);
}
