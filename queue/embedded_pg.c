/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/embedded_pg.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/embedded_home.h"
#include "queue/embedded_run.h"
#include "queue/pg_wait.h"

#define SECOND      1000000
#define START_LIMIT (60 * SECOND) /* crash recovery included */
#define INIT_LIMIT  (300 * SECOND)
#define STOP_LIMIT  (60 * SECOND)
#define QUIT_LIMIT  (10 * SECOND)

struct corv_embedded_pg {
    struct corv_pg_home home;
    char bin[CORV_PG_PATH];
    char conninfo[CORV_PG_PATH * 2 + 64];
    char maintenance[CORV_PG_PATH * 2 + 64];
    int lock;              /* held as long as we live: one corvd per state folder */
    pthread_mutex_t mutex; /* revive may come from any worker */
    pid_t pid;             /* 0: not running */
    bool child;            /* ours to wait for; else adopted */
    int status;            /* as waitpid told, once the child has ended */

    bool (*go_on)(void *ctx); /* while starting, or NULL */
    void *go_on_ctx;
    int64_t asked_us;
    bool given_up;
};

static void nap(void)
{
    const struct timespec ts = {.tv_nsec = 20000000};

    (void)nanosleep(&ts, NULL);
}

/* A nap of the start, in which whoever waits for us is told now and then that we are at it. */
static void rest(struct corv_embedded_pg *pg)
{
    int64_t now = corv_clock_mono_us();

    nap();
    if (!pg->go_on || now - pg->asked_us < SECOND)
        return;
    pg->asked_us = now;
    pg->given_up = pg->given_up || !pg->go_on(pg->go_on_ctx);
}

/* ---- is it there -------------------------------------------------------------------------- */

static bool ended(struct corv_embedded_pg *pg)
{
    if (pg->child)
        return waitpid(pg->pid, &pg->status, WNOHANG) != 0;
    return corv_pg_run_server(&pg->home) != pg->pid;
}

/* Notices the end of the server; afterwards pid is 0. */
static bool alive(struct corv_embedded_pg *pg)
{
    if (pg->pid && ended(pg))
        pg->pid = 0;
    return pg->pid != 0;
}

static bool wait_end(struct corv_embedded_pg *pg, int64_t limit)
{
    int64_t until = corv_clock_mono_us() + limit;

    while (alive(pg)) {
        if (corv_clock_mono_us() > until || pg->given_up)
            return false;
        rest(pg);
    }
    return true;
}

static bool answers(const struct corv_embedded_pg *pg)
{
    return PQping(pg->maintenance) == PQPING_OK;
}

/* ---- the cluster -------------------------------------------------------------------------- */

static corv_rc abandoned(struct corv_fault *fault)
{
    return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_STORE, "store.abandoned",
        "Het starten van de database is afgebroken.");
}

static corv_rc run_initdb(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    char program[CORV_PG_PATH + 16];
    const char *argv[] = {program, "-D", pg->home.fresh, "-U", CORV_PG_USER, "-E", "UTF8",
        "--locale=C", "--data-checksums", "-A", "trust", NULL};
    struct corv_pg_log_mark mark;
    corv_rc rc;

    (void)snprintf(program, sizeof program, "%s/initdb", pg->bin);
    corv_pg_run_log_mark(&pg->home, &mark);
    pg->child = true;
    rc = corv_pg_run_spawn(&pg->home, argv, &pg->pid, fault);
    if (rc != CORV_OK)
        return rc;
    if (!wait_end(pg, INIT_LIMIT)) {
        bool given_up = pg->given_up;

        (void)kill(pg->pid, SIGKILL);
        pg->given_up = false;
        (void)wait_end(pg, QUIT_LIMIT);
        if (given_up)
            return abandoned(fault);
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.slow",
            "Het aanmaken van de database duurt langer dan 5 minuten. Kijk of de schijf werkt.");
    }
    if (!WIFEXITED(pg->status) || WEXITSTATUS(pg->status) != 0)
        return corv_pg_run_fault(
            &pg->home, &mark, WIFEXITED(pg->status) ? WEXITSTATUS(pg->status) : -1, fault);
    return CORV_OK;
}

