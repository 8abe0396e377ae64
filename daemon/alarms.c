/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/alarm_hook.h"
#include "daemon/alarms_parts.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/incident_json.h"

#define TICK_MS   5000
#define DISK_US   INT64_C(60000000)
#define MINUTE_US INT64_C(60000000)

/* ---- telling -------------------------------------------------------------------------------- */

/* Whatever goes wrong, the log does not fill: /incidents has all of it. */
static bool may_log(struct corv_alarms *a)
{
    int64_t now = corv_clock_mono_us();

    if (now - a->minute_us >= MINUTE_US) {
        a->minute_us = now;
        a->lines = 0;
    }
    if (a->lines < CORV_ALARM_LINES) {
        a->lines++;
        return true;
    }
    a->lines_dropped++;
    return false;
}

#define TELL(level, event)                                                                         \
    CORV_LOG(level, event, NULL, CORV_F(WHAT, key), CORV_F(CODE, i->code[0] ? i->code : NULL),     \
        CORV_N(COUNT, i->value), CORV_N(MS, (i->last_us - i->since_us) / 1000),                    \
        CORV_F(REASON, text))

static void tell_bad(const struct corv_incident *i, bool fresh, const char *key, const char *text)
{
    if (i->severity == CORV_SEVERITY_ERROR && fresh)
        TELL(ERROR, "incident.opened");
    else if (i->severity == CORV_SEVERITY_ERROR)
        TELL(ERROR, "incident.updated");
    else if (i->severity == CORV_SEVERITY_WARNING && fresh)
        TELL(WARNING, "incident.opened");
    else if (i->severity == CORV_SEVERITY_WARNING)
        TELL(WARNING, "incident.updated");
    else if (fresh)
        TELL(INFO, "incident.opened");
    else
        TELL(INFO, "incident.updated");
}

static void tell_log(
    struct corv_alarms *a, const struct corv_incident *i, enum corv_incident_news news)
{
    char key[CORV_INCIDENT_KEY];
    char text[300];

    if (!may_log(a))
        return;
    (void)corv_incident_key(i, key);
    (void)snprintf(text, sizeof text, "%s%s%s. %s", i->subject, i->subject[0] ? ": " : "",
        corv_cause_sentence(i->cause), corv_cause_advice(i->cause));
    if (news == CORV_INCIDENT_CLOSED)
        CORV_LOG(INFO, "incident.closed", NULL, CORV_F(WHAT, key), CORV_N(COUNT, i->times),
            CORV_N(MS, (i->last_us - i->since_us) / 1000));
    else
        tell_bad(i, news == CORV_INCIDENT_OPENED, key, text);
}

/* Nobody is woken for what can wait for the morning, nor by a program that does not work. */
static void told(void *ctx, const struct corv_incident *i, enum corv_incident_news news)
{
    struct corv_alarms *a = ctx;
    const char *command = a->app->config->alarms.command;

    tell_log(a, i, news);
    if (command && i->severity > CORV_SEVERITY_NOTICE && i->cause != CORV_CAUSE_COMMAND &&
        !a->stopped)
        corv_alarm_hook_run(a->hook, command, i, news);
}

static void command_failed(void *ctx, const char *code)
{
    struct corv_alarms *a = ctx;

    corv_incident_event(&a->t, CORV_CAUSE_COMMAND, "", code, corv_clock_us());
}

/* ---- the disk, on one of libuv's workers ----------------------------------------------------- */

static void disk_came(uv_fs_t *req)
{
    struct corv_alarms *a = req->data;
    const uv_statfs_t *fs = req->ptr;

    a->disk_busy = false;
    a->disk_known = req->result == 0 && fs && fs->f_blocks > 0;
    if (a->disk_known)
        a->disk_free = (unsigned)(100.0 * (double)fs->f_bavail / (double)fs->f_blocks);
    uv_fs_req_cleanup(req);
}

static void ask_disk(struct corv_alarms *a)
{
    int64_t now = corv_clock_mono_us();

    if (a->disk_busy || (a->disk_us && now - a->disk_us < DISK_US))
        return;
    a->disk_us = now;
    a->disk.data = a;
    a->disk_busy = uv_fs_statfs(&a->app->loop, &a->disk, a->state_dir, disk_came) == 0;
}

/* ---- keeping it over a restart --------------------------------------------------------------- */

static void save_work(uv_work_t *work)
{
    struct corv_alarms *a = work->data;

    a->save_failed = corv_incidents_save(a->state_dir, a->save_text) != CORV_OK;
}

static void saved(uv_work_t *work, int status)
{
    struct corv_alarms *a = work->data;

    (void)status;
    if (a->save_failed)
        CORV_LOG(WARNING, "alarms.not-kept", NULL, CORV_F(WHAT, a->state_dir));
    free(a->save_text);
    a->save_text = NULL;
    a->saving = false;
}

static void save(struct corv_alarms *a)
{
    if (a->saving || a->saved == a->t.changes)
        return;
    a->save_text = corv_incidents_json(&a->t);
    if (!a->save_text)
        return;
    a->saved = a->t.changes;
    a->save.data = a;
    a->saving = uv_queue_work(&a->app->loop, &a->save, save_work, saved) == 0;
}

/* ---- for those who ask ----------------------------------------------------------------------- */

