/* SPDX-License-Identifier: EUPL-1.2 */
/* What the queue keeps, as plain values. The queue knows no XML: kinds, routes and parties are
 * names to it. Strings are borrowed for the duration stated at the call that takes them. */
#ifndef CORV_QUEUE_TYPES_H
#define CORV_QUEUE_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/digest.h"
#include "daemon/base/id.h"

/* States of a delivery. The allowed moves are the table in queue/states.c; docs print it. */
enum corv_delivery_state {
    CORV_DELIVERY_WAITING = 0,   /* due at due_at; while leased, due_at is the lease's end */
    CORV_DELIVERY_HELD = 1,      /* waits for an operator's answer */
    CORV_DELIVERY_DEAD = 2,      /* dead-letter tray: given up or refused; operator may retry */
    CORV_DELIVERY_CONFIRMED = 3, /* final: the receiver confirmed */
    CORV_DELIVERY_DROPPED = 4,   /* final: an operator took it out, with a reason */
};
const char *corv_delivery_state_name(enum corv_delivery_state s);
bool corv_delivery_may_move(enum corv_delivery_state from, enum corv_delivery_state to);

#define CORV_PRIORITY_SPOED  0
#define CORV_PRIORITY_NORMAL 5

struct corv_queue_delivery {
    int no;            /* 1.. within its message; (message id, no) is the delivery's name */
    const char *route; /* name of the route that decided, never an address */
    const char *party; /* receiving party id; NULL while held in doubt */
    int priority;      /* lower goes first */
    enum corv_delivery_state state; /* WAITING or HELD */
    const char *held_code;          /* for HELD: stable code, "route.gemeente-in-doubt" */
    const char *held_question;      /* for HELD: a sentence for the operator, no personal data */
    bool lease_now; /* this node delivers at once from memory: stored as leased by it */
};

struct corv_queue_message {
    struct corv_id id;
    struct corv_id parent; /* the message this one was made from; null id when received */
    int64_t received_us;
    const char *kind;       /* "vtoDi01" */
    const char *variant;    /* "" when none */
    const char *sender;     /* technical sender: party id of the certificate */
    const char *zender_org; /* as in the message; "" when absent; the same for the next ones */
    const char *zender_app;
    const char *zender_adm;
    const char *ontvanger_org;
    const char *ontvanger_app;
    const char *referentie;
    const char *crossref;
    const char *mandated_by; /* party id of the gemeente that mandated, or NULL */
    const char *responsible; /* party id of the responsible gemeente, or NULL when unknown */
    const char *zaak_key;    /* keyed hash of the case number as hex, or NULL (correlation) */
    const char *decision;    /* why it was routed so, JSON without personal data */
    bool urgent;
    uint64_t size;             /* bytes of the payload */
    struct corv_digest digest; /* SHA-256 of the payload */
    const char *content_type;
    struct corv_view sealed; /* payload as it goes to the database (vault.h) */
    const struct corv_queue_delivery *deliveries;
    unsigned deliveries_count;
};

/* One line of the audit trail. No personal data in any field. */
struct corv_queue_event {
    const char *event;      /* "message.stored", "message.refused", "delivery.confirmed", … */
    struct corv_id message; /* null id: about no message */
    int delivery;           /* no, 0 = none */
    const char *party;      /* whom it concerns, or NULL */
    const char *actor;      /* "node:NAME" or "operator:USER@HOST" */
    const char *code;       /* stable reason, or NULL */
    const char *detail;     /* JSON object as text, or NULL: counts, digests, codes */
};

/* A delivery taken on a lease, ready to be handed to an adapter. Owned by the receiver of the
 * lease callback; free with corv_leased_free. */
struct corv_leased {
    struct corv_id message;
    int no;
    char *kind;
    char *route;
    char *party;
    char *sender;
    char *zender_org;
    char *zender_app;
    char *zender_adm;
    char *referentie;
    char *content_type;
    int priority;
    int attempt;          /* this one, 1.. */
    int64_t first_due_us; /* when it was stored: retries are given up relative to this */
    struct corv_digest digest;
    char *sealed; /* owned */
    size_t sealed_size;
};
void corv_leased_free(struct corv_leased *d); /* accepts NULL */

#endif
