/* SPDX-License-Identifier: EUPL-1.2 */
/* Questions and operator's actions for corvctl and the admin listener: blocking libpq on a
 * connection of its own, read-only unless the name says otherwise. Every action appends to the
 * audit chain "operator" in the same transaction. Results are plain arrays owned by the caller
 * (corv_inspect_free). Not for the daemon's loop thread.
 * Test: tests/unit/test_inspect.c */
#ifndef CORV_QUEUE_INSPECT_H
#define CORV_QUEUE_INSPECT_H

#include <stdio.h>

#include "daemon/base/fault.h"
#include "queue/types.h"

struct corv_inspect; /* a connection */

CORV_MUST_CHECK corv_rc corv_inspect_open(
    const char *conninfo, struct corv_inspect **out, struct corv_fault *fault);
void corv_inspect_close(struct corv_inspect *i);

struct corv_inspect_message {
    char id[CORV_ID_TEXT];
    char parent[CORV_ID_TEXT]; /* "" when received */
    char received[32];         /* ISO 8601 UTC, milliseconds */
    char kind[48];
    char variant[32];
    char sender[64];
    char zender_org[24];
    char ontvanger_org[24];
    char referentie[48];
    char mandated_by[64];
    char responsible[64];
    bool urgent;
    uint64_t size;
    char digest[CORV_DIGEST_TEXT];
    unsigned deliveries, waiting, held, dead, confirmed, dropped;
};
struct corv_inspect_delivery {
    char message[CORV_ID_TEXT];
    int no;
    char kind[48];
    char route[64];
    char party[64];
    char state[16]; /* corv_delivery_state_name, or "leased" */
    int priority;
    int attempts;
    char created[32];
    char due[32];  /* next attempt, "" when final */
    char done[32]; /* "" when open */
    char code[48];
    char text[256];
    int status;
    char held_question[256];
    char receipt[128]; /* SHA-256 of the receipt, hexadecimal; "" when none */
};
struct corv_inspect_event {
    int chain;
    int64_t seq;
    char at[32];
    char event[48];
    char message[CORV_ID_TEXT];
    int delivery;
    char party[64];
    char actor[96];
    char code[48];
    char detail[512];
};
struct corv_inspect_filter {
    const char *kind;      /* NULL: any; the same for the next ones */
    const char *party;     /* sender or receiver */
    const char *state;     /* a delivery in this state */
    const char *reference; /* referentienummer, exact */
    const char *day;       /* taken in on this day (UTC): "2026-01-31" */
    unsigned limit;        /* newest first, 0: CORV_INSPECT_LIMIT */
};
#define CORV_INSPECT_LIMIT 50

CORV_MUST_CHECK corv_rc corv_inspect_messages(struct corv_inspect *i,
    const struct corv_inspect_filter *filter, struct corv_inspect_message **out, size_t *count,
    struct corv_fault *fault);
/* id may be a unique prefix of at least 8 characters. CORV_E_NOTFOUND / CORV_E_LIMIT (several). */
CORV_MUST_CHECK corv_rc corv_inspect_message(struct corv_inspect *i, const char *id,
    struct corv_inspect_message *out, struct corv_fault *fault);
/* Messages made from this one (kennisgeving, Fo01). */
CORV_MUST_CHECK corv_rc corv_inspect_children(struct corv_inspect *i, const char *id,
    struct corv_inspect_message **out, size_t *count, struct corv_fault *fault);
/* What belongs together with this message, oldest first; of many the newest CORV_INSPECT_LIMIT. A
 * message that it belongs to in two ways comes twice. What was made from it is not here. */