void corv_alarms_event(
    struct corv_app *app, enum corv_cause c, const char *subject, const char *code)
{
    if (app->alarms)
        corv_incident_event(&app->alarms->t, c, subject ? subject : "", code, corv_clock_us());
}

char *corv_alarms_json(const struct corv_app *app)
{
    static const struct corv_incidents none;

    return corv_incidents_json(app->alarms ? &app->alarms->t : &none);
}

static unsigned open_of(
    const struct corv_alarms *a, enum corv_cause c, enum corv_incident_severity s)
{
    unsigned n = 0;

    for (size_t i = 0; i < a->t.count; i++)
        n += a->t.list[i].cause == c && a->t.list[i].severity == s &&
             corv_incident_counts(&a->t.list[i]);
    return n;
}

static void write_open(const struct corv_alarms *a, struct corv_buf *b)
{
    char labels[128];

    corv_metric_head(b, CORV_M_incidents_open);
    for (unsigned c = 0; c < CORV_CAUSES; c++)
        for (unsigned s = 0; s <= CORV_SEVERITY_ERROR; s++) {
            unsigned n = open_of(a, (enum corv_cause)c, (enum corv_incident_severity)s);

            if (n == 0 && s != corv_cause_severity((enum corv_cause)c))
                continue;
            (void)snprintf(labels, sizeof labels, "{cause=\"%s\",severity=\"%s\"}",
                corv_cause_code((enum corv_cause)c),
                corv_incident_severity_name((enum corv_incident_severity)s));
            corv_metric_value(b, CORV_M_incidents_open, labels, n);
        }
}

void corv_alarms_write(const struct corv_app *app, struct corv_buf *b)
{
    const struct corv_alarms *a = app->alarms;
    struct corv_alarm_hook_stats hook = {.runs = 0};

    if (!a)
        return;
    corv_alarm_hook_stats_get(a->hook, &hook);
    write_open(a, b);
    corv_metric_write(b, CORV_M_incidents_opened_total, (double)a->t.opened);
    corv_metric_write(b, CORV_M_incidents_closed_total, (double)a->t.closed);
    corv_metric_write(b, CORV_M_incidents_left_out_total, (double)a->t.left_out);
    corv_metric_write(b, CORV_M_incident_lines_left_out_total, (double)a->lines_dropped);
    corv_metric_write(b, CORV_M_alarm_heartbeat_timestamp_seconds, (double)a->looked_us / 1e6);
    corv_metric_write(b, CORV_M_alarm_command_runs_total, (double)hook.runs);
    corv_metric_write(b, CORV_M_alarm_command_failures_total, (double)hook.failures);
    corv_metric_write(b, CORV_M_disk_free_ratio, a->disk_known ? a->disk_free / 100.0 : 1);
    corv_metric_write(b, CORV_M_silence_watched, (double)a->silence.count);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void tick(uv_timer_t *timer)
{
    struct corv_alarms *a = timer->data;

    ask_disk(a);
    corv_alarms_look(a);
    save(a);
}

static void read_pace(struct corv_alarms *a)
{
    a->tick_ms = TICK_MS;
#ifdef CORV_CRASH_POINTS /* test builds */
    const char *pace = getenv("CORVD_ALARMS_MS");

    if (pace)
        a->tick_ms = (unsigned)strtoul(pace, NULL, 10);
    a->t.hurry = pace != NULL;
#endif
}

corv_rc corv_alarms_start(struct corv_app *app)
{
    struct corv_alarms *a = calloc(1, sizeof *a);
    corv_rc rc;

    if (!a)
        return CORV_E_NOMEM;
    a->app = app;
    a->first = corv_config_hold(app->config);
    a->state_dir = a->first->state_dir;
    a->t.tell = told;
    a->t.ctx = a;
    read_pace(a);
    app->alarms = a; /* freed by corv_alarms_free, whatever becomes of the start */
    (void)uv_timer_init(&app->loop, &a->timer);
    a->timer.data = a;
    rc = corv_incidents_load(&a->t, a->state_dir, corv_clock_us());
    if (rc != CORV_OK && rc != CORV_E_NOTFOUND)
        CORV_LOG(WARNING, "alarms.not-read", NULL, CORV_F(CODE, corv_rc_name(rc)));
    (void)uv_timer_start(&a->timer, tick, a->tick_ms, a->tick_ms);
    return corv_alarm_hook_new(&app->loop, a->first->node, command_failed, a, &a->hook);
}

void corv_alarms_stop(struct corv_app *app)
{
    struct corv_alarms *a = app->alarms;

    if (!a || a->stopped)
        return;
    a->stopped = true;
    atomic_store(&a->quit, true);
    uv_close((uv_handle_t *)&a->timer, NULL);
    corv_alarm_hook_close(a->hook);
    a->hook = NULL;
}

void corv_alarms_free(struct corv_app *app)
{
    struct corv_alarms *a = app->alarms;
    char *text;

    if (!a)
        return;
    text = corv_incidents_json(&a->t);
    if (text && a->saved != a->t.changes && corv_incidents_save(a->state_dir, text) != CORV_OK)
        CORV_LOG(WARNING, "alarms.not-kept", NULL, CORV_F(WHAT, a->state_dir));
    free(text);
    corv_config_free(a->first);
    free(a);
    app->alarms = NULL;
}
