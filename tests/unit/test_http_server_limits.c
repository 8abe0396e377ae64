/* SPDX-License-Identifier: EUPL-1.2 */
/* Every bound of the server, reached on purpose: time, size, number. Times are short; what is
 * measured is that something ends, never that it ends soon. */
#include <fcntl.h>

#include "tests/unit/test_http_world.h"

#define GET(path)     "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define CHUNKED(path) "POST " path " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

static bool put_post(struct wire *c, const char *path, size_t size)
{
    char head[200];

    snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path,
        size);
    return wire_put(c, head);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void client_slow_header(struct world *w)
{
    struct wire c;
    int64_t began = corv_clock_mono_us();

    CHECK(w, wire_open(w, &c)); /* nothing at all: closed without a word */
    CHECK(w, wire_at_end(&c));
    CHECK(w, corv_clock_mono_us() - began >= 90000);
    wire_close(&c);

    began = corv_clock_mono_us();
    CHECK(w, wire_open(w, &c)); /* a byte now and then does not buy time */
    for (int i = 0; i < 1000 && wire_put(&c, i ? "X: y\r\n" : "GET / HTTP/1.1\r\n"); i++)
        if (poll(&(struct pollfd){c.fd, POLLIN, 0}, 1, 10) > 0)
            break;
    CHECK(w, wire_status(&c, NULL) == 408);
    CHECK(w, corv_clock_mono_us() - began >= 90000);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
    UNTIL(w, w->seen.stats.timeouts == 1);
    CHECK(w, w->seen.heads == 0);
}

static void ends_slow_headers(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.header_ms = 100;
    world_run(&w, client_slow_header);
}

static void client_slow_body(struct world *w)
{
    struct wire c;
    int64_t began = corv_clock_mono_us();

    CHECK(w, wire_open(w, &c));
    CHECK(w, put_post(&c, "/len", 100000));
    for (int i = 0; i < 1000 && wire_put(&c, "a"); i++)
        if (poll(&(struct pollfd){c.fd, POLLIN, 0}, 1, 10) > 0)
            break;
    CHECK(w, wire_status(&c, NULL) == 408);
    CHECK(w, corv_clock_mono_us() - began >= 90000);
    wire_close(&c);
    UNTIL(w, w->seen.stats.timeouts == 1 && w->seen.stats.connections_now == 0);
    CHECK(w, w->seen.heads == 1 && w->seen.ends == 1 && w->seen.bodies == 0);
    CHECK(w, w->seen.stats.body_bytes_now == 0);
}

static void ends_slow_bodies(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.body_ms = 100;
    world_run(&w, client_slow_body);
}

static void client_idle(struct world *w)
{
    struct wire c;
    struct wire other;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, GET("/len")));
    CHECK(w, wire_status(&c, "0") == 200);
    CHECK(w, wire_open(w, &other));
    CHECK(w, wire_put(&other, GET("/hold")));
    CHECK(w, wire_at_end(&c)); /* idle */
    UNTIL(w, w->seen.held == 1 && w->seen.gone == 0);
    world_ask(w, world_release); /* under way is not idle */
    CHECK(w, wire_status(&other, "later") == 202);
    wire_close(&other);
    wire_close(&c);
    UNTIL(w, w->seen.stats.timeouts == 0);
}

static void world_stall(struct world *w)
{
    (void)w;
    usleep(200000);
}

/* A turn of the loop that takes longer than a client may be idle: what it sent meanwhile counts. */
static void client_in_a_long_turn(struct world *w)
{
    struct wire used;
    struct wire fresh;

    CHECK(w, wire_open(w, &used));
    CHECK(w, wire_put(&used, GET("/len")));
    CHECK(w, wire_status(&used, "0") == 200);
    CHECK(w, wire_open(w, &fresh));
    w->question = world_stall;
    uv_async_send(&w->question_posted);
    usleep(20000);
    CHECK(w, wire_put(&used, GET("/len")));
    CHECK(w, wire_put(&fresh, GET("/len")));
    uv_sem_wait(&w->answered);
    CHECK(w, wire_status(&used, "0") == 200);
    CHECK(w, wire_status(&fresh, "0") == 200);
    CHECK(w, wire_at_end(&used)); /* and idle again */
    CHECK(w, wire_at_end(&fresh));
    wire_close(&used);
    wire_close(&fresh);
}

