/* SPDX-License-Identifier: EUPL-1.2 */
/* The only place where a message on its way in changes state: traces every move, keeps the time
 * per step, and in test builds is where a crash can be ordered (CORVD_CRASH_AT=point[:n]).
 * Loop thread only. Test: tests/unit/test_journey.c, tests/path/test_f02_kill.py */
#ifndef CORV_DAEMON_JOURNEY_H
#define CORV_DAEMON_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/id.h"

enum corv_step {
#define CORV_STEP(e, name, file, disk, dies) CORV_STEP_##e,
#define CORV_MOVE(from, to)
#include "daemon/journey.def"
#undef CORV_STEP
#undef CORV_MOVE
    CORV_STEPS
};

struct corv_journey {
    enum corv_step step;
    int64_t since_us;            /* monotonic, when this step began */
    int64_t took_us[CORV_STEPS]; /* time spent in each step so far */
};

const char *corv_step_name(enum corv_step s);
bool corv_step_may_move(enum corv_step from, enum corv_step to);
void corv_journey_begin(struct corv_journey *j);
void corv_journey_move(struct corv_journey *j, const struct corv_id *id, enum corv_step to);

/* Kills the process with SIGKILL when the environment orders it and this is a test build
 * (CORV_CRASH_POINTS); otherwise nothing at all. */
#ifdef CORV_CRASH_POINTS
void corv_crash_point(const char *name);
#else
#define corv_crash_point(name) ((void)0)
#endif

#endif
