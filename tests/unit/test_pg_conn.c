/* SPDX-License-Identifier: EUPL-1.2 */
/* One connection: sessions, errors in the pipeline, breaking and coming back, and from one server
 * to the next. */
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/pg_conn.h"
#include "tests/support/test_db.h"

static const struct corv_pg_stmt sql_add = {"t_add", "SELECT $1::integer + 1"};
static const struct corv_pg_stmt sql_bad = {"t_bad", "SELECT 1 / $1::integer"};
static const struct corv_pg_stmt sql_sleep = {"t_sleep", "SELECT pg_sleep(30)"};
static const struct corv_pg_stmt sql_show = {"t_show",
    "SELECT (current_setting('synchronous_commit') = 'on')::integer"
    " + (current_setting('search_path') LIKE 'corv%')::integer"
    " + (current_setting('statement_timeout') = '3s')::integer"
    " + (current_setting('client_encoding') = 'UTF8')::integer"};
static const struct corv_pg_stmt sql_listen = {"t_listen", "LISTEN t_channel"};
static const struct corv_pg_stmt *const statements[] = {
    &sql_add, &sql_bad, &sql_sleep, &sql_show, &sql_listen, NULL};

static struct {
    uv_loop_t loop;
    struct corv_pg *c;
    unsigned sessions, downs, syncs, notified;
    unsigned results[4]; /* by kind */
    int64_t number;      /* of the last good result */
    bool closed;
} t;

enum { GOOD, FAILED, ABORTED, OTHER };

static void on_session(void *ctx)
{
    (void)ctx;
    t.sessions++;
    corv_pg_ready(t.c);
}

static void on_down(void *ctx)
{
    (void)ctx;
    t.downs++;
}

static void on_notify(void *ctx, const char *channel)
{
    (void)ctx;
    t.notified += strcmp(channel, "t_channel") == 0;
}

static void on_result(void *ctx, const PGresult *r)
{
    ExecStatusType st = PQresultStatus(r);

    (void)ctx;
    if (st == PGRES_TUPLES_OK)
        t.number = corv_pg_int(r, 0, 0);
    t.results[st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK ? GOOD
              : st == PGRES_FATAL_ERROR                       ? FAILED
              : st == PGRES_PIPELINE_ABORTED                  ? ABORTED
                                                              : OTHER]++;
}

static void on_sync(void *ctx, const PGresult *r)
{
    (void)ctx;
    assert_int_equal(PQresultStatus(r), PGRES_PIPELINE_SYNC);
    t.syncs++;
}

static void on_closed(void *ctx)
{
    (void)ctx;
    t.closed = true;
}

static void beat(uv_timer_t *timer)
{
    (void)timer;
}

static void until(const unsigned *counter, unsigned wanted)
{
    int64_t end = corv_clock_mono_us() + 30000000;
    uv_timer_t timer;

    (void)uv_timer_init(&t.loop, &timer);
    (void)uv_timer_start(&timer, beat, 20, 20);
    while (*counter < wanted && corv_clock_mono_us() < end)
        (void)uv_run(&t.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&t.loop, UV_RUN_NOWAIT);
    assert_true(*counter >= wanted);
}

static void open_to(const char *conninfo, unsigned silent_ms)
{
    struct corv_pg_options o = {.loop = &t.loop,
        .conninfo = conninfo,
        .application = "corvd.test.1",
        .stmts = statements,
        .silent_ms = silent_ms,
        .connect_ms = 5000,
        .statement_ms = 3000,
        .on_session = on_session,
        .on_down = on_down,
        .on_notify = on_notify};

    memset(&t, 0, sizeof t);
    assert_int_equal(uv_loop_init(&t.loop), 0);
    assert_int_equal(corv_pg_new(&o, &t.c), CORV_OK);
}

static void close_all(void)
{
    corv_pg_close(t.c, on_closed, NULL);
    (void)uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_true(t.closed);
    assert_int_equal(uv_loop_close(&t.loop), 0);
}

static int set_up(void **state)
{
    (void)db_server_up(state);
    (void)db_up(state);
    corv_log_set_level(CORV_LOG_ERROR);
    return 0;
}

static int tear_down(void **state)
{
    (void)db_down(state);
    return db_server_down(state);
}

static void ask(const struct corv_pg_stmt *stmt, int32_t n)
{
    struct corv_pg_params p = {0};

    corv_pg_add_int4(&p, n);
    assert_int_equal(corv_pg_run(t.c, stmt, &p, on_result, NULL), CORV_OK);
}

static void a_session_is_settled_in(void **state)
{
    (void)state;
    open_to(db, 5000);
    until(&t.sessions, 1);
    assert_int_equal(corv_pg_run(t.c, &sql_show, NULL, on_result, NULL), CORV_OK);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    assert_int_equal(t.results[GOOD], 0); /* never from inside the call */
    until(&t.syncs, 1);
    assert_int_equal(t.number, 4);
    close_all();
    assert_int_equal(t.downs, 0);
}

