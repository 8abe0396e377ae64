/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/progress.h"

static enum corv_progress look(
    struct corv_progress_track *t, bool work, uint64_t steps, const struct corv_progress_facts *f)
{
    enum corv_progress p = CORV_PROGRESS_WAITS;

    if (!f->open || f->draining || !f->database)
        p = CORV_PROGRESS_EXCUSED;
    else if (steps != t->steps)
        p = CORV_PROGRESS_MOVES;
    else if (!work)
        p = CORV_PROGRESS_QUIET;
    t->steps = steps;
    if (p != CORV_PROGRESS_WAITS)
        t->since_us = 0;
    else if (t->since_us == 0)
        t->since_us = f->now_us;
    return p == CORV_PROGRESS_WAITS && f->now_us - t->since_us > f->patience_us
               ? CORV_PROGRESS_STUCK
               : p;
}

enum corv_progress corv_progress_judge(
    struct corv_progress_state *state, const struct corv_progress_facts *f)
{
    bool blind = f->counted_us != 0 && f->now_us - f->counted_us > f->patience_us;
    enum corv_progress delivery = look(&state->delivery, f->due > 0 || blind, f->delivery_steps, f);
    enum corv_progress intake = look(&state->intake, f->intake > 0, f->intake_steps, f);

    return delivery > intake ? delivery : intake;
}

const char *corv_progress_name(enum corv_progress p)
{
    static const char *const names[] = {"quiet", "moves", "excused", "waits", "stuck"};

    return names[p];
}
