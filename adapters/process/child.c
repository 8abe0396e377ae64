/* SPDX-License-Identifier: EUPL-1.2 */
/* The child: started, watched, killed when it hangs or speaks gibberish, started again with
 * back-off. Its state changes in one function, by a table. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/process/internal.h"

#define CHILD_FD   3
#define LAST_TURNS 64 /* more than a socket holds */

extern char **environ;

/* Row: from, column: to. */
static const bool allowed[CHILD_STATES][CHILD_STATES] = {
    [CHILD_NONE] = {[CHILD_STARTING] = true},
    [CHILD_STARTING] = {[CHILD_RUNNING] = true,
        [CHILD_LEAVING] = true, /* stop before it said that it is ready */
        [CHILD_DYING] = true,
        [CHILD_NONE] = true}, /* it ended by itself */
    [CHILD_RUNNING] = {[CHILD_LEAVING] = true, [CHILD_DYING] = true, [CHILD_NONE] = true},
    [CHILD_LEAVING] = {[CHILD_DYING] = true, [CHILD_NONE] = true},
    [CHILD_DYING] = {[CHILD_NONE] = true},
};

uint32_t process_number(const struct process *p, const char *key)
{
    return (uint32_t)strtoul(p->s->setting(p->host, key), NULL, 10);
}

void process_child_move(struct process *p, enum child_state to)
{
    if (!allowed[p->state][to])
        abort(); /* our bug */
    p->state = to;
}

static void note(struct process *p, const char *code, const char *sentence, int number)
{
    char text[160];

    (void)snprintf(text, sizeof text, "%s %d.", sentence, number);
    p->s->log(p->host, CORV_ALOG_ERROR, code, text);
}

/* It leads a group of its own (spawn), in which what it started itself is too: that ends with it,
 * for nobody else knows it. While the leader is not reaped the number cannot be another's. */
static void kill_all(pid_t leader)
{
    (void)kill(-leader, SIGKILL);
}

/* Takes the child's end, and ends what it left. False: it has not ended (with WNOHANG). */
static bool reap(pid_t leader, int *status, int how)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)leader, &info, WEXITED | WNOWAIT | how) != 0 || info.si_pid != leader)
        return false;
    kill_all(leader);
    return waitpid(leader, status, 0) == leader;
}

/* ---- starting ------------------------------------------------------------------------------ */

/* Of our environment only what says where and in which language we are, and how a test build
 * looks for faults; what else is there may be secret. */
static bool passes(const char *name)
{
    static const char *const names[] = {
        "LANG=", "TZ=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS="};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static int actions_make(posix_spawn_file_actions_t *a, int fd, bool with_stderr)
{
    int e = posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDWR, 0);

    if (e == 0)
        e = posix_spawn_file_actions_adddup2(a, 0, 1);
    if (e == 0 && !with_stderr)
        e = posix_spawn_file_actions_adddup2(a, 0, 2);
    if (e == 0) /* fd is above 3 or is 3 itself; then this takes its close-on-exec away */
        e = posix_spawn_file_actions_adddup2(a, fd, CHILD_FD);
    if (e == 0)
        e = posix_spawn_file_actions_addclosefrom_np(a, CHILD_FD + 1);
    return e;
}

static int spawn(struct process *p, int fd)
{
    const char *runner = p->s->setting(p->host, "process.runner");
    bool with_stderr = strcmp(p->s->setting(p->host, "process.stderr"), "true") == 0;
    char *argv[] = {(char *)(uintptr_t)runner, (char *)(uintptr_t)p->s->name(p->host), NULL};
    char *env[8] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    size_t n = 0;

    for (char **e = environ; *e && n + 1 < sizeof env / sizeof env[0]; e++)
        if (passes(*e))
            env[n++] = *e;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    (void)posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setpgroup(&attributes, 0); /* a new one, which it leads: kill_all */
    int e = actions_make(&actions, fd, with_stderr);

    if (e == 0)
        e = posix_spawn(&p->pid, runner, &actions, &attributes, argv, env);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return e;
}

static void gone(void *ctx, int fd, unsigned events);
static void pulse(void *ctx);
static void try_again(void *ctx);

