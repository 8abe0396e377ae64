/* SPDX-License-Identifier: EUPL-1.2 */
/* One message on its way in, from the request to the answer. Made by receive.c, looked at by a
 * worker in examine.c, freed by acknowledge.c once the sender has its answer. Contains personal
 * data in body and verdict. Owner: whichever step it is in; exactly one at a time. */
#ifndef CORV_DAEMON_MESSAGE_H
#define CORV_DAEMON_MESSAGE_H

#include "daemon/app.h"
#include "daemon/base/digest.h"
#include "daemon/journey.h"
#include "daemon/route.h"
#include "queue/queue.h"
#include "schemas/verdict.h"

struct corv_http_request;

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

#define CORV_PARTS_MAX 4 /* the received message and what is made from it */

struct corv_message {
    struct corv_app *app;
    struct corv_http_request *request; /* waits for its reply */
    struct corv_config *config;        /* counted: the one it is judged by */
    struct corv_judge *judge;          /* counted, likewise */
    const struct corv_party *sender;   /* of the certificate */
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
    char detail[3][320];
};

struct corv_message *corv_message_new(struct corv_app *app, struct corv_http_request *r);
void corv_message_free(struct corv_message *m); /* accepts NULL; the request must be answered */

#endif
