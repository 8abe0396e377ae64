/* SPDX-License-Identifier: EUPL-1.2 */
/* What one run of corv-partner holds. The program has one loop and runs it in pieces: a step does
 * something, then partner_wait turns the loop until a fact is there or its time is over. Single
 * thread, but for the transfers (call.c). Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_PARTNER_H
#define CORV_PARTNER_PARTNER_H

#include <uv.h>

#include "daemon/base/list.h"
#include "daemon/base/rc.h"
#include "daemon/partner/about.h"
#include "daemon/partner/party.h"
#include "daemon/partner/scenario.h"
#include "daemon/partner/settings.h"

#define PARTNER_SIGNALS 2

struct partner_listener;

struct partner {
    struct partner_settings *settings; /* owned */
    struct partner_scenarios scenarios;
    struct partner_about about;        /* of the corvd that is tested */
    struct partner_listener *listener; /* owned */
    uv_loop_t loop;
    uv_timer_t tick; /* wakes partner_wait */
    uv_signal_t signals[PARTNER_SIGNALS];
    bool looping;    /* loop, tick and signals are open */
    bool stop;       /* Ctrl-C: what runs ends, and is told of; a second one ends at once */
    unsigned number; /* of the last message made */
    char run[16];    /* part of every reference, so that no two runs share one */
};

/* Settings, scenarios, loop. On anything but CORV_OK stderr has heard why; close it in any case. */
CORV_MUST_CHECK corv_rc partner_open(struct partner *p, const char *settings);
/* Asks corvd who it is. Refused: it is not there, or it is in production. */
CORV_MUST_CHECK corv_rc partner_meet(struct partner *p);
void partner_close(struct partner *p);

/* Turns the loop until check says yes (true) or ms have passed (false). */
bool partner_wait(struct partner *p, bool (*check)(void *ctx), void *ctx, unsigned ms);
void partner_pause(struct partner *p, unsigned ms);
/* "TEST-RUN-N", unlike all others. */
void partner_number(struct partner *p, const char *what, char *out, size_t size);

#endif