static void close_fds(struct process *p)
{
    p->s->unwatch(p->talk);
    p->s->unwatch(p->end);
    p->talk = p->end = NULL;
    p->writable = false;
    if (p->fd >= 0)
        (void)close(p->fd);
    if (p->pidfd >= 0)
        (void)close(p->pidfd);
    p->fd = p->pidfd = -1;
    wire_reader_free(&p->in);
    p->in = (struct wire_reader){.from_child = true};
}

static void talk(void *ctx, int fd, unsigned events)
{
    struct process *p = ctx;

    (void)fd;
    if (events & CORV_WATCH_WRITE)
        process_flush(p);
    if (events & CORV_WATCH_READ)
        process_hear(p);
}

static bool watch_it(struct process *p)
{
    p->pidfd = pidfd_open(p->pid, 0);
    if (p->pidfd >= 0)
        p->end = p->s->watch(p->host, p->pidfd, CORV_WATCH_READ, gone, p);
    p->talk = p->s->watch(p->host, p->fd, CORV_WATCH_READ, talk, p);
    return p->end && p->talk;
}

static bool timers_make(struct process *p)
{
    if (!p->pulse)
        p->pulse = p->s->timer(p->host, pulse, p);
    if (!p->restart)
        p->restart = p->s->timer(p->host, try_again, p);
    return p->pulse && p->restart;
}

static uint64_t pulse_ms(const struct process *p)
{
    return process_number(p, "process.hang_seconds") * 250u;
}

static bool cannot(struct process *p, const char *what, int e)
{
    char text[200];

    (void)snprintf(text, sizeof text, "Het kindproces is niet te starten: %s (%s).", what,
        strerrordesc_np(e) ? strerrordesc_np(e) : "onbekende fout");
    p->s->log(p->host, CORV_ALOG_ERROR, "process.spawn", text);
    return false;
}

bool process_child_start(struct process *p)
{
    int pair[2];

    if (!timers_make(p))
        return cannot(p, "timer", ENOMEM);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return cannot(p, "socketpair", errno);
    int e = spawn(p, pair[1]);

    (void)close(pair[1]);
    if (e != 0) {
        (void)close(pair[0]);
        return cannot(p, p->s->setting(p->host, "process.runner"), e);
    }
    p->fd = pair[0];
    p->child++;
    p->why = NULL;
    p->finished_one = p->renew = p->refused_room = p->failed = false;
    p->asked = 0;
    p->ponged = true;
    p->heard_us = p->s->now_us(p->host);
    process_child_move(p, CHILD_STARTING);
    if (!watch_it(p)) {
        e = errno;
        kill_all(p->pid);
        (void)reap(p->pid, NULL, 0);
        close_fds(p);
        process_child_move(p, CHILD_NONE);
        return cannot(p, "pidfd", e);
    }
    p->s->timer_start(p->pulse, pulse_ms(p));
    (void)process_say_hello(p);
    return true;
}

static void try_again(void *ctx)
{
    struct process *p = ctx;
    uint32_t most = process_number(p, "process.restart_max_ms");

    if (p->stopping || p->state != CHILD_NONE || process_child_start(p))
        return;
    p->s->timer_start(p->restart, p->wait_ms);
    p->wait_ms = p->wait_ms * 2 < most ? p->wait_ms * 2 : most;
}

/* ---- ending -------------------------------------------------------------------------------- */

void process_child_leave(struct process *p, uint32_t ms)
{
    process_child_move(p, CHILD_LEAVING);
    (void)process_say_number(p, WIRE_STOP, ms);
}

void process_child_kill(struct process *p, const char *why)
{
    if (p->state == CHILD_NONE || p->state == CHILD_DYING)
        return;
    process_child_move(p, CHILD_DYING);
    p->why = why;
    process_forget_frames(p);
    kill_all(p->pid); /* not reaped yet, so it is still ours */
    p->s->unwatch(p->talk);
    p->talk = NULL;
}

/* How it ended, for the log. Expected: nobody needs to know. */
static void say_end(struct process *p, int status, bool expected)
{
    if (p->why)
        note(p, p->why, "Het kindproces is beeindigd omdat het niet deed wat het moest; proces",
            (int)p->pid);
    else if (WIFSIGNALED(status))
        note(p, "process.crashed", "Het kindproces is omgevallen met signaal", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0 || !expected)
        note(p, "process.ended", "Het kindproces is zelf gestopt met code", WEXITSTATUS(status));
    if (p->why || !expected || WIFSIGNALED(status))
        p->s->count(p->host, "deaths", 1);
}

