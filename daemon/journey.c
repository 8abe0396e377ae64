/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/journey.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"

static const char *const names[CORV_STEPS] = {
#define CORV_STEP(e, name, file, disk, dies) [CORV_STEP_##e] = (name),
#define CORV_MOVE(from, to)
#include "daemon/journey.def"
#undef CORV_STEP
#undef CORV_MOVE
};

static const bool moves[CORV_STEPS][CORV_STEPS] = {
#define CORV_STEP(e, name, file, disk, dies)
#define CORV_MOVE(from, to) [CORV_STEP_##from][CORV_STEP_##to] = true,
#include "daemon/journey.def"
#undef CORV_STEP
#undef CORV_MOVE
};

const char *corv_step_name(enum corv_step s)
{
    return names[s];
}

bool corv_step_may_move(enum corv_step from, enum corv_step to)
{
    return moves[from][to];
}

void corv_journey_begin(struct corv_journey *j)
{
    *j = (struct corv_journey){.step = CORV_STEP_RECEIVED, .since_us = corv_clock_mono_us()};
}

void corv_journey_move(struct corv_journey *j, const struct corv_id *id, enum corv_step to)
{
    int64_t now = corv_clock_mono_us();

    if (!moves[j->step][to]) {
        CORV_LOG(
            ERROR, "journey.bad-move", id, CORV_F(STATE, names[j->step]), CORV_F(WHAT, names[to]));
        assert(0 && "a move that journey.def does not allow");
    }
    j->took_us[j->step] += now - j->since_us;
    j->since_us = now;
    j->step = to;
    CORV_LOG(DEBUG, "journey.move", id, CORV_F(STATE, names[to]));
}

#ifdef CORV_CRASH_POINTS
void corv_crash_point(const char *name)
{
    static unsigned long seen;
    const char *order = getenv("CORVD_CRASH_AT");
    size_t n = strlen(name);

    if (!order || strncmp(order, name, n) != 0 || (order[n] != '\0' && order[n] != ':'))
        return;
    if (order[n] == ':' && ++seen < strtoul(order + n + 1, NULL, 10))
        return;
    (void)kill(getpid(), SIGKILL);
}
#endif
