/* SPDX-License-Identifier: EUPL-1.2 */
/* Who waits for the database with an ear open: ends when told to, leaves nothing waiting behind in
 * the server, and says who holds it up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/migrate.h"
#include "queue/pg_resolve.h"
#include "queue/pg_sync.h"
#include "queue/pg_wait.h"
#include "tests/support/test_pg.h"

#define SECOND   1000000
#define DIR_SIZE 32
#define SOON     (3 * (int64_t)SECOND) /* a second and some, on a busy machine */

static struct test_pg *pg;
static char *db;
static struct corv_patience patience;
static int64_t begun_us;
static int64_t until_us;

static bool until_then(void *ctx)
{
    (void)ctx;
    return corv_clock_mono_us() < until_us;
}

static void be_patient(int64_t us)
{
    begun_us = corv_clock_mono_us();
    until_us = begun_us + us;
    patience = (struct corv_patience){.go_on = until_then};
    corv_patience_set(&patience);
}

/* A name server that does not answer: only for the name "traag.test". */
int getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out);
int getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    static struct sockaddr_in address = {.sin_family = AF_INET};
    struct addrinfo *a = calloc(1, sizeof *a);

    (void)service, (void)hints;
    if (strcmp(name, "traag.test") == 0)
        (void)sleep(20);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *a = (struct addrinfo){.ai_family = AF_INET,
        .ai_socktype = SOCK_STREAM,
        .ai_addr = (struct sockaddr *)&address,
        .ai_addrlen = sizeof address};
    *out = a;
    return 0;
}

void freeaddrinfo(struct addrinfo *a)
{
    free(a);
}

/* ---- what is told --------------------------------------------------------------------------- */

static struct {
    int count;
    int64_t pid;
    char code[64];
    char what[64];
} told;

static void tap(enum corv_log_level level, const char *event, const struct corv_log_field *fields)
{
    (void)level;
    if (strcmp(event, "database.waits") != 0)
        return;
    told.count++;
    for (; fields->type != CORV_LF_END; fields++)
        if (fields->type == CORV_LF_PID)
            told.pid = fields->i;
        else if (fields->type == CORV_LF_CODE)
            (void)snprintf(told.code, sizeof told.code, "%s", fields->s);
        else if (fields->type == CORV_LF_WHAT && fields->s)
            (void)snprintf(told.what, sizeof told.what, "%s", fields->s);
}

static int up(void **state)
{
    (void)state;
    memset(&told, 0, sizeof told);
    corv_log_set_tap(tap);
    pg = test_pg_new();
    db = test_pg_database(pg, "wait", false);
    return 0;
}

static int down(void **state)
{
    (void)state;
    corv_patience_set(NULL);
    corv_log_set_tap(NULL);
    free(db);
    test_pg_free(pg);
    return 0;
}

static PGconn *hold_lock(void)
{
    PGconn *c = PQconnectdb(db);

    PQclear(PQexec(c, "SET application_name = 'de pgAdmin van iemand'"));
    PQclear(PQexec(c, "BEGIN; SELECT pg_advisory_xact_lock(4811686548871021)"));
    assert_int_equal(PQtransactionStatus(c), PQTRANS_INTRANS);
    return c;
}

static void abandoned(corv_rc rc, const struct corv_fault *fault)
{
    assert_int_not_equal(rc, CORV_OK);
    assert_string_equal(fault->code, "store.abandoned");
    assert_true(corv_clock_mono_us() - until_us < SOON);
}

/* ---- cases ---------------------------------------------------------------------------------- */

static void who_waits_for_a_lock_goes_when_told_to(void **state)
{
    struct corv_fault fault = {0};
    PGconn *c = hold_lock();

    (void)state;
    be_patient(SECOND / 2);
    abandoned(corv_migrate(db, &fault), &fault);
    corv_patience_set(NULL);
    assert_int_equal(test_pg_number(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                                        " AND NOT granted"),
        0);
    PQfinish(c);
    assert_int_equal(corv_migrate(db, NULL), CORV_OK);
}

static void who_holds_the_lock_is_told(void **state)
{
    struct corv_fault fault = {0};
    PGconn *c = hold_lock();

    (void)state;
    be_patient(4 * (int64_t)SECOND);
    abandoned(corv_migrate(db, &fault), &fault);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.code, "store.locked");
    assert_int_equal(told.pid, PQbackendPID(c));
    assert_string_equal(told.what, "de_pgAdmin_van_iemand");
    PQfinish(c);
}