/* initdb works aside, so that one that was killed halfway leaves nothing that looks whole. */
static corv_rc make_cluster(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    struct corv_pg_home *h = &pg->home;
    corv_rc rc;

    if (access(h->data, F_OK) == 0)
        return CORV_OK;
    CORV_LOG(INFO, "postgres.create", NULL, CORV_F(WHAT, h->data));
    corv_pg_home_remove_tree(h->fresh);
    rc = corv_pg_home_folder(h, h->fresh, fault);
    if (rc == CORV_OK)
        rc = run_initdb(pg, fault);
    if (rc != CORV_OK) {
        corv_pg_home_remove_tree(h->fresh);
        return rc;
    }
    if (rename(h->fresh, h->data) != 0)
        return corv_pg_home_fault(errno, h->data, fault);
    return CORV_OK;
}

static corv_rc make_database(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    PGconn *c = PQconnectdb(pg->maintenance);
    PGresult *r =
        corv_pg_wait_exec(c, "SELECT 1 FROM pg_database WHERE datname = '" CORV_PG_NAME "'");
    corv_rc rc = CORV_OK;

    if (PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 0) {
        PQclear(r);
        r = corv_pg_wait_exec(c, "CREATE DATABASE " CORV_PG_NAME);
    }
    if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
        rc = corv_pg_run_fault(&pg->home, &(struct corv_pg_log_mark){"", 0}, -1, fault);
    PQclear(r);
    PQfinish(c);
    return rc;
}

/* ---- starting ----------------------------------------------------------------------------- */

static corv_rc launch(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    char program[CORV_PG_PATH + 16];
    char config[CORV_PG_PATH + 64];
    const char *argv[] = {program, "-D", pg->home.data, "-c", config, NULL};

    (void)snprintf(program, sizeof program, "%s/postgres", pg->bin);
    (void)snprintf(config, sizeof config, "config_file=%s", pg->home.conf);
    pg->child = true;
    return corv_pg_run_spawn(&pg->home, argv, &pg->pid, fault);
}

/* A server found alive is taken over; otherwise one is started, again and again while processes
 * of a killed one still hold on to its memory. */
static corv_rc start_or_adopt(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    corv_rc rc = corv_pg_run_clean(&pg->home);

    if (rc == CORV_AGAIN)
        return rc;
    pg->pid = corv_pg_run_server(&pg->home);
    pg->child = false;
    if (pg->pid) {
        CORV_LOG(INFO, "postgres.adopt", NULL, CORV_N(PID, pg->pid));
        return CORV_OK;
    }
    rc = launch(pg, fault);
    if (rc == CORV_OK)
        CORV_LOG(INFO, "postgres.start", NULL, CORV_N(PID, pg->pid));
    return rc;
}

static int exit_code(const struct corv_embedded_pg *pg)
{
    return pg->child && WIFEXITED(pg->status) ? WEXITSTATUS(pg->status) : -1;
}

static corv_rc too_slow(const struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    if (pg->pid)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.recovering",
            "PostgreSQL herstelt zich nog na een storing en gaat daarmee door. Start corvd over "
            "een "
            "paar minuten opnieuw.");
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.running",
        "Een oud proces van PostgreSQL gebruikt de database nog. Beeindig dat en start corvd "
        "opnieuw.");
}

/* The server is at work on its WAL, and somebody is there to say when that takes too long. */
static bool recovering(struct corv_embedded_pg *pg)
{
    return pg->go_on && alive(pg) && PQping(pg->maintenance) == PQPING_REJECT;
}

/* Until the server answers. One that ends by itself is tried again for as long as the reason may
 * pass: an old one that is still stopping, or its last processes. */
static corv_rc bring_up(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    int64_t until = corv_clock_mono_us() + START_LIMIT;
    struct corv_pg_log_mark mark;
    struct corv_fault why = {0};
    corv_rc rc = CORV_OK;

    corv_pg_run_log_mark(&pg->home, &mark);
    while (corv_clock_mono_us() < until || recovering(pg)) {
        if (!alive(pg))
            rc = start_or_adopt(pg, fault);
        if (rc != CORV_OK && rc != CORV_AGAIN)
            return rc;
        rest(pg);
        if (pg->given_up)
            return abandoned(fault);
        if (alive(pg) && answers(pg))
            return CORV_OK;
        if (rc == CORV_AGAIN || alive(pg) || !pg->child)
            continue;
        why = (struct corv_fault){0};
        (void)corv_pg_run_fault(&pg->home, &mark, exit_code(pg), &why);
        if (strcmp(why.code, "store.running") != 0) {
            if (fault && fault->cls == CORV_FAULT_NONE)
                *fault = why;
            return CORV_E_IO;
        }
    }
    return too_slow(pg, fault);
}

