/* SPDX-License-Identifier: EUPL-1.2 */
/* Traffic data goes after six months (Regeling art. 4.2; docs/bewaren.md): by whole months, so that
 * forgetting is a DROP of partitions. Messages and what became of them go; audit lines lose their
 * texts and salts and keep commitment and hash, so that the trail still verifies; the references of
 * duplicates go too. A month in which a delivery is still open keeps its messages: that is told,
 * and an operator has to end it. Every month leaves a line "traffic.destroyed".
 * On a worker, with a keeper of its own. Test: tests/unit/test_forget.c, tests/path/test_c04_law.py
 */
#ifndef CORV_QUEUE_FORGET_H
#define CORV_QUEUE_FORGET_H

#include <stdatomic.h>

#include "queue/keeper.h"

struct corv_forget_order {
    int64_t now_us;
    unsigned traffic_days;   /* 62..184 */
    unsigned batch;          /* rows in one COMMIT where rows are counted, default 1000 */
    const atomic_bool *stop; /* may be NULL */
};
struct corv_forget_report {
    uint64_t months; /* of which something was destroyed */
    uint64_t messages;
    uint64_t deliveries;
    uint64_t lines; /* audit lines whose texts were destroyed */
    uint64_t references;
    uint64_t blocked; /* deliveries that are open though their month is over */
    uint64_t late_s;  /* how far past its time the oldest that is still there is */
};
/* CORV_AGAIN: told to stop, or somebody reads what must go: the next time. */
CORV_MUST_CHECK corv_rc corv_forget_traffic(struct corv_keeper *k,
    const struct corv_forget_order *o, struct corv_forget_report *out, struct corv_fault *fault);

#endif
