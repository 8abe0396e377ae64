/* SPDX-License-Identifier: EUPL-1.2 */
/* Alarms as incidents: one cause and subject (a party, a certificate, an adapter) is one incident,
 * opened once, counted while it lasts, told again when it gets worse and now and then, closed once.
 *
 * Causes are looked at in rounds: begin, bad for each subject that is not well, end - and what was
 * not called bad is well. A cause that cannot be judged now is not begun, and stays as it was; a
 * single subject of a round that cannot be judged is kept. What happens rather than holds is an
 * event, and over when it stays away. Whoever comes back within `clear` was never away.
 * Bounded: CORV_INCIDENTS_MAX at once, more are counted; told at most once in CORV_REMIND_S per
 * incident unless it gets worse. Pure: the time goes in (wall clock, so that it outlives a restart;
 * one that steps back shortens nothing below zero). One thread. Test: tests/unit/test_incident.c */
#ifndef CORV_DAEMON_INCIDENT_H
#define CORV_DAEMON_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/rc.h"

#define CORV_INCIDENTS_MAX 128
#define CORV_REMIND_S      3600 /* then every four times as long, at most once a day */
#define CORV_REMIND_MAX_S  86400

enum corv_cause {
#define CORV_CAUSE(e, ...) CORV_CAUSE_##e,
#include "daemon/incident.def"
    CORV_CAUSES
};

enum corv_incident_severity { CORV_SEVERITY_NOTICE, CORV_SEVERITY_WARNING, CORV_SEVERITY_ERROR };

const char *corv_cause_code(enum corv_cause c);     /* static; of the key too */
const char *corv_cause_sentence(enum corv_cause c); /* static, Dutch */
const char *corv_cause_advice(enum corv_cause c);   /* static, Dutch */
enum corv_incident_severity corv_cause_severity(enum corv_cause c);
CORV_MUST_CHECK corv_rc corv_cause_read(const char *code, enum corv_cause *out);
const char *corv_incident_severity_name(enum corv_incident_severity s); /* static */

enum corv_incident_state {
    CORV_INCIDENT_SUSPECT, /* not long enough to be told */
    CORV_INCIDENT_OPEN,
    CORV_INCIDENT_ENDING, /* well again, but not long enough */
};

struct corv_incident {
    enum corv_cause cause;
    enum corv_incident_state state;
    enum corv_incident_severity severity;
    char subject[96]; /* ours: ids and words of the configuration; "" when there is but one */
    char code[48];    /* the last reason, or "" */
    uint64_t value;   /* what is counted of it now: deliveries, days, percent */
    uint64_t times;   /* events, or how often it came back while it was ending */
    int64_t since_us;
    int64_t last_us; /* last called bad */
    int64_t told_us;
    unsigned told; /* how often */
    bool marked;   /* in the round under way */
};

enum corv_incident_news { CORV_INCIDENT_OPENED, CORV_INCIDENT_UPDATED, CORV_INCIDENT_CLOSED };
/* Called from inside; must not change the table. */
typedef void (*corv_incident_cb)(
    void *ctx, const struct corv_incident *i, enum corv_incident_news news);

struct corv_incidents {
    struct corv_incident list[CORV_INCIDENTS_MAX];
    size_t count;
    uint64_t opened, closed, left_out;
    uint64_t changes; /* grows with whatever is worth keeping over a restart */
    bool hurry;       /* tests: nothing must last before it counts */
    corv_incident_cb tell;
    void *ctx;
};

/* What is not well. code may be NULL. */
struct corv_bad {
    enum corv_incident_severity severity;
    const char *subject;
    const char *code;
    uint64_t value;
    unsigned after_s; /* instead of the table's, when the operator says how long; else 0 */
};

void corv_incidents_begin(struct corv_incidents *t, enum corv_cause c);
void corv_incident_bad(
    struct corv_incidents *t, enum corv_cause c, const struct corv_bad *b, int64_t now_us);
void corv_incident_keep(struct corv_incidents *t, enum corv_cause c, const char *subject);
void corv_incidents_end(struct corv_incidents *t, enum corv_cause c, int64_t now_us);
void corv_incident_event(struct corv_incidents *t, enum corv_cause c, const char *subject,
    const char *code, int64_t now_us);
/* Ends what only happens and did not happen again. */
void corv_incidents_tick(struct corv_incidents *t, int64_t now_us);
/* One that was open before a restart: told already. */
void corv_incident_restore(struct corv_incidents *t, const struct corv_incident *i);
const struct corv_incident *corv_incident_find(
    const struct corv_incidents *t, enum corv_cause c, const char *subject);
bool corv_incident_counts(const struct corv_incident *i); /* open or ending: an alarm */
size_t corv_incidents_open(const struct corv_incidents *t);
/* "partner.unreachable:raad" */
#define CORV_INCIDENT_KEY 160
char *corv_incident_key(const struct corv_incident *i, char out[CORV_INCIDENT_KEY]);

#endif
