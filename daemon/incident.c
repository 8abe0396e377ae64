/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/incident.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *code;
    enum corv_incident_severity severity;
    unsigned after, clear, quiet;
    const char *sentence;
    const char *advice;
} causes[CORV_CAUSES] = {
#define CORV_CAUSE(e, code, severity, after, clear, quiet, sentence, advice)                       \
    [CORV_CAUSE_##e] = {code, CORV_SEVERITY_##severity, after, clear, quiet, sentence, advice},
#include "daemon/incident.def"
};

const char *corv_cause_code(enum corv_cause c)
{
    return causes[c].code;
}

const char *corv_cause_sentence(enum corv_cause c)
{
    return causes[c].sentence;
}

const char *corv_cause_advice(enum corv_cause c)
{
    return causes[c].advice;
}

enum corv_incident_severity corv_cause_severity(enum corv_cause c)
{
    return causes[c].severity;
}

corv_rc corv_cause_read(const char *code, enum corv_cause *out)
{
    for (unsigned c = 0; c < CORV_CAUSES; c++)
        if (strcmp(causes[c].code, code) == 0) {
            *out = (enum corv_cause)c;
            return CORV_OK;
        }
    return CORV_E_NOTFOUND;
}

const char *corv_incident_severity_name(enum corv_incident_severity s)
{
    static const char *const names[] = {"notice", "warning", "error"};

    return names[s];
}

bool corv_incident_counts(const struct corv_incident *i)
{
    return i->state != CORV_INCIDENT_SUSPECT;
}

char *corv_incident_key(const struct corv_incident *i, char out[CORV_INCIDENT_KEY])
{
    (void)snprintf(out, CORV_INCIDENT_KEY, "%s%s%s", causes[i->cause].code,
        i->subject[0] ? ":" : "", i->subject);
    return out;
}

static struct corv_incident *find(struct corv_incidents *t, enum corv_cause c, const char *subject)
{
    for (size_t n = 0; n < t->count; n++)
        if (t->list[n].cause == c && strcmp(t->list[n].subject, subject) == 0)
            return &t->list[n];
    return NULL;
}

const struct corv_incident *corv_incident_find(
    const struct corv_incidents *t, enum corv_cause c, const char *subject)
{
    for (size_t n = 0; n < t->count; n++)
        if (t->list[n].cause == c && strcmp(t->list[n].subject, subject) == 0)
            return &t->list[n];
    return NULL;
}

size_t corv_incidents_open(const struct corv_incidents *t)
{
    size_t open = 0;

    for (size_t n = 0; n < t->count; n++)
        open += corv_incident_counts(&t->list[n]);
    return open;
}

/* ---- moves: the only place where an incident changes state ----------------------------------- */

static bool passed(const struct corv_incidents *t, int64_t since_us, unsigned s, int64_t now_us)
{
    return s == 0 || t->hurry || now_us - since_us >= (int64_t)s * 1000000;
}

/* A wall clock that stepped back: from now on, and not until it has caught up. */
static void mind_clock(struct corv_incident *i, int64_t now_us)
{
    if (i->since_us > now_us)
        i->since_us = now_us;
    if (i->last_us > now_us)
        i->last_us = now_us;
    if (i->told_us > now_us)
        i->told_us = now_us;
}

/* What the operator set is waited for in tests too. */
static bool long_enough(const struct corv_incidents *t, const struct corv_incident *i,
    const struct corv_bad *b, int64_t now_us)
{
    return b->after_s ? now_us - i->since_us >= (int64_t)b->after_s * 1000000
                      : passed(t, i->since_us, causes[i->cause].after, now_us);
}

static void news(
    struct corv_incidents *t, struct corv_incident *i, enum corv_incident_news what, int64_t now_us)
{
    i->told_us = now_us;
    i->told++;
    t->changes++;
    if (t->tell)
        t->tell(t->ctx, i, what);
}

static void open_it(struct corv_incidents *t, struct corv_incident *i, int64_t now_us)
{
    i->state = CORV_INCIDENT_OPEN;
    t->opened++;
    news(t, i, CORV_INCIDENT_OPENED, now_us);
}

static void end_it(struct corv_incidents *t, struct corv_incident *i, int64_t now_us)
{
    if (corv_incident_counts(i)) {
        t->closed++;
        news(t, i, CORV_INCIDENT_CLOSED, now_us);
    }
    *i = t->list[--t->count];
}

static struct corv_incident *begin_it(
    struct corv_incidents *t, enum corv_cause c, const char *subject, int64_t now_us)
{
    struct corv_incident *i;

    if (t->count == CORV_INCIDENTS_MAX) {
        t->left_out++;
        return NULL;
    }
    i = &t->list[t->count++];
    *i = (struct corv_incident){.cause = c, .since_us = now_us, .last_us = now_us};
    (void)snprintf(i->subject, sizeof i->subject, "%s", subject);
    return i;
}

/* After an hour, then after four more, then once a day. */
static int64_t remind_us(const struct corv_incident *i)
{
    int64_t s = CORV_REMIND_S;

    for (unsigned n = 1; n < i->told && s < CORV_REMIND_MAX_S; n++)
        s *= 4;
    return (s < CORV_REMIND_MAX_S ? s : CORV_REMIND_MAX_S) * 1000000;
}

static void remind(struct corv_incidents *t, struct corv_incident *i, int64_t now_us)
{
    if (i->state == CORV_INCIDENT_OPEN && now_us - i->told_us >= remind_us(i))
        news(t, i, CORV_INCIDENT_UPDATED, now_us);
}

/* ---- rounds --------------------------------------------------------------------------------- */

void corv_incidents_begin(struct corv_incidents *t, enum corv_cause c)
{
    for (size_t n = 0; n < t->count; n++)
        if (t->list[n].cause == c)
            t->list[n].marked = false;
}

void corv_incident_keep(struct corv_incidents *t, enum corv_cause c, const char *subject)
{
    struct corv_incident *i = find(t, c, subject);

    if (i)
        i->marked = true;
}

static void describe(struct corv_incident *i, const struct corv_bad *b)
{
    i->value = b->value;
    if (b->code)
        (void)snprintf(i->code, sizeof i->code, "%s", b->code);
}

void corv_incident_bad(
    struct corv_incidents *t, enum corv_cause c, const struct corv_bad *b, int64_t now_us)
{
    struct corv_incident *i = find(t, c, b->subject);
    bool fresh = !i;

    if (fresh)
        i = begin_it(t, c, b->subject, now_us);
    if (!i)
        return;
    bool worse = !fresh && corv_incident_counts(i) && b->severity > i->severity;

    describe(i, b);
    mind_clock(i, now_us);
    i->severity = b->severity;
    i->last_us = now_us;
    i->marked = true;
    if (i->state == CORV_INCIDENT_ENDING) {
        i->state = CORV_INCIDENT_OPEN;
        i->times++;
        t->changes++;
    }
    if (i->state == CORV_INCIDENT_SUSPECT && long_enough(t, i, b, now_us))
        open_it(t, i, now_us);
    else if (worse)
        news(t, i, CORV_INCIDENT_UPDATED, now_us);
    else
        remind(t, i, now_us);
}

void corv_incidents_end(struct corv_incidents *t, enum corv_cause c, int64_t now_us)
{
    for (size_t n = t->count; n-- > 0;) {
        struct corv_incident *i = &t->list[n];

        if (i->cause != c || i->marked)
            continue;
        mind_clock(i, now_us);
        if (i->state == CORV_INCIDENT_SUSPECT || passed(t, i->last_us, causes[c].clear, now_us))
            end_it(t, i, now_us);
        else
            i->state = CORV_INCIDENT_ENDING;
    }
}

/* ---- events --------------------------------------------------------------------------------- */

void corv_incident_event(struct corv_incidents *t, enum corv_cause c, const char *subject,
    const char *code, int64_t now_us)
{
    struct corv_incident *i = find(t, c, subject);
    bool fresh = !i;

    if (fresh)
        i = begin_it(t, c, subject, now_us);
    if (!i)
        return;
    i->severity = causes[c].severity;
    i->times++;
    i->value = i->times;
    i->last_us = now_us;
    if (code)
        (void)snprintf(i->code, sizeof i->code, "%s", code);
    if (fresh)
        open_it(t, i, now_us);
    else
        remind(t, i, now_us);
}

void corv_incidents_tick(struct corv_incidents *t, int64_t now_us)
{
    for (size_t n = t->count; n-- > 0;) {
        struct corv_incident *i = &t->list[n];

        mind_clock(i, now_us);
        if (causes[i->cause].quiet > 0 &&
            now_us - i->last_us >= (int64_t)causes[i->cause].quiet * 1000000)
            end_it(t, i, now_us);
    }
}

void corv_incident_restore(struct corv_incidents *t, const struct corv_incident *i)
{
    if (t->count < CORV_INCIDENTS_MAX && !find(t, i->cause, i->subject))
        t->list[t->count++] = *i;
}
