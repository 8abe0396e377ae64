/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/support/test_pg.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/test_folder.h"

#define START_TRIES 600 /* of 50 ms */
#define INITDB      "/usr/lib/postgresql/15/bin/initdb"
#define POSTGRES    "/usr/lib/postgresql/15/bin/postgres"

struct test_pg {
    char dir[TEST_FOLDER]; /* holds data/, the socket and the server's log */
    char data[80];         /* dir/data */
    pid_t pid;             /* of the postmaster, 0 when stopped */
    uid_t uid;
    gid_t gid;
};

static struct test_pg *at_exit; /* the one to remove when the test ends early */

__attribute__((noreturn)) static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "test_pg: %s: %s\n", what, why);
    exit(1);
}

/* In the child: the right user, no terminal, end together with the parent. */
static void become(const struct test_pg *pg, const char *log)
{
    int fd = open(log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);

    if (fd >= 0) {
        (void)dup2(fd, 1);
        (void)dup2(fd, 2);
    }
    (void)signal(SIGPIPE, SIG_DFL);
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(pg->gid) != 0 || setuid(pg->uid) != 0))
        _exit(126);
    if (chdir(pg->dir) != 0)
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* after setuid, which clears it */
}

static pid_t spawn(const struct test_pg *pg, char *const argv[])
{
    char log[96];
    pid_t pid;

    (void)snprintf(log, sizeof log, "%s/log", pg->dir);
    pid = fork();
    if (pid < 0)
        die("fork", "no process");
    if (pid == 0) {
        become(pg, log);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static void show_log(const struct test_pg *pg)
{
    char path[96];
    char line[512];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/log", pg->dir);
    f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        (void)fputs(line, stderr);
    if (f)
        (void)fclose(f);
}

static void make_cluster(struct test_pg *pg)
{
    int status = 0;
    char *argv[] = {INITDB, "--no-sync", "-D", pg->data, "-U", "postgres", "-A", "trust", "-E",
        "UTF8", "--locale=C.UTF-8", NULL};
    pid_t pid = spawn(pg, argv);

    if (waitpid(pid, &status, 0) != pid || status != 0) {
        show_log(pg);
        die("initdb", "failed");
    }
}

static void conninfo(const struct test_pg *pg, const char *name, char *out, size_t size)
{
    (void)snprintf(out, size, "host=%s user=postgres dbname=%s", pg->dir, name);
}

static void wait_ready(const struct test_pg *pg)
{
    char info[160];
    const struct timespec step = {.tv_nsec = 50000000};

    conninfo(pg, "postgres", info, sizeof info);
    for (int i = 0; i < START_TRIES; i++) {
        if (PQping(info) == PQPING_OK)
            return;
        if (waitpid(pg->pid, NULL, WNOHANG) == pg->pid)
            break;
        (void)nanosleep(&step, NULL);
    }
    show_log(pg);
    die("postgres", "does not start");
}

void test_pg_launch(struct test_pg *pg)
{
    char *argv[] = {POSTGRES, "-D", pg->data, "-k", pg->dir, "-c", "listen_addresses=", "-c",
        "log_min_messages=warning", "-c", "autovacuum=on", NULL};

    if (!pg->pid)
        pg->pid = spawn(pg, argv);
}

void test_pg_start(struct test_pg *pg)
{
    test_pg_launch(pg);
    wait_ready(pg);
}

const char *test_pg_dir(const struct test_pg *pg)
{
    return pg->dir;
}

static void end(struct test_pg *pg, int sig)
{
    if (!pg->pid)
        return;
    (void)kill(pg->pid, SIGCONT);
    (void)kill(pg->pid, sig);
    (void)waitpid(pg->pid, NULL, 0);
    pg->pid = 0;
}

void test_pg_crash(struct test_pg *pg)
{
    end(pg, SIGQUIT);
}

void test_pg_stop(struct test_pg *pg)
{
    end(pg, SIGINT);
}

/* A stopped postmaster alone would let its backends go on, so the children stop too. */
void test_pg_pause(struct test_pg *pg, bool paused)
{
    char path[64];
    int child = 0;
    int sig = paused ? SIGSTOP : SIGCONT;

    (void)kill(pg->pid, sig);
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pg->pid, (int)pg->pid);

    FILE *f = fopen(path, "re");

    if (!f)
        die("pause", "no list of child processes");
    while (fscanf(f, "%d", &child) == 1) // NOLINT(cert-err34-c): the kernel writes numbers
        (void)kill(child, sig);
    (void)fclose(f);
}

void test_pg_free(struct test_pg *pg)
{
    if (!pg)
        return;
    end(pg, SIGQUIT);
    test_folder_remove(pg->dir);
    at_exit = NULL;
    free(pg);
}

static pid_t owner_pid; /* a forked child of the test must not remove the cluster */

static void free_at_exit(void)
{
    if (getpid() == owner_pid)
        test_pg_free(at_exit);
}

struct test_pg *test_pg_new(void)
{
    struct test_pg *pg = calloc(1, sizeof *pg);
    const struct passwd *pw = getpwnam("postgres");

    if (!pg || at_exit)
        die("new", "one cluster per program");
    (void)test_folder_new(pg->dir, "test-pg");
    (void)snprintf(pg->data, sizeof pg->data, "%s/data", pg->dir);
    if (geteuid() == 0) {
        if (!pw)
            die("user postgres", "does not exist");
        pg->uid = pw->pw_uid;
        pg->gid = pw->pw_gid;
        if (chown(pg->dir, pg->uid, pg->gid) != 0)
            die("chown", pg->dir);
    }
    if (!owner_pid)
        (void)atexit(free_at_exit);
    owner_pid = getpid();
    at_exit = pg;
    make_cluster(pg);
    test_pg_start(pg);
    return pg;
}

static PGconn *connect_or_die(const char *info)
{
    PGconn *c = PQconnectdb(info);

    if (PQstatus(c) != CONNECTION_OK)
        die("connect", PQerrorMessage(c));
    return c;
}

PGresult *test_pg_query(const char *info, const char *sql)
{
    PGconn *c = connect_or_die(info);
    PGresult *r = PQexec(c, sql);
    ExecStatusType st = PQresultStatus(r);

    if (st != PGRES_TUPLES_OK && st != PGRES_COMMAND_OK)
        die(sql, PQresultErrorMessage(r));
    PQfinish(c);
    return r;
}

void test_pg_exec(const char *info, const char *sql)
{
    PQclear(test_pg_query(info, sql));
}

int64_t test_pg_number(const char *info, const char *sql)
{
    PGresult *r = test_pg_query(info, sql);
    long long n;

    if (PQntuples(r) != 1 || PQnfields(r) != 1)
        die(sql, "is not one value");
    n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "re");
    struct stat st;
    char *text = NULL;

    if (!f || fstat(fileno(f), &st) != 0 || !(text = malloc((size_t)st.st_size + 1)))
        die("read", path);
    text[fread(text, 1, (size_t)st.st_size, f)] = '\0';
    (void)fclose(f);
    return text;
}

static int sql_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 4 && strcmp(e->d_name + n - 4, ".sql") == 0;
}

static void apply_schema(const char *info)
{
    struct dirent **list = NULL;
    int n = scandir("queue/sql", &list, sql_file, alphasort);

    if (n <= 0)
        die("queue/sql", "not found: run the test from the source folder");
    for (int i = 0; i < n; i++) {
        char path[320];

        (void)snprintf(path, sizeof path, "queue/sql/%s", list[i]->d_name);

        char *sql = read_file(path);

        test_pg_exec(info, sql); /* one simple query is one transaction, so SET LOCAL works */
        free(sql);
        free(list[i]);
    }
    free(list);
}

char *test_pg_database(struct test_pg *pg, const char *name, bool with_schema)
{
    char sql[128];
    char admin[160];
    char *info = malloc(160);

    if (!info)
        die("memory", "is gone");
    conninfo(pg, "postgres", admin, sizeof admin);
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
    test_pg_exec(admin, sql);
    conninfo(pg, name, info, 160);
    if (with_schema)
        apply_schema(info);
    return info;
}