static void an_error_ends_at_the_sync(void **state)
{
    (void)state;
    open_to(db, 5000);
    until(&t.sessions, 1);
    ask(&sql_add, 1);
    ask(&sql_bad, 0);
    ask(&sql_add, 2);
    ask(&sql_add, 3);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    ask(&sql_add, 41);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    until(&t.syncs, 2);
    assert_int_equal(t.results[GOOD], 2);
    assert_int_equal(t.results[FAILED], 1);
    assert_int_equal(t.results[ABORTED], 2);
    assert_int_equal(t.number, 42);
    close_all();
}

static void results_come_without_a_sync_when_asked(void **state)
{
    (void)state;
    open_to(db, 5000);
    until(&t.sessions, 1);
    for (int i = 0; i < 200; i++) /* more than the first ring holds */
        ask(&sql_add, i);
    assert_int_equal(corv_pg_ask(t.c), CORV_OK);
    until(&t.results[GOOD], 200);
    assert_int_equal(t.number, 200);
    assert_int_equal(t.syncs, 0);
    close_all();
}

static void silence_breaks_it_and_it_comes_back(void **state)
{
    (void)state;
    open_to(db, 300);
    until(&t.sessions, 1);
    assert_int_equal(corv_pg_run(t.c, &sql_sleep, NULL, on_result, NULL), CORV_OK);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    until(&t.sessions, 2);
    assert_int_equal(t.downs, 1);
    assert_int_equal(t.results[GOOD], 0);
    assert_int_equal(t.syncs, 0);
    /* the session that slept was ended by its successor */
    assert_int_equal(
        db_number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), 0);
    ask(&sql_add, 1);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    until(&t.syncs, 1);
    assert_int_equal(t.results[GOOD], 1);
    close_all();
}

static void dropped_means_down_once(void **state)
{
    (void)state;
    open_to(db, 5000);
    until(&t.sessions, 1);
    corv_pg_drop(t.c, "test");
    corv_pg_drop(t.c, "test");
    assert_int_equal(t.downs, 0);
    assert_int_equal(corv_pg_run(t.c, &sql_show, NULL, on_result, NULL), CORV_E_IO);
    until(&t.sessions, 2);
    assert_int_equal(t.downs, 1);
    close_all();
}

static void an_absent_server_is_tried_again(void **state)
{
    (void)state;
    test_pg_stop(db_server);
    open_to(db, 5000);
    for (int i = 0; i < 20; i++)
        (void)uv_run(&t.loop, UV_RUN_ONCE);
    assert_int_equal(t.sessions, 0);
    assert_int_equal(t.downs, 0);
    test_pg_launch(db_server);
    until(&t.sessions, 1);
    test_pg_crash(db_server);
    until(&t.downs, 1);
    test_pg_launch(db_server);
    until(&t.sessions, 2);
    close_all();
}

static void the_second_host_is_tried(void **state)
{
    char both[200];

    (void)state;
    (void)snprintf(both, sizeof both, "host=/nonexistent,%s target_session_attrs=read-write %s",
        test_pg_dir(db_server), strstr(db, "user="));
    open_to(both, 5000);
    until(&t.sessions, 1);
    close_all();
}

/* ---- a resolver that does not answer: libuv's and libpq's calls end here ----------------------
 */

static struct {
    atomic_uint asked, answered;
    atomic_bool hold;
    pthread_t loop;
    atomic_bool on_loop;
} resolver;

__attribute__((visibility("default"))) int getaddrinfo(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    bool number = hints && hints->ai_flags & AI_NUMERICHOST;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!node || strcmp(node, "db.test.invalid") != 0)
        return real(node, service, hints, res);
    atomic_fetch_add(&resolver.asked, 1);
    if (pthread_equal(pthread_self(), resolver.loop) && !number)
        atomic_store(&resolver.on_loop, true);
    while (atomic_load(&resolver.hold))
        (void)usleep(1000); /* until the loop has shown that it goes on */
    atomic_fetch_add(&resolver.answered, 1);
    return real("127.0.0.1", service, hints, res);
}

static void let_go(uv_timer_t *timer)
{
    unsigned *beats = timer->data;

    if (++*beats == 20)
        atomic_store(&resolver.hold, false);
}

/* Whoever resolves on the loop waits here for ever: only the loop's own timer lets it go. */
static void a_slow_resolver_stops_nobody(void **state)
{
    char both[200];
    unsigned beats = 0;
    uv_timer_t timer;

    (void)state;
    (void)snprintf(both, sizeof both, "host=db.test.invalid,%s port=1,5432 %s",
        test_pg_dir(db_server), strstr(db, "user="));
    resolver.loop = pthread_self();
    atomic_store(&resolver.hold, true);
    open_to(both, 5000);
    (void)uv_timer_init(&t.loop, &timer);
    timer.data = &beats;
    (void)uv_timer_start(&timer, let_go, 5, 5);
    until(&t.sessions, 1); /* nobody listens at the name's address: the second server */
    assert_true(beats >= 20);
    assert_int_equal(atomic_load(&resolver.answered), 1);
    assert_false(atomic_load(&resolver.on_loop));
    uv_close((uv_handle_t *)&timer, NULL);
    close_all();
}

