/* SPDX-License-Identifier: EUPL-1.2 */
/* The history of the traffic, asked once an hour on a worker: the first time all of it, a week at a
 * time, then what came since. It is in the database, so a restart forgets nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/parties.h"
#include "daemon/alarms_parts.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/loop/pool.h"
#include "queue/inspect.h"
#include "queue/queue.h"

#define HOUR_S  3600
#define AGAIN_S 300               /* it could not be asked */
#define LAG_US  INT64_C(60000000) /* what came since may be under way to the database still */
#define WEEK_US (INT64_C(7) * 24 * CORV_HOUR_US)

struct learning {
    struct corv_alarms *a; /* the worker reads quit only */
    char *place;           /* owned: the server that the queue writes on */
    struct corv_silence s;
    int64_t until_us;
    struct corv_fault fault;
    corv_rc rc;
};

static void release(struct learning *l)
{
    free(l->place);
    free(l);
}

/* ---- on a worker ---------------------------------------------------------------------------- */

static corv_rc learn_part(struct corv_inspect *i, struct learning *l, int64_t until_us)
{
    struct corv_inspect_hour *hours = NULL;
    size_t count = 0;
    corv_rc rc = corv_inspect_hours(i, l->s.until_us, until_us, &hours, &count, &l->fault);

    for (size_t n = 0; rc == CORV_OK && n < count; n++)
        corv_silence_heard(&l->s, hours[n].sender, hours[n].kind, hours[n].hour, hours[n].messages);
    if (rc == CORV_OK)
        l->s.until_us = until_us;
    corv_inspect_free(hours);
    return rc;
}

static void learn(void *data)
{
    struct learning *l = data;
    struct corv_inspect *i = NULL;

    corv_silence_calendar(&l->s, l->until_us);
    l->rc = corv_inspect_open(l->place, &i, &l->fault);
    while (l->rc == CORV_OK && l->s.until_us < l->until_us && !atomic_load(&l->a->quit)) {
        int64_t until = l->s.until_us + WEEK_US;

        l->rc = learn_part(i, l, until < l->until_us ? until : l->until_us);
    }
    corv_inspect_close(i);
}

/* ---- judging, on the loop ------------------------------------------------------------------- */

static void quiet_for(struct corv_alarms *a, const char *subject, unsigned hours, int64_t now_us)
{
    const struct corv_bad b = {
        .severity = CORV_SEVERITY_WARNING, .subject = subject, .value = hours};

    corv_incident_bad(&a->t, CORV_CAUSE_SILENT, &b, now_us);
}

static void judge_kind(struct corv_alarms *a, const struct corv_silence_row *row, int64_t now_us)
{
    unsigned limit = corv_silence_limit(row, now_us);
    unsigned quiet = corv_silence_now(&a->silence, row, now_us);
    char subject[96];

    if (limit == 0 || quiet <= limit)
        return;
    (void)snprintf(subject, sizeof subject, "%.46s/%.46s", row->sender, row->kind);
    quiet_for(a, subject, quiet, now_us);
}

/* The operator said how long, for all kinds together. A party that never sent says nothing. */
static void judge_party(struct corv_alarms *a, const struct corv_party *p, int64_t now_us)
{
    unsigned least = UINT32_MAX;

    for (size_t n = 0; n < a->silence.count; n++)
        if (strcmp(a->silence.rows[n].sender, p->id) == 0) {
            unsigned quiet = corv_silence_now(&a->silence, &a->silence.rows[n], now_us);

            least = quiet < least ? quiet : least;
        }
    if (least != UINT32_MAX && least > p->silence_hours)
        quiet_for(a, p->id, least, now_us);
}

static bool takes_part(const struct corv_party *p, int day)
{
    return (!p->period.from || p->period.from <= day) &&
           (!p->period.until || day <= p->period.until);
}

static void judge(struct corv_alarms *a, int64_t now_us)
{
    const struct corv_config *c = a->app->config;
    int day = corv_clock_day(now_us);

    corv_incidents_begin(&a->t, CORV_CAUSE_SILENT);
    for (unsigned i = 0; c->alarms.silence && i < c->parties_count; i++) {
        const struct corv_party *p = &c->parties[i];

        if (!takes_part(p, day))
            continue;
        if (p->silence_hours > 0) {
            judge_party(a, p, now_us);
            continue;
        }
        for (size_t n = 0; n < a->silence.count; n++)
            if (strcmp(a->silence.rows[n].sender, p->id) == 0)
                judge_kind(a, &a->silence.rows[n], now_us);
    }
    corv_incidents_end(&a->t, CORV_CAUSE_SILENT, now_us);
}

/* ---- asking --------------------------------------------------------------------------------- */

static void learned(void *data, bool ran)
{
    struct learning *l = data;
    struct corv_alarms *a = l->a;
    int64_t now = corv_clock_mono_us();

    a->learning = false;
    if (ran && l->rc == CORV_OK && !a->stopped) {
        a->silence = l->s;
        a->silence_us = now + (int64_t)(a->t.hurry ? 1 : HOUR_S) * 1000000;
        judge(a, corv_clock_us());
    } else if (ran && l->rc != CORV_OK) {
        CORV_LOG(WARNING, "alarms.no-history", NULL, CORV_F(CODE, l->fault.code),
            CORV_F(REASON, l->fault.text));
    }
    release(l);
}

void corv_alarms_silence(struct corv_alarms *a, int64_t now_us)
{
    int64_t now = corv_clock_mono_us();
    struct learning *l;

    if (!a->app->config->alarms.silence)
        judge(a, now_us); /* turned off: what was open is over */
    if (a->learning || now < a->silence_us || !a->app->open || !a->app->config->alarms.silence)
        return;
    a->silence_us = now + AGAIN_S * INT64_C(1000000);
    l = calloc(1, sizeof *l);
    if (!l)
        return;
    l->a = a;
    l->s = a->silence;
    l->until_us = now_us - (a->t.hurry ? 0 : LAG_US);
    if (l->s.until_us == 0)
        l->s.until_us = now_us - (int64_t)(CORV_WORK_DAYS - 1) * 24 * CORV_HOUR_US;
    l->place = strdup(corv_queue_place(a->app->queue));
    a->learning =
        l->place && corv_pool_submit(a->app->pool, learn, learned, l, false, NULL) == CORV_OK;
    if (!a->learning)
        release(l);
}

void corv_alarms_heard(struct corv_app *app, const char *sender, const char *kind)
{
    struct corv_alarms *a = app->alarms;
    char subject[96];

    if (!a || !sender)
        return;
    (void)snprintf(subject, sizeof subject, "%.46s/%.46s", sender, kind);
    if (corv_incident_find(&a->t, CORV_CAUSE_SILENT, subject) ||
        corv_incident_find(&a->t, CORV_CAUSE_SILENT, sender))
        a->silence_us = corv_clock_mono_us() + (a->t.hurry ? 0 : 2 * LAG_US);
}
