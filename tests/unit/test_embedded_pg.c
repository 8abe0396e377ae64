/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/embedded_pg.h"
#include "queue/migrate.h"
#include "tests/support/test_folder.h"

static char base[TEST_FOLDER];
static char dir[600]; /* the state folder under test */

static void start(struct corv_embedded_pg **pg)
{
    struct corv_fault fault = {0};
    corv_rc rc = corv_embedded_pg_start(dir, pg, &fault);

    if (rc != CORV_OK)
        print_error("%s: %s\n", fault.code, fault.text);
    assert_int_equal(rc, CORV_OK);
}

static void start_fails(const char *code, const char *piece)
{
    struct corv_embedded_pg *pg = NULL;
    struct corv_fault fault = {0};

    assert_int_not_equal(corv_embedded_pg_start(dir, &pg, &fault), CORV_OK);
    assert_null(pg);
    assert_string_equal(fault.code, code);
    if (!strstr(fault.text, piece))
        fail_msg("'%s' does not say '%s'", fault.text, piece);
}

static char *ask(const char *conninfo, const char *sql, char *out, size_t size)
{
    PGconn *c = PQconnectdb(conninfo);
    PGresult *r = PQexec(c, sql);

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) > 0)
        (void)snprintf(out, size, "%s", PQgetvalue(r, 0, 0));
    else
        (void)snprintf(
            out, size, "%s", PQresultStatus(r) == PGRES_COMMAND_OK ? "" : PQerrorMessage(c));
    PQclear(r);
    PQfinish(c);
    return out;
}

static void asks(const struct corv_embedded_pg *pg, const char *sql, const char *expected)
{
    char got[512];

    assert_string_equal(ask(corv_embedded_pg_conninfo(pg), sql, got, sizeof got), expected);
}

static char *path_of(const char *tail)
{
    static char path[700];

    (void)snprintf(path, sizeof path, "%s/%s", dir, tail);
    return path;
}