static void a_long_turn_of_ours_is_no_idleness(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.idle_ms = 100;
    w.options.limits.header_ms = 100;
    world_run(&w, client_in_a_long_turn);
}

static void ends_idle_connections(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.idle_ms = 50;
    world_run(&w, client_idle);
}

static void client_deaf(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, GET("/big")));
    UNTIL(w, w->seen.stats.timeouts == 1 && w->seen.stats.connections_now == 0);
    wire_close(&c);
}

static void ends_clients_that_do_not_read(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.write_ms = 100;
    world_run(&w, client_deaf);
}

/* After our last answer a client that never closes is left alone after a while. */
static void client_lingers(struct world *w)
{
    struct wire c;

    CHECK(w, wire_open(w, &c));
    CHECK(w, wire_put(&c, "GET /len HTTP/1.0\r\n\r\n"));
    CHECK(w, wire_status(&c, "0") == 200);
    CHECK(w, wire_at_end(&c));
    UNTIL(w, w->seen.stats.connections_now == 0);
    wire_close(&c);
}

static void does_not_wait_for_ever_for_the_client_to_close(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_run(&w, client_lingers);
}

/* ---- size ------------------------------------------------------------------------------------ */

static void client_sizes(struct world *w)
{
    static char body[2 * MIB];
    struct wire c;
    struct reply r;

    memset(body, 'x', sizeof body);
    CHECK(w, wire_open(w, &c)); /* to the byte */
    CHECK(w, put_post(&c, "/len", MIB));
    CHECK(w, wire_put_n(&c, body, MIB));
    CHECK(w, wire_status(&c, "1048576") == 200);
    CHECK(w, wire_put(&c, CHUNKED("/len") "100000\r\n"));
    CHECK(w, wire_put_n(&c, body, MIB));
    CHECK(w, wire_put(&c, "\r\n0\r\n\r\n"));
    CHECK(w, wire_status(&c, "1048576") == 200);
    wire_close(&c);

    CHECK(w, wire_open(w, &c)); /* announced: refused before the body, which is sent all the same */
    CHECK(w, put_post(&c, "/len", sizeof body));
    CHECK(w, wire_put_n(&c, body, sizeof body));
    r = wire_get(&c);
    CHECK(w, r.status == 413 && r.close && strstr(r.body.p, "\"code\":\"http.body-too-large\""));
    corv_buf_free(&r.body);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
    UNTIL(w, w->seen.stats.too_large == 1);
    CHECK(w, w->seen.heads == 2);

    CHECK(w, wire_open(w, &c)); /* not announced: found out while counting */
    CHECK(w, wire_put(&c, CHUNKED("/len") "80000\r\n"));
    CHECK(w, wire_put_n(&c, body, MIB / 2));
    CHECK(w, wire_put(&c, "\r\n80001\r\n"));
    CHECK(w, wire_put_n(&c, body, MIB / 2 + 1));
    CHECK(w, wire_status(&c, NULL) == 413);
    wire_close(&c);
    UNTIL(w, w->seen.stats.too_large == 2 && w->seen.stats.connections_now == 0);
    CHECK(w, w->seen.heads == 3 && w->seen.ends == 3 && w->seen.bodies == 2);
    CHECK(w, w->seen.stats.body_bytes_now == 0);
}

static void holds_the_body_limit(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_run(&w, client_sizes);
}

static void client_drowns(struct world *w)
{
    static char body[MIB];
    struct wire c;
    int i = 0;

    CHECK(w, wire_open(w, &c)); /* a client that never stops is cut off */
    CHECK(w, put_post(&c, "/len", (size_t)1 << 40));
    while (i < 64 && wire_put_n(&c, body, sizeof body))
        i++;
    CHECK(w, i < 64);
    wire_close(&c);
}

static void drains_a_bounded_amount(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_run(&w, client_drowns);
}

