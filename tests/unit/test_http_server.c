/* SPDX-License-Identifier: EUPL-1.2 */
/* Requests and answers over a plain connection. Limits: test_http_server_limits.c; with TLS:
 * test_http_server_tls.c. */
#include "tests/unit/test_http_world.h"

#define GET(path)        "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path, size) "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: " #size "\r\n\r\n"
#define CHUNKED(path)    "POST " path " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

static void run(void (*client)(struct world *))
{
    struct world w;

    world_init(&w);
    world_run(&w, client);
}

static void client_keep_alive(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    for (int i = 0; i < 3; i++) {
        CHECK(w, wire_put(&c, POST("/echo?a=b", 5) "hello"));

        struct reply r = wire_get(&c);

        CHECK(w, r.status == 200);
        CHECK(w, !r.close);
        CHECK(w, corv_view_is(corv_buf_view(&r.body), "hello"));
        CHECK(w, strstr(r.head, "HTTP/1.1 200 OK\r\n") == r.head);
        CHECK(w, strstr(r.head, "\r\nServer: corvd\r\n"));
        CHECK(w, strstr(r.head, "\r\nX-A: b\r\n"));
        CHECK(w, strstr(r.head, "\r\nContent-Type: application/octet-stream\r\n"));
        CHECK(w,
            reply_header(&r, "\r\nDate: ") && strstr(reply_header(&r, "\r\nDate: "), " GMT\r\n"));
        corv_buf_free(&r.body);
    }
    UNTIL(w, w->seen.stats.requests == 3);
    CHECK(w, w->seen.stats.connections == 1);
    wire_close(&c);
    UNTIL(w, w->seen.stats.connections_now == 0);
}

static void keeps_the_connection(void **state)
{
    (void)state;
    run(client_keep_alive);
}

static void client_dates(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    corv_clock_shift_us(951782400ll * 1000000 - corv_clock_us() + 500000);
    CHECK(w, wire_put(&c, GET("/echo")));

    struct reply r = wire_get(&c);

    corv_clock_shift_us(0);
    CHECK(w, strstr(r.head, "\r\nDate: Tue, 29 Feb 2000 00:00:00 GMT\r\n"));
    corv_buf_free(&r.body);
    wire_close(&c);
}

static void dates_its_answers(void **state)
{
    (void)state;
    run(client_dates);
}