static void write_file(const char *tail, const char *text)
{
    int fd = open(path_of(tail), O_CREAT | O_WRONLY | O_TRUNC, 0644);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static bool log_has(const char *word)
{
    char command[800];

    (void)snprintf(command, sizeof command, "grep -rq %s %s", word, path_of("postgres/log"));
    return system(command) == 0; // NOLINT(cert-env33-c): fixed words and our own folder
}

static int dir_up(void **state)
{
    (void)state;
    (void)test_folder_new(base, "epg");
    assert_int_equal(chmod(base, 0755), 0); /* 0700 would keep user postgres out */
    (void)snprintf(dir, sizeof dir, "%s/state", base);
    return 0;
}

static int dir_down(void **state)
{
    (void)state;
    test_folder_remove(base);
    return 0;
}

/* Most tests go on with the cluster of the one before: initdb is the slow part. */
static int shared_up(void **state)
{
    static char kept[64];

    if (kept[0]) {
        (void)snprintf(base, sizeof base, "%s", kept);
        (void)snprintf(dir, sizeof dir, "%s/state", base);
        return 0;
    }
    (void)dir_up(state);
    (void)snprintf(kept, sizeof kept, "%s", base);
    return 0;
}

static int shared_down(void **state)
{
    (void)state;
    return 0;
}

static int last_down(void **state)
{
    (void)shared_up(state);
    return dir_down(state);
}

static void assert_private(const char *tail)
{
    struct stat st;

    assert_int_equal(stat(path_of(tail), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    if (geteuid() == 0)
        assert_int_not_equal(st.st_uid, 0);
}

static void makes_a_cluster_that_is_safe_and_private(void **state)
{
    struct corv_embedded_pg *pg = NULL;

    (void)state;
    start(&pg);
    asks(pg, "SHOW fsync", "on");
    asks(pg, "SHOW full_page_writes", "on");
    asks(pg, "SHOW synchronous_commit", "on");
    asks(pg, "SHOW data_checksums", "on");
    asks(pg, "SHOW listen_addresses", "");
    asks(pg, "SHOW server_encoding", "UTF8");
    asks(pg, "SHOW lc_collate", "C");
    asks(pg, "SHOW max_connections", "40");
    asks(pg, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL", "0");
    assert_private("postgres/data");
    assert_private("postgres/socket");
    assert_private("postgres/log");
    assert_int_equal(corv_migrate(corv_embedded_pg_conninfo(pg), NULL), CORV_OK);
    corv_embedded_pg_stop(pg);
}

static void the_log_never_holds_a_value(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    const char *value = "Jantje-Canary";

    (void)state;
    start(&pg);
    PGconn *c = PQconnectdb(corv_embedded_pg_conninfo(pg));

    PQclear(PQexec(c, "DROP TABLE IF EXISTS t; CREATE TABLE t (v text PRIMARY KEY)"));
    PQclear(PQexecParams(c, "INSERT INTO t VALUES ($1)", 1, NULL, &value, NULL, NULL, 0));
    PGresult *twice = PQexecParams(c, "INSERT INTO t VALUES ($1)", 1, NULL, &value, NULL, NULL, 0);

    assert_int_equal(PQresultStatus(twice), PGRES_FATAL_ERROR);
    PQclear(twice);
    PQclear(PQexec(c, "SELECT 'Jantje-Canary' FROM nowhere"));
    PQfinish(c);
    corv_embedded_pg_stop(pg);
    assert_true(log_has("nowhere")); /* the log is the right one */
    assert_false(log_has("Canary"));
}

static void what_was_written_is_there_after_a_restart(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    char got[200];
    char info[1400];

    (void)state;
    start(&pg);
    asks(pg, "DROP TABLE IF EXISTS t", "");
    asks(pg, "CREATE TABLE t (n int)", "");
    asks(pg, "INSERT INTO t VALUES (42)", "");
    corv_embedded_pg_stop(pg);
    start(&pg);
    asks(pg, "SELECT n FROM t", "42");
    assert_string_equal(
        corv_embedded_pg_conninfo_for(dir, info, sizeof info), corv_embedded_pg_conninfo(pg));
    corv_embedded_pg_stop(pg);
    assert_non_null(strstr(ask(info, "SELECT 1", got, sizeof got), "connection"));
}

/* A corvd that was killed leaves its server behind: a child starts it and dies at once. */
static pid_t start_in_a_process_that_dies(void)
{
    pid_t server = 0;
    char byte = 0;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct corv_embedded_pg *pg = NULL;
        pid_t pid = 0;

        if (corv_embedded_pg_start(dir, &pg, NULL) == CORV_OK)
            pid = corv_embedded_pg_pid(pg);
        if (write(ends[1], &pid, sizeof pid) != (ssize_t)sizeof pid)
            _exit(1);
        (void)kill(getpid(), SIGKILL);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], &server, sizeof server), sizeof server);
    /* end of file: the server does not keep our descriptors open */
    assert_int_equal(read(ends[0], &byte, 1), 0);
    (void)close(ends[0]);
    (void)waitpid(child, NULL, 0);
    assert_true(server > 0);
    return server;
}

static void adopts_the_server_of_a_killed_daemon(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    pid_t server;

    (void)state;
    server = start_in_a_process_that_dies();
    assert_int_equal(getsid(server), server); /* not in our terminal's session */
    start(&pg);
    assert_int_equal(corv_embedded_pg_pid(pg), server);
    asks(pg, "SELECT 1", "1");
    assert_int_equal(corv_embedded_pg_revive(pg, NULL), CORV_OK);
    assert_int_equal(corv_embedded_pg_pid(pg), server);
    corv_embedded_pg_stop(pg);
    assert_int_equal(access(path_of("postgres/data/postmaster.pid"), F_OK), -1);
}

static void a_second_one_on_the_same_folder_is_refused(void **state)
{
    struct corv_embedded_pg *pg = NULL;

    (void)state;
    start(&pg);
    start_fails("store.in-use", "state_dir");
    asks(pg, "SELECT 1", "1");
    corv_embedded_pg_stop(pg);
}

static void revive_brings_a_dead_server_back_with_its_data(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    struct corv_fault fault = {0};
    siginfo_t ended;
    pid_t first;

    (void)state;
    start(&pg);
    asks(pg, "DROP TABLE IF EXISTS t", "");
    asks(pg, "CREATE TABLE t (n int)", "");
    asks(pg, "INSERT INTO t VALUES (42)", "");
    first = corv_embedded_pg_pid(pg);
    assert_int_equal(kill(first, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)first, &ended, WEXITED | WNOWAIT), 0);
    if (corv_embedded_pg_revive(pg, &fault) != CORV_OK)
        fail_msg("%s: %s", fault.code, fault.text);
    assert_int_not_equal(corv_embedded_pg_pid(pg), first);
    asks(pg, "SELECT n FROM t", "42");
    corv_embedded_pg_stop(pg);
}

