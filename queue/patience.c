/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/patience.h"

#include <poll.h>
#include <stddef.h>

#include "daemon/base/clock.h"

#define LOOK_MS  100
#define LONG_US  2000000  /* so long nobody wonders */
#define AGAIN_US 10000000 /* and then it is said so often */

static _Thread_local struct corv_patience *patience;

void corv_patience_set(struct corv_patience *p)
{
    patience = p;
}

bool corv_patience_has(void)
{
    return patience != NULL;
}

bool corv_patience_asks(void)
{
    if (patience && !patience->given_up)
        patience->given_up = !patience->go_on(patience->ctx);
    return !patience || !patience->given_up;
}

bool corv_patience_waits(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};

    (void)poll(&p, 1, LOOK_MS); /* a signal ends it too, and then we ask */
    return corv_patience_asks();
}

bool corv_patience_tells(int64_t begun_us)
{
    int64_t now = corv_clock_mono_us();

    if (!patience || now - begun_us < LONG_US ||
        (patience->told_us && now - patience->told_us < AGAIN_US))
        return false;
    patience->told_us = now;
    return true;
}

corv_rc corv_patience_fault(struct corv_fault *fault)
{
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.abandoned",
        "Het wachten op de database is afgebroken.");
}