struct corv_inspect_related {
    char id[CORV_ID_TEXT];
    char kind[48];
    char variant[32];
    char received[32];
    char by[16]; /* "answers", "answered-by": crossRefnummer; "case": the filer's case number */
};
CORV_MUST_CHECK corv_rc corv_inspect_related(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_related **out, size_t *count, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_inspect_deliveries(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_delivery **out, size_t *count, struct corv_fault *fault);
/* Open deliveries by state: "waiting", "held", "dead" or NULL for all open ones; due first. */
CORV_MUST_CHECK corv_rc corv_inspect_open_deliveries(struct corv_inspect *i, const char *state,
    unsigned limit, struct corv_inspect_delivery **out, size_t *count, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_inspect_trace(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_event **out, size_t *count, struct corv_fault *fault);

struct corv_inspect_lane {
    char party[64];
    uint64_t waiting, leased, held, dead;
    char oldest_due[32]; /* "" when nothing is due */
    double oldest_due_seconds;
    char next_due[32];
    char last_code[48];
    char last_text[256];
};
CORV_MUST_CHECK corv_rc corv_inspect_lanes(struct corv_inspect *i, struct corv_inspect_lane **out,
    size_t *count, struct corv_fault *fault);

/* Messages per day (UTC) and kind, newest day first; how their deliveries stand now. */
struct corv_inspect_day {
    char day[16]; /* YYYY-MM-DD */
    char kind[48];
    uint64_t messages, bytes;
    uint64_t deliveries, waiting, held, dead, confirmed, dropped;
};
CORV_MUST_CHECK corv_rc corv_inspect_days(struct corv_inspect *i, unsigned days,
    struct corv_inspect_day **out, size_t *count, struct corv_fault *fault);

struct corv_inspect_hour {
    char sender[64];
    char kind[48];
    int64_t hour; /* since 1970 */
    uint64_t messages;
};
/* In which hours messages were received, per sender and kind, in order of time: those with from_us
 * <= time < until_us. What was made by corvd itself does not count. */
CORV_MUST_CHECK corv_rc corv_inspect_hours(struct corv_inspect *i, int64_t from_us,
    int64_t until_us, struct corv_inspect_hour **out, size_t *count, struct corv_fault *fault);

/* What is known of the audit trail outside the database. */
struct corv_audit_mark { /* "that chain has come so far": queue/fence.h */
    char chain[80];
    int64_t seq;
    struct corv_digest hash;
};
struct corv_audit_trust {
    uint8_t (*keys)[32]; /* public keys of the nodes (queue/seal.h); none: any key will do */
    size_t keys_count;
    const struct corv_audit_mark *marks;
    size_t marks_count;
};
/* Walks all chains. broken says where and what; CORV_OK with broken->seq == 0: all well. */
struct corv_audit_report {
    uint64_t chains, lines, verified;
    uint64_t skeletons; /* of the verified ones: texts destroyed */
    uint64_t seals;     /* good ones */
    uint64_t unsealed;  /* lines after the last seal of their chain */
    int64_t sealed_us;  /* of the newest seal, 0 none */
    struct {
        int chain;
        int64_t seq; /* 0: not broken */
        char what[160];
    } broken;
};
CORV_MUST_CHECK corv_rc corv_inspect_verify(
    struct corv_inspect *i, struct corv_audit_report *out, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_inspect_verify_by(struct corv_inspect *i,
    const struct corv_audit_trust *trust, struct corv_audit_report *out, struct corv_fault *fault);
/* What became of the content of one message, and what proves it. */
struct corv_inspect_purge {
    char message[CORV_ID_TEXT];
    char received[32]; /* "" when the traffic data is gone too */
    bool there;        /* the sealed content is still in the database */
    unsigned open;     /* deliveries that are not final */
    char final[32];    /* when the last delivery ended */
    char destroyed[32];
    int chain; /* the line that says so: 0 none */
    int64_t seq;
    bool line_right; /* its sums come out */
    char sealed[32]; /* of the first seal at or after that line, "" none yet */
    char key[16];    /* JJJJMMDDUU: the key it was under at the end */
    char key_destroyed[32];
    unsigned keys;      /* hours from receipt to then: every key a copy may be under */
    unsigned keys_left; /* of those, not known to be destroyed */
};
/* id as for corv_inspect_message, or a whole number of a message whose traffic data is gone. */
CORV_MUST_CHECK corv_rc corv_inspect_purge(struct corv_inspect *i, const char *id,
    struct corv_inspect_purge *out, struct corv_fault *fault);
/* How destruction stands. */
struct corv_inspect_purge_state {
    uint64_t payloads;       /* there now */
    uint64_t waiting;        /* of those: with an open delivery */
    uint64_t late;           /* of those: final for longer than payload_hours */
    double late_seconds;     /* the worst of them */
    uint64_t destroyed_day;  /* in the last 24 hours */
    uint64_t keys_destroyed; /* in the last 24 hours */
    uint64_t keys_begun;     /* written down, not yet destroyed */
    char last[32];           /* last destruction of content */
    uint64_t months;         /* of traffic data that should be gone */
};
CORV_MUST_CHECK corv_rc corv_inspect_purge_state(struct corv_inspect *i, unsigned payload_hours,
    unsigned traffic_days, struct corv_inspect_purge_state *out, struct corv_fault *fault);

/* Writes the trail as JSON lines for whoever verifies it without us (docs/audit_verify.py): all of
 * it, or the lines of the days from..to (JJJJ-MM-DD in UTC, both included; NULL: open). What is
 * broken is written as it is. *rows counts. CORV_E_IO with class STORE: also when out fails. */
CORV_MUST_CHECK corv_rc corv_inspect_export(struct corv_inspect *i, const char *from,
    const char *to, FILE *out, uint64_t *rows, struct corv_fault *fault);
/* Every array above is freed with this; accepts NULL. */
void corv_inspect_free(void *rows);

/* ---- actions; actor is "operator:USER@HOST" ------------------------------------------------
 * message_id is the full number; no 0: every delivery of the message that allows it. A delivery on
 * a lease is left alone. CORV_E_NOTFOUND: no such delivery; CORV_E_STATE: none allowed it, the
 * fault says why; CORV_E_INVALID: a reason that may hold a person's number. */

/* dead or waiting (or leased by nobody) -> due now, attempts kept. */
CORV_MUST_CHECK corv_rc corv_act_retry(struct corv_inspect *i, const char *message_id, int no,
    const char *actor, unsigned *changed, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_act_hold(struct corv_inspect *i, const char *message_id, int no,
    const char *reason, const char *actor, unsigned *changed, struct corv_fault *fault);
/* held -> due now; to: party that must receive it (required when the delivery has none). */
CORV_MUST_CHECK corv_rc corv_act_release(struct corv_inspect *i, const char *message_id, int no,
    const char *to, const char *actor, unsigned *changed, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_act_reroute(struct corv_inspect *i, const char *message_id, int no,
    const char *to, const char *actor, unsigned *changed, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_act_drop(struct corv_inspect *i, const char *message_id, int no,
    const char *reason, const char *actor, unsigned *changed, struct corv_fault *fault);

#endif
