/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/alarm_hook.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"

#define ROW_MAX  32
#define LIMIT_MS 30000
#define ENV_MAX  12

struct order {
    char command[512];
    struct corv_incident incident;
    enum corv_incident_news news;
};

struct corv_alarm_hook {
    uv_loop_t *loop;
    const char *node;
    void (*failed)(void *ctx, const char *code);
    void *ctx;
    uv_process_t process;
    uv_timer_t limit;
    struct order row[ROW_MAX]; /* from first on, around */
    unsigned first, waiting;
    unsigned handles; /* open */
    struct corv_alarm_hook_stats stats;
    bool running;
    bool timed_out;
    bool closing;
};

static void next(struct corv_alarm_hook *h);

static void handle_closed(uv_handle_t *handle)
{
    struct corv_alarm_hook *h = handle->data;

    if (--h->handles == 0)
        free(h);
}

static void release(struct corv_alarm_hook *h, uv_handle_t *handle)
{
    (void)h;
    uv_close(handle, handle_closed);
}

static void fail(struct corv_alarm_hook *h, const char *code)
{
    h->stats.failures++;
    if (!h->closing)
        h->failed(h->ctx, code);
}

static void process_closed(uv_handle_t *handle)
{
    struct corv_alarm_hook *h = handle->data;

    h->running = false;
    if (!h->closing)
        next(h);
    handle_closed(handle);
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
    struct corv_alarm_hook *h = process->data;

    if (!h->closing)
        (void)uv_timer_stop(&h->limit);
    if (h->timed_out)
        fail(h, "hook.timeout");
    else if (status != 0 || signal != 0)
        fail(h, "hook.exit");
    uv_close((uv_handle_t *)process, process_closed);
}

/* It leads its own group, so that a shell's children go with it. */
static void stop_it(struct corv_alarm_hook *h)
{
    if (h->running && uv_process_get_pid(&h->process) > 0)
        (void)kill(-uv_process_get_pid(&h->process), SIGKILL);
}

static void limit_reached(uv_timer_t *timer)
{
    struct corv_alarm_hook *h = timer->data;

    h->timed_out = true;
    stop_it(h);
}

/* ---- what it is told ------------------------------------------------------------------------ */

static const char *news_name(enum corv_incident_news news)
{
    static const char *const names[] = {"opened", "updated", "closed"};

    return names[news];
}

struct words {
    char key[CORV_INCIDENT_KEY];
    char text[320];
    char room[ENV_MAX][400];
    char *env[ENV_MAX + 1];
    unsigned count;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *w, const char *fmt, ...)
{
    va_list ap;

    if (w->count == ENV_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(w->room[w->count], sizeof w->room[0], fmt, ap);
    va_end(ap);
    w->env[w->count] = w->room[w->count];
    w->count++;
    w->env[w->count] = NULL;
}

static void describe(const struct corv_alarm_hook *h, const struct order *o, struct words *w)
{
    const struct corv_incident *i = &o->incident;
    char since[CORV_TIME_TEXT];

    w->count = 0;
    (void)corv_incident_key(i, w->key);
    (void)snprintf(w->text, sizeof w->text, "%s%s%s", i->subject, i->subject[0] ? ": " : "",
        corv_cause_sentence(i->cause));
    say(w, "PATH=/usr/local/bin:/usr/bin:/bin");
    say(w, "CORV_NODE=%s", h->node);
    say(w, "CORV_INCIDENT_NEWS=%s", news_name(o->news));
    say(w, "CORV_INCIDENT_SEVERITY=%s", corv_incident_severity_name(i->severity));
    say(w, "CORV_INCIDENT_KEY=%s", w->key);
    say(w, "CORV_INCIDENT_CAUSE=%s", corv_cause_code(i->cause));
    say(w, "CORV_INCIDENT_SUBJECT=%s", i->subject);
    say(w, "CORV_INCIDENT_CODE=%s", i->code);
    say(w, "CORV_INCIDENT_VALUE=%llu", (unsigned long long)i->value);
    say(w, "CORV_INCIDENT_SINCE=%s", corv_clock_text(i->since_us, since));
    say(w, "CORV_INCIDENT_TEXT=%s", w->text);
    say(w, "CORV_INCIDENT_ADVICE=%s", corv_cause_advice(i->cause));
}

static int spawn(struct corv_alarm_hook *h, struct order *o)
{
    struct words w;
    uv_stdio_container_t io[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};

    describe(h, o, &w);

    char severity[16];
    char news[16];
    char *args[] = {o->command, news, severity, w.key, w.text, NULL};

    (void)snprintf(news, sizeof news, "%s", news_name(o->news));
    (void)snprintf(
        severity, sizeof severity, "%s", corv_incident_severity_name(o->incident.severity));

    const uv_process_options_t options = {.file = o->command,
        .args = args,
        .env = w.env,
        .stdio = io,
        .stdio_count = 3,
        .flags = UV_PROCESS_DETACHED,
        .exit_cb = ended};

    /* Libraries open descriptors that a program would get: libcurl's between itself. */
    (void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    return uv_spawn(h->loop, &h->process, &options);
}

static void next(struct corv_alarm_hook *h)
{
    struct order *o = &h->row[h->first];

    if (h->waiting == 0 || h->running)
        return;
    h->first = (h->first + 1) % ROW_MAX;
    h->waiting--;
    h->running = true;
    h->timed_out = false;
    h->handles++;
    h->stats.runs++;
    h->process.data = h;
    if (spawn(h, o) != 0) { /* the handle is there all the same, and must be closed */
        fail(h, "hook.start");
        uv_close((uv_handle_t *)&h->process, process_closed);
        return;
    }
    (void)uv_timer_start(&h->limit, limit_reached, LIMIT_MS, 0);
}

/* ---- life ----------------------------------------------------------------------------------- */

corv_rc corv_alarm_hook_new(uv_loop_t *loop, const char *node,
    void (*failed)(void *ctx, const char *code), void *ctx, struct corv_alarm_hook **out)
{
    struct corv_alarm_hook *h = calloc(1, sizeof *h);

    if (!h)
        return CORV_E_NOMEM;
    h->loop = loop;
    h->node = node;
    h->failed = failed;
    h->ctx = ctx;
    (void)uv_timer_init(loop, &h->limit);
    h->limit.data = h;
    h->handles = 1;
    *out = h;
    return CORV_OK;
}

void corv_alarm_hook_run(struct corv_alarm_hook *h, const char *command,
    const struct corv_incident *i, enum corv_incident_news news)
{
    struct order *o = &h->row[(h->first + h->waiting) % ROW_MAX];

    if (h->waiting == ROW_MAX || strlen(command) >= sizeof o->command) {
        h->stats.left_out++;
        return;
    }
    (void)snprintf(o->command, sizeof o->command, "%s", command);
    o->incident = *i;
    o->news = news;
    h->waiting++;
    next(h);
}

void corv_alarm_hook_stats_get(const struct corv_alarm_hook *h, struct corv_alarm_hook_stats *out)
{
    *out = h ? h->stats : (struct corv_alarm_hook_stats){.runs = 0};
}

void corv_alarm_hook_close(struct corv_alarm_hook *h)
{
    if (!h || h->closing)
        return;
    h->closing = true;
    h->waiting = 0;
    stop_it(h); /* its end closes its handle */
    release(h, (uv_handle_t *)&h->limit);
}
