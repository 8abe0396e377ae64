/* SPDX-License-Identifier: EUPL-1.2 */
/* One message on its way in, from whoever offered it to the answer. Made by receive.c or offer.c,
 * looked at by a worker in examine.c, freed by acknowledge.c once that one has its answer: a
 * client of the intake (answer_http.c) or an adapter (offer.c). Contains personal
 * data in body and verdict. Owner: whichever step it is in; exactly one at a time. */
#ifndef CORV_DAEMON_MESSAGE_H
#define CORV_DAEMON_MESSAGE_H

#include "daemon/app.h"
#include "daemon/base/digest.h"
#include "daemon/journey.h"
#include "daemon/route.h"
#include "queue/queue.h"
#include "schemas/verdict.h"

struct corv_message;

/* The bytes of one message to store: the received one or one derived from it. */
struct corv_part {
    struct corv_id id;
    const char *kind;
    const char *content_type;
    char *body; /* owned; may be handed to a lane after COMMIT; NULL once sealed in its place */
    size_t size;
    bool held; /* counted in held_bytes */
    struct corv_digest digest;
    char *sealed; /* owned */
    size_t sealed_size;
};

/* From this size on the body is sealed in its own place: there is no second copy in memory. */
#define CORV_PART_BIG ((size_t)1 << 20)

#define CORV_SELF "corvd" /* sender of what we make ourselves; no party may have this id */

#define CORV_PARTS_MAX CORV_PUT_MESSAGES_MAX /* the received message and what is made from it */

enum corv_fate {
    CORV_FATE_STORED,
    CORV_FATE_REPEAT,
    CORV_FATE_CONFLICT,
    CORV_FATE_REFUSED,     /* the findings tell why */
    CORV_FATE_UNAVAILABLE, /* not now: the same again later */
    CORV_FATE_REJECTED,    /* our bug */
};

/* What became of a message. */
struct corv_told {
    enum corv_fate fate;
    const struct corv_id *id; /* the stored message's: of the first one for a repeat */
    const char *code;         /* of answer.def for a no without findings, else "" */
};

/* Who waits for the answer. tell is called exactly once per message, on the loop. */
struct corv_answerer {
    void (*tell)(void *ctx, const struct corv_message *m, const struct corv_told *told);
    void *ctx;
    uint64_t number; /* for the answerer's own use */
};

struct corv_message {
    struct corv_app *app;
    struct corv_answerer answerer;
    struct corv_config *config;      /* counted: the one it is judged by */
    struct corv_judge *judge;        /* counted, likewise */
    const struct corv_party *sender; /* as the transport proved it; NULL: nobody we know */
    struct corv_journey journey;
    int64_t received_us;
    int day;
    struct corv_part parts[CORV_PARTS_MAX]; /* [0] is what was received */
    unsigned parts_count;
    struct corv_verdict verdict;
    struct corv_plan plan;
    struct corv_findings addressing; /* findings of the routing */
    int status;                      /* HTTP answer so far; 0 while nothing was decided */
    corv_rc trouble;                 /* ours, not the sender's: memory, disk */
    /* what store.c hands to the queue; borrowed by it until its callback */
    struct corv_queue_message stored[CORV_PARTS_MAX];
    struct corv_queue_delivery deliveries[CORV_PLAN_MAX];
    struct corv_queue_event events[3];
    char detail[320];                /* of each of the events */
    char case_key[CORV_DIGEST_TEXT]; /* case_key.h; "": names no case */
};

struct corv_message *corv_message_new(struct corv_app *app, struct corv_answerer answerer);
/* From whom: counted among what that party has under way. NULL: from nobody we know. */
CORV_MUST_CHECK corv_rc corv_message_from(struct corv_message *m, const struct corv_party *sender);
/* Its body, counted among what the daemon holds. */
void corv_message_take_body(struct corv_message *m, char *body_take, size_t size);
const char *corv_message_sender(const struct corv_message *m); /* id, or NULL */
void corv_message_free(struct corv_message *m); /* accepts NULL; the answerer must have heard */

#endif
