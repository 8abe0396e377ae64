/* SPDX-License-Identifier: EUPL-1.2 */
/* How much stands in the database, as last counted: kept for /metrics and the alarms, so that
 * nobody has to ask the database in a hurry. Loop thread only. Test: tests/unit/test_depth.c */
#ifndef CORV_DAEMON_DEPTH_H
#define CORV_DAEMON_DEPTH_H

#include "queue/queue.h"

struct corv_depth_lane {
    char party[64]; /* "" what is held in doubt */
    uint64_t waiting, due, held, dead;
    int64_t oldest_due_us; /* wall clock, 0 when none is due */
};

struct corv_depth {
    struct corv_depth_lane *lanes; /* owned, sorted by party */
    size_t count;
    uint64_t waiting; /* without what is leased */
    uint64_t leased, held, dead;
    bool counted; /* both questions were answered at least once */
    bool backlog_came, aside_came;
};

/* What the queue answered; CORV_E_NOMEM leaves what was. */
CORV_MUST_CHECK corv_rc corv_depth_backlog(
    struct corv_depth *d, const struct corv_backlog *b, size_t count);
CORV_MUST_CHECK corv_rc corv_depth_aside(
    struct corv_depth *d, const struct corv_aside *a, size_t count, uint64_t leased);
/* NULL: nothing there. Accepts NULL. */
const struct corv_depth_lane *corv_depth_of(const struct corv_depth *d, const char *party);
int64_t corv_depth_due_us(const struct corv_depth_lane *l, int64_t now_us); /* age, 0: none due */
void corv_depth_clear(struct corv_depth *d);

#endif