/* After a power cut the number in the pid file may belong to another program. */
static void a_pid_file_of_another_program_does_not_stop_the_start(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    char lines[200];

    (void)state;
    start(&pg);
    corv_embedded_pg_stop(pg);
    /* not our own number or our parent's: those PostgreSQL disregards itself */
    pid_t other = fork();

    if (other == 0) {
        (void)pause();
        _exit(0);
    }
    (void)snprintf(lines, sizeof lines,
        "%d\n/somewhere/data\n1700000000\n5432\n/somewhere/socket\n\n  5432001 4242424\nready   \n",
        (int)other);
    write_file("postgres/data/postmaster.pid", lines);
    start(&pg);
    asks(pg, "SELECT 1", "1");
    corv_embedded_pg_stop(pg);
    (void)kill(other, SIGKILL);
    (void)waitpid(other, NULL, 0);
}

static void an_interrupted_initdb_is_done_over(void **state)
{
    struct corv_embedded_pg *pg = NULL;

    (void)state;
    (void)mkdir(dir, 0755);
    (void)mkdir(path_of("postgres"), 0755);
    (void)mkdir(path_of("postgres/data.new"), 0700);
    write_file("postgres/data.new/PG_VERSION", "15\n");
    start(&pg);
    asks(pg, "SELECT 1", "1");
    assert_int_equal(access(path_of("postgres/data.new"), F_OK), -1);
    corv_embedded_pg_stop(pg);
}

static void a_long_path_gets_a_short_socket_folder(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    char first[1400];
    char note[300] = "";
    FILE *f;

    (void)state;
    (void)snprintf(dir, sizeof dir, "%s/%s", base,
        "a-name-so-long-that-no-unix-socket-would-fit-in-it-0123456789-0123456789-01234567");
    start(&pg);
    asks(pg, "SELECT 1", "1");
    (void)snprintf(first, sizeof first, "%s", corv_embedded_pg_conninfo(pg));
    assert_null(strstr(first, "so-long"));
    corv_embedded_pg_stop(pg);
    start(&pg);
    assert_string_equal(corv_embedded_pg_conninfo(pg), first); /* remembered */
    corv_embedded_pg_stop(pg);
    f = fopen(path_of("postgres/socket_dir"), "re");
    assert_non_null(f);
    assert_non_null(fgets(note, sizeof note, f));
    (void)fclose(f);
    note[strcspn(note, "\n")] = '\0';
    /* a folder that someone else may enter is not used any more */
    assert_int_equal(chmod(note, 0755), 0);
    start(&pg);
    assert_string_not_equal(corv_embedded_pg_conninfo(pg), first);
    (void)snprintf(first, sizeof first, "%s", corv_embedded_pg_conninfo(pg));
    corv_embedded_pg_stop(pg);
    assert_int_equal(rmdir(note), 0);
    *strchr(first, ' ') = '\0';
    assert_int_equal(rmdir(first + strlen("host=")), 0);
}

static void an_odd_path_is_no_problem(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    char info[1400];

    (void)state;
    (void)snprintf(dir, sizeof dir, "%s/it's, \"odd\\", base);
    start(&pg);
    asks(pg, "SELECT 1", "1");
    assert_string_equal(
        corv_embedded_pg_conninfo_for(dir, info, sizeof info), corv_embedded_pg_conninfo(pg));
    corv_embedded_pg_stop(pg);
    *strchr(info, ' ') = '\0';
    assert_int_equal(rmdir(info + strlen("host=")), 0);
}

static void missing_programs_are_named(void **state)
{
    (void)state;
    assert_int_equal(setenv("CORV_PG_BIN", "/nowhere", 1), 0);
    start_fails("store.no-postgres", "CORV_PG_BIN");
    (void)unsetenv("CORV_PG_BIN");
}