static void client_methods(struct world *w)
{
    struct wire c;
    struct reply r;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, "HEAD /oin HTTP/1.1\r\nHost: x\r\n\r\n"));
    r = wire_get_for(&c, true);
    CHECK(w, r.status == 200 && reply_header(&r, "\r\nContent-Length: 0\r\n"));
    CHECK(w, wire_put(&c, "HEAD /len HTTP/1.1\r\nHost: x\r\n\r\n"));
    r = wire_get_for(&c, true);
    CHECK(w, r.status == 200 && reply_header(&r, "\r\nContent-Length: 1\r\n"));
    CHECK(w, wire_put(&c, GET("/none"))); /* a body after HEAD would be taken for this answer */
    r = wire_get(&c);
    CHECK(w, r.status == 204 && !reply_header(&r, "Content-Length"));
    CHECK(w, wire_put(&c, "DELETE /len HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(w, wire_status(&c, "0") == 200); /* the handler judges methods */
    CHECK(w, wire_put(&c, POST("/take", 3) "abc"));
    CHECK(w, wire_status(&c, "abc") == 200);
    CHECK(w, wire_put(&c, "GET /len HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    r = wire_get(&c);
    CHECK(w, r.status == 200 && r.close);
    corv_buf_free(&r.body);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, "GET /len HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    r = wire_get(&c);
    CHECK(w, r.status == 200 && r.close);
    corv_buf_free(&r.body);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
}

static void answers_head_none_and_old_clients(void **state)
{
    (void)state;
    run(client_methods);
}

static void client_pieces(struct world *w)
{
    static const char text[] = CHUNKED(
        "/echo") "3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: u\r\n\r\n" POST("/echo", 4) "last";
    struct wire c;

    CHECK(w, wire_open(w, &c));
    for (size_t i = 0; i < sizeof text - 1; i++)
        CHECK(w, wire_put_n(&c, text + i, 1));
    CHECK(w, wire_status(&c, "abc0123456789") == 200);
    CHECK(w, wire_status(&c, "last") == 200);
    wire_close(&c);
}

static void takes_bytes_one_by_one(void **state)
{
    (void)state;
    run(client_pieces);
}

#define PIPELINED 300

static void client_pipelining(struct world *w)
{
    struct corv_buf b;
    struct wire c;
    char number[20];

    corv_buf_init(&b, MIB);
    for (int i = 0; i < PIPELINED; i++)
        (void)corv_buf_addf(
            &b, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n%06d", i);
    (void)corv_buf_add_str(&b, POST("/hold", 4) "held");
    for (int i = 0; i < PIPELINED; i++)
        (void)corv_buf_addf(&b, CHUNKED("/echo") "6\r\n%06d\r\n0\r\n\r\n", i);
    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put_n(&c, b.p, b.n));
    for (int i = 0; i < PIPELINED; i++) {
        snprintf(number, sizeof number, "%06d", i);
        CHECK(w, wire_status(&c, number) == 200);
    }
    UNTIL(w, w->seen.held == 1);
    CHECK(w, w->seen.bodies == PIPELINED + 1); /* nothing overtakes the one that is held */
    CHECK(w, w->seen.turns >= PIPELINED);      /* others have their turn after each answer */
    world_ask(w, world_release);
    CHECK(w, wire_status(&c, "later") == 202);
    for (int i = 0; i < PIPELINED; i++) {
        snprintf(number, sizeof number, "%06d", i);
        CHECK(w, wire_status(&c, number) == 200);
    }
    wire_close(&c);
    corv_buf_free(&b);
}

static void answers_pipelined_requests_in_order(void **state)
{
    (void)state;
    run(client_pipelining);
}

/* A client that pushes on while its request is under way must be stopped by its own full window. */
static void client_pushes(struct world *w)
{
    static char more[65536];
    struct wire c;
    size_t sent = 0;
    ssize_t n;

    memset(more, '\r', sizeof more);
    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, GET("/hold")));
    UNTIL(w, w->seen.held == 1);
    for (int idle = 0; idle < 20 && sent < 64 * MIB;) {
        n = send(c.fd, more, sizeof more, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        idle = n > 0 ? 0 : idle + 1;
        if (n <= 0)
            poll(NULL, 0, 5);
    }
    CHECK(w, sent > 0 && sent < 32 * MIB);
    world_ask(w, world_release);
    CHECK(w, wire_status(&c, "later") == 202);
    wire_close(&c);
}

static void does_not_read_ahead_without_bound(void **state)
{
    (void)state;
    run(client_pushes);
}

static void client_early(struct world *w)
{
    static char body[300000];
    struct wire c;
    struct reply r;

    CHECK(w, wire_open(w, &c)); /* small body: the connection stays */
    CHECK(w, wire_put(&c, POST("/early", 5)));
    CHECK(w, wire_status(&c, "no") == 404);
    CHECK(w, wire_put(&c, "helloGET /len HTTP/1.1\r\nHost: x\r\n\r\n"));
    CHECK(w, wire_status(&c, "0") == 200);
    CHECK(w, wire_put(&c, POST("/early", 300000))); /* large: closed, but read out */
    CHECK(w, wire_put_n(&c, body, sizeof body));
    r = wire_get(&c);
    CHECK(w, r.status == 404 && r.close);
    corv_buf_free(&r.body);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
    world_ask(w, world_look);
    CHECK(w, w->seen.bodies == 1);
}

static void may_answer_before_the_body(void **state)
{
    (void)state;
    run(client_early);
}

#define EXPECT "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"

static void client_expects(struct world *w)
{
    struct wire c;
    struct reply r;

    CHECK(w, wire_open(w, &c));
    for (int i = 0; i < 2; i++) {
        CHECK(w, wire_put(&c, "POST /echo HTTP/1.1\r\nHost: x\r\n" EXPECT));
        CHECK(w, wire_status(&c, NULL) == 100);
        CHECK(w, wire_put(&c, "hello"));
        CHECK(w, wire_status(&c, "hello") == 200);
    }
    CHECK(w, wire_put(&c, "POST /early HTTP/1.1\r\nHost: x\r\n" EXPECT));
    r = wire_get(&c); /* no 100; nobody knows whether the body comes, so it ends here */
    CHECK(w, r.status == 404 && r.close);
    corv_buf_free(&r.body);
    wire_close(&c);
    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, "POST /len HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                          "Content-Length: 9999999\r\n\r\n"));
    CHECK(w, wire_status(&c, NULL) == 413);
    wire_close(&c);
}

static void says_continue_only_when_it_wants_the_body(void **state)
{
    (void)state;
    run(client_expects);
}

static void client_nonsense(struct world *w)
{
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"POST /len HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\nGET /oin HTTP/1.1\r\nHost: x\r\n\r\n",
            400},
        {CHUNKED("/len") "3\rXabc\r\n0\r\n\r\n", 400},
        {GET("/len") "nonsense\r\n\r\n", 200},
        {"POST /len HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
        {"\x16\x03\x01\x02", 400},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct wire c;
        struct reply r;

        CHECK(w, wire_open(w, &c));
        CHECK(w, wire_put(&c, cases[i].text));
        r = wire_get(&c);
        CHECK(w, r.status == cases[i].status);
        corv_buf_free(&r.body);
        if (r.status == 200) /* the good one before it was answered */
            r = wire_get(&c);
        CHECK(w, r.close && strstr(r.head, "application/problem+json"));
        corv_buf_free(&r.body);
        CHECK(w, wire_at_end(&c)); /* and what follows it is never looked at */
        wire_close(&c);
    }
    UNTIL(w, w->seen.stats.bad_requests == sizeof cases / sizeof cases[0]);
    CHECK(w, w->seen.bodies == 1);
}

static void refuses_nonsense_and_hangs_up(void **state)
{
    (void)state;
    run(client_nonsense);
}

/* ---- clients that go away ---------------------------------------------------------------------
 */

static void client_vanishes(struct world *w)
{
    static const char *const parts[] = {"", "GET", "GET / HTTP/1.1\r\nHost: x\r\n",
        POST("/len", 5) "he", CHUNKED("/len") "5\r\nhe", GET("/big"), GET("/len")};
    struct wire c;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (int reset = 0; reset < 2; reset++) {
            CHECK(w, wire_open(w, &c));
            CHECK(w, wire_put(&c, parts[i]));
            if (reset)
                wire_break(&c);
            else
                wire_close(&c);
        }
    UNTIL(w, w->seen.stats.connections_now == 0);
    CHECK(w, w->seen.stats.body_bytes_now == 0);
}

static void survives_vanishing_clients(void **state)
{
    (void)state;
    run(client_vanishes);
}

static void client_leaves_early(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, POST("/hold", 5) "hello"));
    UNTIL(w, w->seen.held == 1 && w->seen.gone == 0);
    CHECK(w, w->seen.stats.body_bytes_now == 5);
    wire_break(&c);
    UNTIL(w, w->seen.gone == 1 && w->seen.stats.connections_now == 0);
    CHECK(w, w->seen.held == 1 && w->seen.ends == 0); /* told, and the request is still there */
    world_ask(w, world_release);
    UNTIL(w, w->seen.stats.client_gone == 1);
    CHECK(w, w->seen.stats.body_bytes_now == 0);
    CHECK(w, w->seen.ends == 1);
}

