/* SPDX-License-Identifier: EUPL-1.2 */
/* Every destination has its own lane: so many deliveries under way at most, a window that grows on
 * success and shrinks on failure, and a pause with growing back-off while the partner is away. One
 * dead or slow party never holds the others (promise 9).
 *
 * A delivery gets into a lane in two ways: straight from store.c after the COMMIT (reserved before
 * it, so that the row is already leased to us), or leased from the database when the lane has room.
 * Inside a lane spoed goes first, then the order of arrival.
 * Loop thread only. Test: tests/unit/test_lane.c */
#ifndef CORV_DAEMON_LANE_H
#define CORV_DAEMON_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/list.h"
#include "daemon/base/rc.h"

struct corv_lanes;

struct corv_lanes_options {
    unsigned in_flight;     /* per lane, when the lane does not say */
    unsigned ready_max;     /* deliveries waiting in memory per lane */
    uint64_t memory;        /* bytes of payload in all lanes together; above it, until four times
                             * as much, a lane may have one message */
    unsigned retry_first_s; /* pause after the first failure of a partner */
    unsigned retry_max_s;
    void (*start)(void *ctx, struct corv_list *job);  /* begin this delivery now */
    void (*expire)(void *ctx, struct corv_list *job); /* the lease is too old: let go of it */
    void *ctx;
};

/* What a lane needs to know of a job. First member of the job's own struct is not required: the
 * lane only keeps the node and this. */
struct corv_lane_job {
    struct corv_list node; /* the lane's; initialise with corv_list_init */
    int priority;
    uint64_t bytes;
    int64_t lease_until_us; /* monotonic: not started after this */
};

CORV_MUST_CHECK corv_rc corv_lanes_new(const struct corv_lanes_options *o, struct corv_lanes **out);
void corv_lanes_free(struct corv_lanes *l); /* accepts NULL; must hold no jobs */
/* Makes the lane known (idempotent); in_flight 0: the default. */
CORV_MUST_CHECK corv_rc corv_lane_add(struct corv_lanes *l, const char *party, unsigned in_flight);

/* A new configuration: for lanes that do not say themselves (corv_lane_add again), and pauses. */
void corv_lanes_set(
    struct corv_lanes *l, unsigned in_flight, unsigned retry_first_s, unsigned retry_max_s);

/* Room in memory for one more that comes straight from the store? True: reserved. False when the
 * lane is unknown, paused, full, or older deliveries wait in the database. Spoed passes those and
 * has as much room again: left in the database it would wait until this lane has room to lease. */
bool corv_lane_reserve(struct corv_lanes *l, const char *party, int priority, uint64_t bytes);
/* A delivery was leased from the database and will be pushed soon: reserved without asking. */
void corv_lane_expect(struct corv_lanes *l, const char *party, uint64_t bytes);
void corv_lane_unreserve(struct corv_lanes *l, const char *party, uint64_t bytes);
/* Hands a job over; reserved: it was reserved before. Starts it when the window is open. */
CORV_MUST_CHECK corv_rc corv_lane_push(
    struct corv_lanes *l, const char *party, struct corv_lane_job *job, bool reserved);

enum corv_lane_end {
    CORV_LANE_OK,      /* the partner answered well */
    CORV_LANE_MESSAGE, /* this message failed, the partner is there */
    CORV_LANE_PARTNER, /* the partner is away or overloaded: pause the lane */
};
/* A started job has ended and is settled. pause_s: what the partner asked for, 0 = back-off. */
void corv_lane_ended(struct corv_lanes *l, const char *party, struct corv_lane_job *job,
    enum corv_lane_end how, unsigned pause_s, int64_t now_us);

/* How many more this lane can lease from the database now (0: paused or full). */
unsigned corv_lane_room(struct corv_lanes *l, size_t i, int64_t now_us);
const char *corv_lane_party(const struct corv_lanes *l, size_t i);
size_t corv_lanes_count(const struct corv_lanes *l);
/* More waits in the database and the lane has come to its last window of what it holds: time to
 * lease again, and not only when the poller comes by. False for what is not open. */
bool corv_lane_runs_dry(struct corv_lanes *l, const char *party, int64_t now_us);
/* The database had more than it could give: do not overtake what waits there. */
void corv_lane_set_backlog(struct corv_lanes *l, const char *party, bool more);
/* Starts what may start: pauses that ended, windows that opened. Call from a timer. */
void corv_lanes_tick(struct corv_lanes *l, int64_t now_us);
/* Lets go of everything that was not started (shutdown). */
void corv_lanes_drop_ready(struct corv_lanes *l);

/* What came of one attempt, for the counts below; code says why it was not delivered. */
enum corv_lane_class {
    CORV_LANE_DELIVERED,
    CORV_LANE_LATER,
    CORV_LANE_TIMEOUT,
    CORV_LANE_REFUSED,
    CORV_LANE_UNREADABLE,
    CORV_LANE_CLASSES,
};
const char *corv_lane_class_name(unsigned cls); /* static */
void corv_lane_count(
    struct corv_lanes *l, const char *party, enum corv_lane_class cls, const char *code);

struct corv_lane_info {
    const char *party;
    const uint64_t *attempts; /* CORV_LANE_CLASSES; borrowed */
    const char *code;         /* of the last attempt that did not succeed, or "" */
    unsigned in_flight, window, ready, failures;
    unsigned refused;        /* attempts in a row that the partner refused for good */
    int64_t paused_until_us; /* monotonic; 0: open */
};
void corv_lane_info_get(const struct corv_lanes *l, size_t i, struct corv_lane_info *out);
unsigned corv_lanes_in_flight(const struct corv_lanes *l);
/* Bytes of content that all lanes hold or expect, as it is when it was opened. */
uint64_t corv_lanes_memory(const struct corv_lanes *l);

#endif
