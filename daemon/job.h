/* SPDX-License-Identifier: EUPL-1.2 */
/* One delivery in this process: leased by us, waiting in a lane, under way, or being settled.
 * Owner: the lane while it waits, the host while it is under way, the queue while it is settled.
 * Loop thread only, except that a worker opens the sealed payload before it goes to a lane. */
#ifndef CORV_DAEMON_JOB_H
#define CORV_DAEMON_JOB_H

#include "daemon/app.h"
#include "daemon/base/digest.h"
#include "daemon/lane.h"
#include "queue/queue.h"

struct corv_config;

struct corv_body { /* plain payload shared by the deliveries of one message */
    unsigned refs;
    size_t size;
    char *p; /* owned */
};
struct corv_body *corv_body_new(char *p_take, size_t size); /* NULL: p is freed */
struct corv_body *corv_body_hold(struct corv_body *b);
void corv_body_free(struct corv_body *b); /* accepts NULL */

struct corv_job {
    struct corv_lane_job lane;
    unsigned holds; /* the one who settles it, and the adapter until it let go */
    struct corv_app *app;
    struct corv_config *config; /* counted while under way: its address is in use */
    struct corv_leased *row;    /* owned: what the database knows of it */
    struct corv_body *body;     /* counted */
    char message_text[CORV_ID_TEXT];
    char delivery_text[CORV_ID_TEXT + 8];
    corv_rc opened; /* by the worker */
    char *plain;    /* owned, from the worker until it becomes the body */
    size_t plain_size;
    /* for settling */
    struct corv_settle settle;
    struct corv_queue_event event;
    struct corv_queue_message fault;
    struct corv_queue_delivery fault_delivery;
    char *fault_sealed; /* owned */
    const char *why;    /* static, of answer.def: why it is dead */
    char code[48];      /* what the adapter or we said */
    char text[200];
    char detail[256];
    struct corv_digest receipt; /* of what the peer answered */
    int64_t began_us;           /* monotonic, when the adapter got it */
    int64_t took_us;
    enum corv_lane_end end;
    unsigned pause_s;
    struct corv_list waiting; /* for another try at settling */
};

struct corv_job *corv_job_new(struct corv_app *app, struct corv_leased *row_take);
void corv_job_free(struct corv_job *job); /* gives one hold back; accepts NULL */

#endif