static corv_rc take_lock(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    char path[CORV_PG_PATH + 16];

    (void)snprintf(path, sizeof path, "%s/lock", pg->home.root);
    pg->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (pg->lock < 0)
        return corv_pg_home_fault(errno, path, fault);
    if (flock(pg->lock, LOCK_EX | LOCK_NB) != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "store.in-use",
            "Er draait al een corvd met deze state_dir. Stop die eerst of kies een andere map.");
    return CORV_OK;
}

static void release(struct corv_embedded_pg *pg)
{
    if (pg->lock >= 0)
        (void)close(pg->lock);
    (void)pthread_mutex_destroy(&pg->mutex);
    free(pg);
}

static corv_rc prepare(struct corv_embedded_pg *pg, const char *state_dir, struct corv_fault *fault)
{
    corv_rc rc = corv_pg_home_make(state_dir, &pg->home, fault);

    if (rc == CORV_OK)
        rc = take_lock(pg, fault);
    if (rc != CORV_OK)
        return rc;
    corv_pg_home_conninfo(pg->home.socket, CORV_PG_NAME, pg->conninfo, sizeof pg->conninfo);
    corv_pg_home_conninfo(pg->home.socket, "postgres", pg->maintenance, sizeof pg->maintenance);
    rc = corv_pg_run_find_bin(&pg->home, pg->bin, sizeof pg->bin, fault);
    return rc == CORV_OK ? make_cluster(pg, fault) : rc;
}

corv_rc corv_embedded_pg_start(
    const char *state_dir, struct corv_embedded_pg **out, struct corv_fault *fault)
{
    return corv_embedded_pg_start_patient(state_dir, NULL, NULL, out, fault);
}

corv_rc corv_embedded_pg_start_patient(const char *state_dir, bool (*go_on)(void *ctx), void *ctx,
    struct corv_embedded_pg **out, struct corv_fault *fault)
{
    struct corv_embedded_pg *pg = calloc(1, sizeof *pg);
    corv_rc rc;

    *out = NULL;
    if (!pg)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    pg->lock = -1;
    pg->go_on = go_on;
    pg->go_on_ctx = ctx;
    (void)pthread_mutex_init(&pg->mutex, NULL);
    rc = prepare(pg, state_dir, fault);
    if (rc == CORV_OK)
        rc = bring_up(pg, fault);
    if (rc == CORV_OK)
        rc = make_database(pg, fault);
    if (rc != CORV_OK) {
        release(pg); /* a server that is still recovering goes on; the next start adopts it */
        return rc;
    }
    pg->go_on = NULL; /* from now on others may wait, on other threads */
    *out = pg;
    return CORV_OK;
}

corv_rc corv_embedded_pg_revive(struct corv_embedded_pg *pg, struct corv_fault *fault)
{
    corv_rc rc = CORV_OK;

    (void)pthread_mutex_lock(&pg->mutex);
    if (!alive(pg)) {
        CORV_LOG(WARNING, "postgres.died", NULL, CORV_N(STATUS, pg->status));
        rc = bring_up(pg, fault);
    }
    (void)pthread_mutex_unlock(&pg->mutex);
    return rc;
}

void corv_embedded_pg_stop(struct corv_embedded_pg *pg)
{
    if (!pg)
        return;
    (void)pthread_mutex_lock(&pg->mutex);
    if (alive(pg)) {
        (void)kill(pg->pid, SIGINT); /* fast shutdown: sessions end, a checkpoint is made */
        if (!wait_end(pg, STOP_LIMIT)) {
            CORV_LOG(WARNING, "postgres.slow-stop", NULL, CORV_N(PID, pg->pid));
            (void)kill(pg->pid, SIGQUIT); /* the next start recovers from the WAL */
            (void)wait_end(pg, QUIT_LIMIT);
        }
    }
    (void)pthread_mutex_unlock(&pg->mutex);
    release(pg);
}

const char *corv_embedded_pg_conninfo(const struct corv_embedded_pg *pg)
{
    return pg->conninfo;
}

pid_t corv_embedded_pg_pid(const struct corv_embedded_pg *pg)
{
    return pg->pid;
}

char *corv_embedded_pg_conninfo_for(const char *state_dir, char *out, size_t size)
{
    char socket[CORV_PG_PATH + 16];

    corv_pg_home_socket_of(state_dir, socket);
    return corv_pg_home_conninfo(socket, CORV_PG_NAME, out, size);
}