static void closing_while_a_name_is_looked_up(void **state)
{
    unsigned asked = atomic_load(&resolver.asked);
    int64_t end = corv_clock_mono_us() + 30000000;

    (void)state;
    atomic_store(&resolver.hold, true);
    open_to("host=db.test.invalid dbname=x", 5000);
    while (atomic_load(&resolver.asked) == asked && corv_clock_mono_us() < end)
        (void)uv_run(&t.loop, UV_RUN_NOWAIT);
    assert_int_equal(atomic_load(&resolver.asked), asked + 1);
    corv_pg_close(t.c, on_closed, NULL);
    (void)uv_run(&t.loop, UV_RUN_NOWAIT);
    assert_false(t.closed); /* libuv's request is still out */
    atomic_store(&resolver.hold, false);
    (void)uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_true(t.closed);
    assert_int_equal(uv_loop_close(&t.loop), 0);
}

/* Accepts and says nothing, as a machine does of which only the kernel still lives. */
static void a_silent_server_costs_its_own_limit_only(void **state)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char both[300];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)(const void *)&a, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&a, &size), 0);
    (void)snprintf(both, sizeof both, "host=127.0.0.1,%s port=%u,5432 connect_timeout=1 %s",
        test_pg_dir(db_server), ntohs(a.sin_port), strstr(db, "user="));
    open_to(both, 5000); /* with one limit for all of them the second would never have its turn */
    until(&t.sessions, 1);
    close_all();
    (void)close(fd);
}

static void refuse_the_first(void *ctx)
{
    char place[200];

    (void)ctx;
    t.sessions++;
    (void)corv_pg_place_text(t.c, place, sizeof place);
    if (t.sessions == 1) {
        assert_null(strstr(place, "/."));
        corv_pg_drop(t.c, "old-primary");
    } else {
        assert_non_null(strstr(place, "/."));
        corv_pg_ready(t.c);
    }
}

/* libpq alone would end at the first one that is writable for ever. */
static void a_server_that_is_refused_gives_way_to_the_next(void **state)
{
    struct corv_pg_options o = {.loop = &t.loop,
        .application = "corvd.test.2",
        .stmts = statements,
        .silent_ms = 5000,
        .connect_ms = 5000,
        .on_session = refuse_the_first,
        .on_down = on_down};
    char both[300];

    (void)state;
    (void)snprintf(both, sizeof both, "host=%s,%s/. target_session_attrs=read-write %s",
        test_pg_dir(db_server), test_pg_dir(db_server), strstr(db, "user="));
    memset(&t, 0, sizeof t);
    assert_int_equal(uv_loop_init(&t.loop), 0);
    o.conninfo = both;
    assert_int_equal(corv_pg_new(&o, &t.c), CORV_OK);
    until(&t.sessions, 2);
    assert_int_equal(t.downs, 1);
    close_all();
}

static void closing_at_any_moment_leaves_nothing(void **state)
{
    (void)state;
    for (int turns = 0; turns < 12; turns++) {
        open_to(db, 5000);
        for (int i = 0; i < turns && t.sessions == 0; i++)
            (void)uv_run(&t.loop, UV_RUN_ONCE);
        close_all();
        assert_int_equal(t.downs, 0);
    }
}

static void a_notification_arrives_while_idle(void **state)
{
    (void)state;
    open_to(db, 5000);
    until(&t.sessions, 1);
    assert_int_equal(corv_pg_run(t.c, &sql_listen, NULL, on_result, NULL), CORV_OK);
    assert_int_equal(corv_pg_sync(t.c, on_sync, NULL), CORV_OK);
    until(&t.syncs, 1);
    test_pg_exec(db, "NOTIFY t_channel");
    until(&t.notified, 1);
    close_all();
}

static void bad_parameters_are_said_at_once(void **state)
{
    struct corv_pg_params p = {.rc = CORV_E_LIMIT};

    (void)state;
    open_to(db, 5000);
    assert_int_equal(corv_pg_run(t.c, &sql_add, NULL, on_result, NULL), CORV_E_IO);
    until(&t.sessions, 1);
    assert_int_equal(corv_pg_run(t.c, &sql_add, &p, on_result, NULL), CORV_E_LIMIT);
    close_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_is_settled_in),
        cmocka_unit_test(an_error_ends_at_the_sync),
        cmocka_unit_test(results_come_without_a_sync_when_asked),
        cmocka_unit_test(silence_breaks_it_and_it_comes_back),
        cmocka_unit_test(dropped_means_down_once),
        cmocka_unit_test(an_absent_server_is_tried_again),
        cmocka_unit_test(the_second_host_is_tried),
        cmocka_unit_test(a_slow_resolver_stops_nobody),
        cmocka_unit_test(closing_while_a_name_is_looked_up),
        cmocka_unit_test(a_silent_server_costs_its_own_limit_only),
        cmocka_unit_test(a_server_that_is_refused_gives_way_to_the_next),
        cmocka_unit_test(closing_at_any_moment_leaves_nothing),
        cmocka_unit_test(a_notification_arrives_while_idle),
        cmocka_unit_test(bad_parameters_are_said_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