static void tells_that_the_client_is_gone(void **state)
{
    (void)state;
    run(client_leaves_early);
}

static void client_half_closes(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, POST("/hold", 5) "hello" GET("/len")));
    CHECK(w, shutdown(c.fd, SHUT_WR) == 0);
    UNTIL(w, w->seen.held == 1);
    world_ask(w, world_release);
    CHECK(w, wire_status(&c, "later") == 202);
    CHECK(w, wire_status(&c, "0") == 200);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
}

static void answers_a_half_closed_client(void **state)
{
    (void)state;
    run(client_half_closes);
}

/* ---- closing the server -----------------------------------------------------------------------
 */

static void client_closes_gracefully(struct world *w)
{
    struct wire idle, busy, half, fresh;
    struct reply r;

    CHECK(w,
        wire_open(w, &idle) && wire_open(w, &busy) && wire_open(w, &half) && wire_open(w, &fresh));
    CHECK(w, wire_put(&idle, GET("/len")));
    CHECK(w, wire_status(&idle, "0") == 200);
    CHECK(w, wire_put(&busy, GET("/hold")));
    CHECK(w, wire_put(&half, POST("/echo", 5) "he"));
    UNTIL(w, w->seen.held == 1 && w->seen.heads == 3);
    w->close_ms = 60000;
    world_ask(w, world_close);
    CHECK(w, wire_at_end(&idle));
    CHECK(w, wire_at_end(&fresh));
    CHECK(w, wire_put(&half, "llo"));
    r = wire_get(&half);
    CHECK(w, r.status == 200 && r.close);
    corv_buf_free(&r.body);
    world_ask(w, world_release);
    r = wire_get(&busy);
    CHECK(w, r.status == 202 && r.close);
    corv_buf_free(&r.body);

    int fd = wire_socket();

    CHECK(w, !wire_connect(w, fd));
    close(fd);
    wire_close(&idle);
    wire_close(&busy);
    wire_close(&half);
    wire_close(&fresh);
}