static void client_header_sizes(struct world *w)
{
    struct corv_buf b;
    struct wire c;
    struct reply r;

    corv_buf_init(&b, 64 << 10);
    CHECK(w, wire_open(w, &c));
    (void)corv_buf_addf(&b, "GET /len HTTP/1.1\r\nHost: x\r\nX: %04040d\r\n\r\n", 1);
    CHECK(w, wire_put_n(&c, b.p, b.n));
    CHECK(w, wire_status(&c, "0") == 200);
    corv_buf_reset(&b);
    (void)corv_buf_addf(&b, "GET /%09000d HTTP/1.1\r\nHost: x\r\n\r\n", 1);
    CHECK(w, wire_put_n(&c, b.p, b.n));
    r = wire_get(&c);
    CHECK(w, r.status == 431 && r.close);
    corv_buf_free(&r.body);
    CHECK(w, wire_at_end(&c));
    wire_close(&c);
    corv_buf_free(&b);
}

static void holds_the_header_limit(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_run(&w, client_header_sizes);
}

static void client_total(struct world *w)
{
    static char body[MIB];
    struct wire holds, c;
    struct reply r;

    CHECK(w, wire_open(w, &holds));
    CHECK(w, put_post(&holds, "/hold", MIB));
    CHECK(w, wire_put_n(&holds, body, MIB));
    UNTIL(w, w->seen.held == 1 && w->seen.stats.body_bytes_now == MIB);

    CHECK(w, wire_open(w, &c)); /* 1 MiB held, 1.5 allowed */
    CHECK(w, put_post(&c, "/len", MIB / 2 + 1));
    r = wire_get(&c); /* before the body */
    CHECK(w, r.status == 503 && r.close && strstr(r.head, "\r\nRetry-After: "));
    corv_buf_free(&r.body);
    wire_close(&c);

    CHECK(w, wire_open(w, &c)); /* what fits is taken */
    CHECK(w, put_post(&c, "/len", MIB / 2));
    CHECK(w, wire_put_n(&c, body, MIB / 2));
    CHECK(w, wire_status(&c, "524288") == 200);
    CHECK(w, wire_put(&c, GET("/len")));
    CHECK(w, wire_status(&c, "0") == 200); /* no body, no objection */
    CHECK(w, wire_put(&c, CHUNKED("/len") "80001\r\n"));
    CHECK(w, wire_put_n(&c, body, MIB / 2 + 1));
    CHECK(w, wire_status(&c, NULL) == 503);
    wire_close(&c);

    world_ask(w, world_release);
    CHECK(w, wire_status(&holds, "later") == 202);
    UNTIL(w, w->seen.stats.body_bytes_now == 0 && w->seen.stats.refused_busy == 2);
    CHECK(w, put_post(&holds, "/len", MIB));
    CHECK(w, wire_put_n(&holds, body, MIB));
    CHECK(w, wire_status(&holds, "1048576") == 200);
    wire_close(&holds);
}

static void bounds_all_bodies_together(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.total_body_bytes = MIB + MIB / 2;
    world_run(&w, client_total);
}

/* ---- number ---------------------------------------------------------------------------------- */

static void client_full(struct world *w)
{
    struct wire c[3];

    CHECK(w, wire_open(w, &c[0]) && wire_open(w, &c[1]));
    UNTIL(w, w->seen.stats.connections_now == 2);
    CHECK(w, wire_open(w, &c[2]));

    struct reply r = wire_get(&c[2]);

    CHECK(w, r.status == 503 && r.close && strstr(r.head, "\r\nRetry-After: "));
    CHECK(w, wire_at_end(&c[2]));
    wire_close(&c[2]);
    UNTIL(w, w->seen.stats.refused_busy == 1 && w->seen.stats.connections_now == 2);
    wire_close(&c[0]);
    UNTIL(w, w->seen.stats.connections_now == 1);
    CHECK(w, wire_open(w, &c[2]));
    CHECK(w, wire_put(&c[2], GET("/len")));
    CHECK(w, wire_status(&c[2], "0") == 200);
    wire_close(&c[1]);
    wire_close(&c[2]);
}

static void holds_the_connection_limit(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    w.options.limits.connections = 2;
    world_run(&w, client_full);
}

