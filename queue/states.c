/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/types.h"

#define STATES 5

static const char *const names[STATES] = {"waiting", "held", "dead", "confirmed", "dropped"};

#define TO(s) (1u << CORV_DELIVERY_##s)

/* A confirmation is a fact of the receiver's: it may come late, from any open state. */
static const unsigned moves[STATES] = {
    [CORV_DELIVERY_WAITING] = TO(WAITING) | TO(HELD) | TO(DEAD) | TO(CONFIRMED) | TO(DROPPED),
    [CORV_DELIVERY_HELD] = TO(WAITING) | TO(CONFIRMED) | TO(DROPPED),
    [CORV_DELIVERY_DEAD] = TO(WAITING) | TO(HELD) | TO(CONFIRMED) | TO(DROPPED),
    [CORV_DELIVERY_CONFIRMED] = 0,
    [CORV_DELIVERY_DROPPED] = 0,
};

const char *corv_delivery_state_name(enum corv_delivery_state s)
{
    return (unsigned)s < STATES ? names[s] : "unknown";
}

bool corv_delivery_may_move(enum corv_delivery_state from, enum corv_delivery_state to)
{
    return (unsigned)from < STATES && (unsigned)to < STATES && (moves[from] >> to & 1u) != 0;
}