static void another_version_is_explained(void **state)
{
    struct corv_embedded_pg *pg = NULL;
    const char *path = getenv("PATH");
    char *kept = strdup(path ? path : "");
    char version[16] = "";
    FILE *f;

    (void)state;
    start(&pg);
    corv_embedded_pg_stop(pg);
    f = fopen(path_of("postgres/data/PG_VERSION"), "re");
    assert_non_null(f);
    assert_non_null(fgets(version, sizeof version, f));
    (void)fclose(f);
    write_file("postgres/data/PG_VERSION", "9\n");
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    start_fails("store.no-postgres", "postgresql-9");
    assert_int_equal(setenv("PATH", kept, 1), 0);
    free(kept);
    assert_int_equal(setenv("CORV_PG_BIN", "/usr/lib/postgresql/15/bin", 1), 0);
    start_fails("store.version", "andere versie");
    (void)unsetenv("CORV_PG_BIN");
    write_file("postgres/data/PG_VERSION", version);
    start(&pg);
    corv_embedded_pg_stop(pg);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/proc/corvd");
    start_fails("store.folder", "/proc/corvd");
}

/* As root the server runs as user postgres, who cannot walk through a closed folder above. */
static void a_closed_folder_above_is_explained(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(base, 0700), 0);
    start_fails("store.folder-rights", "chmod o+x");
}

static void a_full_disk_is_called_a_full_disk(void **state)
{
    char command[300];

    (void)state;
    (void)snprintf(command, sizeof command,
        "mkdir %s/small && mount -t tmpfs -o size=20m,mode=755 corvtest %s/small 2>/dev/null", base,
        base);
    if (geteuid() != 0 || system(command) != 0) // NOLINT(cert-env33-c)
        skip();
    (void)snprintf(dir, sizeof dir, "%s/small/state", base);
    start_fails("store.disk-full", "geen ruimte meer");
    (void)snprintf(command, sizeof command, "umount %s/small", base);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c)
}

struct asked {
    int times;
    int until;
};

static bool go_on(void *ctx)
{
    struct asked *a = ctx;

    return ++a->times < a->until;
}

/* A stop that is asked for while the start waits is heard, and leaves nothing half done. */
static void a_start_can_be_given_up(void **state)
{
    struct asked a = {.until = 1};
    struct corv_embedded_pg *pg = NULL;
    struct corv_fault f = {0};

    (void)state;
    assert_int_equal(corv_embedded_pg_start_patient(dir, go_on, &a, &pg, &f), CORV_E_STATE);
    assert_string_equal(f.code, "store.abandoned");
    assert_null(pg);
    assert_int_equal(a.times, 1);
    a = (struct asked){.until = INT_MAX};
    f = (struct corv_fault){0};
    assert_int_equal(corv_embedded_pg_start_patient(dir, go_on, &a, &pg, &f), CORV_OK);
    corv_embedded_pg_stop(pg);
}

int main(void)
{
#define SHARED(f) cmocka_unit_test_setup_teardown(f, shared_up, shared_down)
#define CASE(f)   cmocka_unit_test_setup_teardown(f, dir_up, dir_down)
    const struct CMUnitTest tests[] = {
        SHARED(makes_a_cluster_that_is_safe_and_private),
        SHARED(the_log_never_holds_a_value),
        SHARED(what_was_written_is_there_after_a_restart),
        SHARED(adopts_the_server_of_a_killed_daemon),
        SHARED(a_second_one_on_the_same_folder_is_refused),
        SHARED(revive_brings_a_dead_server_back_with_its_data),
        SHARED(a_pid_file_of_another_program_does_not_stop_the_start),
        CASE(an_interrupted_initdb_is_done_over),
        CASE(a_start_can_be_given_up),
        CASE(a_long_path_gets_a_short_socket_folder),
        CASE(an_odd_path_is_no_problem),
        CASE(missing_programs_are_named),
        SHARED(another_version_is_explained),
        CASE(a_folder_that_cannot_be_made_is_named),
        CASE(a_closed_folder_above_is_explained),
        CASE(a_full_disk_is_called_a_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, last_down);
}