#define MANY 1000

static void client_many(struct world *w)
{
    static struct wire c[MANY];
    struct wire one;

    for (int i = 0; i < MANY; i++) {
        CHECK(w, wire_open(w, &c[i]));
        CHECK(w, wire_put(&c[i], GET("/len")));
    }
    for (int i = 0; i < MANY; i++)
        CHECK(w, wire_status(&c[i], "0") == 200);
    UNTIL(w, w->seen.stats.connections_now == MANY && w->seen.stats.requests == MANY);

    uint64_t before = w->seen.turns;

    CHECK(w, wire_open(w, &one));
    for (int i = 0; i < 10; i++) {
        CHECK(w, wire_put(&one, GET("/len")));
        CHECK(w, wire_status(&one, "0") == 200);
    }
    world_ask(w, world_look);
    CHECK(w, w->seen.turns - before < 100); /* the idle ones do not wake the loop */
    wire_close(&one);
    for (int i = 0; i < MANY; i++) {
        CHECK(w, wire_put(&c[i], GET("/len")));
        CHECK(w, wire_status(&c[i], "0") == 200);
        wire_close(&c[i]);
    }
    UNTIL(w, w->seen.stats.connections_now == 0);
}

static void keeps_a_thousand_idle_connections(void **state)
{
    struct world w;
    struct rlimit old, wide;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &old);
    wide = (struct rlimit){2 * MANY + 200, old.rlim_max};
    if (old.rlim_cur < wide.rlim_cur && setrlimit(RLIMIT_NOFILE, &wide) != 0) {
        fprintf(stderr, "SKIPPED: needs %d file descriptors\n", 2 * MANY + 200);
        skip();
    }
    world_init(&w);
    w.options.limits.connections = MANY + 10;
    w.options.limits.idle_ms = 60000;
    world_run(&w, client_many);
    setrlimit(RLIMIT_NOFILE, &old);
}

static void client_no_descriptors(struct world *w)
{
    struct wire c = {.fd = wire_socket()};
    struct rlimit old, low;
    int next = fcntl(0, F_DUPFD, 0); /* the lowest number that is free */
    int64_t began;
    uint64_t pauses;

    corv_buf_init(&c.in, MIB);
    close(next);
    getrlimit(RLIMIT_NOFILE, &old);
    low = (struct rlimit){(rlim_t)next, old.rlim_max};
    CHECK(w, setrlimit(RLIMIT_NOFILE, &low) == 0);
    CHECK(w, wire_connect(w, c.fd)); /* waits in the kernel */
    CHECK(w, wire_put(&c, GET("/len")));
    UNTIL(w, w->seen.stats.accept_paused >= 1);
    began = corv_clock_mono_us();
    pauses = w->seen.stats.accept_paused;
    UNTIL(w, w->seen.stats.accept_paused >= pauses + 3);
    CHECK(w, corv_clock_mono_us() - began >= 180000); /* it does not spin: 100 ms between two */
    CHECK(w, setrlimit(RLIMIT_NOFILE, &old) == 0);
    CHECK(w, wire_status(&c, "0") == 200); /* and comes back by itself */
    wire_close(&c);
}

static void survives_running_out_of_descriptors(void **state)
{
    struct world w;

    (void)state;
    world_init(&w);
    world_run(&w, client_no_descriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_slow_headers),
        cmocka_unit_test(ends_slow_bodies),
        cmocka_unit_test(ends_idle_connections),
        cmocka_unit_test(a_long_turn_of_ours_is_no_idleness),
        cmocka_unit_test(ends_clients_that_do_not_read),
        cmocka_unit_test(does_not_wait_for_ever_for_the_client_to_close),
        cmocka_unit_test(holds_the_body_limit),
        cmocka_unit_test(drains_a_bounded_amount),
        cmocka_unit_test(holds_the_header_limit),
        cmocka_unit_test(bounds_all_bodies_together),
        cmocka_unit_test(holds_the_connection_limit),
        cmocka_unit_test(keeps_a_thousand_idle_connections),
        cmocka_unit_test(survives_running_out_of_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