/* One try waits five seconds; the lock comes free in the second one. */
static void a_lock_that_comes_free_later_is_waited_for(void **state)
{
    PGconn *c = hold_lock();

    (void)state;
    PQclear(PQexec(c, "SET idle_in_transaction_session_timeout = '7s'"));
    be_patient(120 * (int64_t)SECOND);
    assert_int_equal(corv_migrate(db, NULL), CORV_OK);
    assert_true(corv_clock_mono_us() - begun_us > 5 * SECOND);
    PQfinish(c);
}

static void a_commit_that_waits_for_a_standby_says_so(void **state)
{
    struct corv_fault fault = {0};
    PGconn *c = NULL;

    (void)state;
    test_pg_exec(db, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    test_pg_exec(db, "SELECT pg_reload_conf()");
    be_patient(4 * (int64_t)SECOND);
    assert_int_equal(corv_pg_sync_open(db, "test", &c, &fault), CORV_OK);
    assert_int_equal(corv_pg_sync_exec(c, "BEGIN; CREATE TABLE t (n int)", &fault), CORV_OK);
    if (corv_pg_sync_exec(c, "COMMIT", &fault) == CORV_OK) /* cancelled: here, and nowhere else */
        abandoned(corv_pg_sync_exec(c, "SELECT 1", &fault), &fault);
    assert_string_equal(told.code, "store.standby-silent");
    assert_string_equal(told.what, "SyncRep");
    PQfinish(c);
}

static void a_statement_gives_what_libpq_gives(void **state)
{
    struct corv_fault fault = {0};
    PGresult *r = NULL;
    PGconn *c = NULL;

    (void)state;
    be_patient(600 * (int64_t)SECOND);
    assert_int_equal(corv_pg_sync_open(db, "test", &c, &fault), CORV_OK);
    r = corv_pg_wait_exec(c, "SELECT 1; SELECT 2");
    assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
    assert_string_equal(PQgetvalue(r, 0, 0), "2");
    PQclear(r);
    r = corv_pg_wait_exec(c, "SELECT 1; SELECT 1/0; SELECT 2");
    assert_int_equal(PQresultStatus(r), PGRES_FATAL_ERROR);
    PQclear(r);
    assert_int_equal(corv_pg_sync_exec(c, "SELECT", &fault), CORV_OK);
    PQfinish(c);
    assert_int_equal(corv_pg_sync_open("host=/nergens", "test", &c, &fault), CORV_E_IO);
    assert_string_equal(fault.code, "store.unreachable");
    assert_int_equal(told.count, 0);
}

/* Takes connections and says nothing. */
static int listen_dumbly(char *dir)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(dir, DIR_SIZE, "/tmp/corv-wait-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/.s.PGSQL.5432", dir);
    assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

static void a_server_that_says_nothing_is_left(void **state)
{
    char dir[DIR_SIZE];
    char info[80];
    struct corv_fault fault = {0};
    PGconn *c = NULL;
    int fd = listen_dumbly(dir);

    (void)state;
    (void)snprintf(info, sizeof info, "host=%s user=x dbname=x", dir);
    be_patient(SECOND / 2);
    abandoned(corv_pg_sync_open(info, "test", &c, &fault), &fault);
    assert_null(c);
    (void)snprintf(info, sizeof info, "host=%s user=x dbname=x connect_timeout=2", dir);
    be_patient(600 * (int64_t)SECOND);
    assert_int_equal(corv_pg_sync_open(info, "test", &c, &fault), CORV_E_IO);
    assert_true(corv_clock_mono_us() - begun_us < 2 * SECOND + SOON);
    (void)close(fd);
    (void)snprintf(info, sizeof info, "%s/.s.PGSQL.5432", dir);
    (void)unlink(info);
    (void)rmdir(dir);
}

static void a_resolver_that_says_nothing_is_left(void **state)
{
    struct corv_fault fault = {0};
    struct corv_pg_hosts *h = NULL;
    char *place = NULL;

    (void)state;
    assert_int_equal(corv_pg_hosts_new("host=traag.test,snel.test dbname=x", &h), CORV_OK);
    be_patient(SECOND / 2);
    abandoned(corv_pg_resolve(h, &fault), &fault);
    be_patient(600 * (int64_t)SECOND);
    assert_true(corv_pg_hosts_next(h));
    assert_int_equal(corv_pg_resolve(h, &fault), CORV_OK);
    place = corv_pg_hosts_conninfo(h);
    assert_non_null(strstr(place, "hostaddr='127.0.0.1'"));
    free(place);
    corv_pg_hosts_free(h);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(who_waits_for_a_lock_goes_when_told_to),
        CASE(who_holds_the_lock_is_told),
        CASE(a_lock_that_comes_free_later_is_waited_for),
        CASE(a_commit_that_waits_for_a_standby_says_so),
        CASE(a_statement_gives_what_libpq_gives),
        CASE(a_server_that_says_nothing_is_left),
        CASE(a_resolver_that_says_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