/* Progress resets the back-off: who dies now and then is back soon, who never works waits longer
 * and longer. */
static void plan_restart(struct process *p, bool at_once)
{
    uint32_t first = process_number(p, "process.restart_first_ms");
    uint32_t most = process_number(p, "process.restart_max_ms");

    if (p->stopping)
        return;
    if (p->finished_one || at_once || p->wait_ms < first)
        p->wait_ms = first;
    p->s->timer_start(p->restart, at_once ? 1 : p->wait_ms);
    p->wait_ms = p->wait_ms * 2 < most ? p->wait_ms * 2 : most;
    p->s->count(p->host, "restarts", 1);
}

static void gone(void *ctx, int fd, unsigned events)
{
    struct process *p = ctx;
    uint64_t child = p->child;
    int status = 0;

    (void)fd, (void)events;
    for (int i = 0; i < LAST_TURNS && p->talk; i++)
        process_hear(p); /* its last words: what it finished is finished */
    if (p->child != child || !reap(p->pid, &status, WNOHANG))
        return;
    bool leaving = p->state == CHILD_LEAVING;

    say_end(p, status, leaving);
    p->s->timer_stop(p->pulse);
    process_forget_frames(p);
    close_fds(p);
    process_child_move(p, CHILD_NONE);
    process_jobs_died(p);
    plan_restart(p, leaving && p->renew);
    if (p->stopping)
        process_jobs_hand_back(p);
}

/* ---- a child that hangs -------------------------------------------------------------------- */

/* One that hangs cannot answer by chance, nor one that talks without listening. */
static uint32_t next_ping(const struct process *p)
{
    uint32_t number;

    return getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number ? number
                                                                                      : p->ping + 1;
}

static void pulse(void *ctx)
{
    struct process *p = ctx;
    int64_t silent_us = p->s->now_us(p->host) - p->heard_us;
    int64_t limit_us = (int64_t)process_number(p, "process.hang_seconds") * 1000000;

    if (silent_us < 0) /* the wall clock was set back */
        p->heard_us = p->s->now_us(p->host);
    if (silent_us > limit_us) {
        process_child_kill(p, "process.hung");
        return;
    }
    p->s->timer_start(p->pulse, pulse_ms(p));
    if (!p->ponged || p->state == CHILD_STARTING)
        return;
    p->ponged = false;
    p->heard_us = p->s->now_us(p->host);
    p->ping = next_ping(p);
    (void)process_say_number(p, WIRE_PING, p->ping);
}

/* ---- the end of the instance --------------------------------------------------------------- */

struct last_wait {
    struct process *process;
    pid_t pid;
    int pidfd;
    int status;
    bool killed;
};

/* Another thread. */
static void wait_for_end(void *ctx)
{
    struct last_wait *w = ctx;
    struct pollfd end = {.fd = w->pidfd, .events = POLLIN};

    if (poll(&end, 1, END_MS) != 1) {
        w->killed = true;
        kill_all(w->pid);
    }
    (void)reap(w->pid, &w->status, 0);
}

static void ended(void *ctx)
{
    struct last_wait *w = ctx;
    struct process *p = w->process;

    if (w->killed)
        p->why = "process.slow-stop";
    say_end(p, w->status, true);
    (void)close(w->pidfd);
    free(w);
}

void process_child_await(struct process *p)
{
    struct last_wait *w = p->state == CHILD_NONE ? NULL : calloc(1, sizeof *w);

    p->s->timer_free(p->pulse);
    p->s->timer_free(p->restart);
    p->pulse = p->restart = NULL;
    if (p->state == CHILD_NONE)
        return;
    p->s->unwatch(p->end);
    p->end = NULL;
    process_forget_frames(p);
    if (w) {
        *w = (struct last_wait){.process = p, .pid = p->pid, .pidfd = p->pidfd};
        p->pidfd = -1;
    }
    close_fds(p); /* the child reads the end of it, if the order to stop did not come through */
    process_child_move(p, CHILD_NONE);
    if (w && p->s->work(p->host, wait_for_end, ended, w) == 0)
        return;
    kill_all(p->pid);
    (void)reap(p->pid, NULL, 0);
    if (w)
        (void)close(w->pidfd);
    free(w);
}
