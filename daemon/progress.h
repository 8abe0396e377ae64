/* SPDX-License-Identifier: EUPL-1.2 */
/* Does the work go on? systemd's watchdog is fed from this answer, so that a daemon that only turns
 * its loop is ended and started again. Pure: the facts go in with their time, nothing else is read.
 *
 * Intake and delivery are judged apart, so that the one cannot hide that the other stands still.
 * Each goes on when less than patience passed since it last moved; and standing still is no fault
 * while there is a reason that a restart would not mend:
 *   - nothing is due, or nothing is between intake and answer;
 *   - we are starting or stopping (systemd has other limits for that);
 *   - the database is away (messages get 503, the queue connects again);
 *   - each lane with something due is paused, probing a partner that failed, or is not configured.
 * The count of what is due comes from the database: when that question itself stays unanswered for
 * longer than patience although the database is connected, the queue is stuck.
 * Thread: any, one at a time. Test: tests/unit/test_progress.c */
#ifndef CORV_DAEMON_PROGRESS_H
#define CORV_DAEMON_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct corv_progress_facts {
    int64_t now_us;      /* monotonic */
    int64_t patience_us; /* longer than one attempt may take */
    bool open;
    bool draining;
    bool database;           /* connected */
    uint64_t due;            /* deliveries of lanes without an excuse, as last counted */
    int64_t counted_us;      /* when that was; 0: never yet */
    uint64_t delivery_steps; /* grows whenever a delivery gets further */
    uint64_t intake;         /* messages between intake and answer */
    uint64_t intake_steps;   /* grows whenever one of them gets its answer */
};

enum corv_progress {       /* from good to bad */
    CORV_PROGRESS_QUIET,   /* there is nothing to do */
    CORV_PROGRESS_MOVES,   /* something got further since the last look */
    CORV_PROGRESS_EXCUSED, /* there is, and a restart would not help */
    CORV_PROGRESS_WAITS,   /* not yet for as long as patience */
    CORV_PROGRESS_STUCK,   /* feed the watchdog no more */
};

struct corv_progress_track {
    int64_t since_us; /* waits since then; 0: does not wait */
    uint64_t steps;
};
struct corv_progress_state { /* zeroed at first */
    struct corv_progress_track delivery;
    struct corv_progress_track intake;
};

/* The worse of both. */
enum corv_progress corv_progress_judge(
    struct corv_progress_state *state, const struct corv_progress_facts *f);
const char *corv_progress_name(enum corv_progress p); /* static */

#endif