static void closes_gracefully(void **state)
{
    (void)state;
    run(client_closes_gracefully);
}

static void client_never_released(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, POST("/hold", 5) "hello"));
    UNTIL(w, w->seen.held == 1);
    w->close_ms = 50;
    world_ask(w, world_close);
    CHECK(w, wire_at_end(&c)); /* the limit has passed; world_run replies after on_closed */
    wire_close(&c);
}

static void closes_in_the_end(void **state)
{
    (void)state;
    run(client_never_released);
}

static void client_is_dropped(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, POST("/drop", 5) "hello"));
    CHECK(w, wire_at_end(&c)); /* not one byte of an answer */
    wire_close(&c);
    UNTIL(w, w->seen.stats.connections_now == 0 && w->seen.ends == 1);
    CHECK(w, w->seen.stats.body_bytes_now == 0 && w->seen.gone == 0);
}

static void can_hang_up_without_a_word(void **state)
{
    (void)state;
    run(client_is_dropped);
}

/* ---- a unix socket ----------------------------------------------------------------------------
 */

static char unix_path[sizeof pki_dir + 20];

static void client_unix(struct world *w)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct wire c = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct stat st;

    corv_buf_init(&c.in, MIB);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", unix_path);
    CHECK(w, stat(unix_path, &st) == 0 && (st.st_mode & 0777) == 0660);
    CHECK(w, connect(c.fd, (struct sockaddr *)(void *)&a, sizeof a) == 0);
    CHECK(w, wire_put(&c, POST("/echo", 5) "hello"));
    CHECK(w, wire_status(&c, "hello") == 200);
    wire_close(&c);
}

static void listens_on_a_unix_socket(void **state)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct world w;
    struct stat st;
    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    snprintf(unix_path, sizeof unix_path, "%s/s", pki_dir);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", unix_path);
    assert_int_equal(bind(stale, (struct sockaddr *)(void *)&a, sizeof a), 0);
    close(stale); /* as a killed process leaves it */
    world_init(&w);
    w.options.address = NULL;
    w.options.unix_path = unix_path;
    world_run(&w, client_unix);
    assert_int_not_equal(stat(unix_path, &st), 0);
}

static void says_why_it_cannot_listen(void **state)
{
    struct corv_http_server_options o = {.address = "300.1.1.1", .name = "test"};
    struct corv_http_server *s = NULL;
    struct corv_fault f = {0};
    uv_loop_t loop;

    (void)state;
    uv_loop_init(&loop);
    o.loop = &loop;
    assert_int_equal(corv_http_server_new(&o, &s, &f), CORV_E_IO);
    assert_string_equal(f.code, "http.listen");
    assert_non_null(strstr(f.text, "300.1.1.1"));

    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(taken, (struct sockaddr *)(void *)&a, sizeof a), 0);
    assert_int_equal(listen(taken, 1), 0);
    getsockname(taken, (struct sockaddr *)(void *)&a, &size);
    o.address = "127.0.0.1";
    o.port = ntohs(a.sin_port);
    f = (struct corv_fault){0};
    assert_int_equal(corv_http_server_new(&o, &s, &f), CORV_E_IO);
    assert_non_null(strstr(f.text, "een ander programma gebruikt dat adres"));
    close(taken);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_connection),
        cmocka_unit_test(dates_its_answers),
        cmocka_unit_test(answers_head_none_and_old_clients),
        cmocka_unit_test(takes_bytes_one_by_one),
        cmocka_unit_test(answers_pipelined_requests_in_order),
        cmocka_unit_test(does_not_read_ahead_without_bound),
        cmocka_unit_test(may_answer_before_the_body),
        cmocka_unit_test(says_continue_only_when_it_wants_the_body),
        cmocka_unit_test(refuses_nonsense_and_hangs_up),
        cmocka_unit_test(survives_vanishing_clients),
        cmocka_unit_test(tells_that_the_client_is_gone),
        cmocka_unit_test(can_hang_up_without_a_word),
        cmocka_unit_test(answers_a_half_closed_client),
        cmocka_unit_test(closes_gracefully),
        cmocka_unit_test(closes_in_the_end),
        cmocka_unit_test(listens_on_a_unix_socket),
        cmocka_unit_test(says_why_it_cannot_listen),
    };

    return cmocka_run_group_tests(tests, pki_make, pki_remove);
}
