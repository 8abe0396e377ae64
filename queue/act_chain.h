/* SPDX-License-Identifier: EUPL-1.2 */
/* A transaction that appends to a chain shared by several processes: "operator" for what people do
 * with corvctl, "keeper" for what corvd destroys and sets aside. It holds the end of that chain
 * from its begin, so that such transactions follow one another, and its lines are committed with
 * the change.
 * One thread at a time. Test: tests/unit/test_inspect_act.c */
#ifndef CORV_QUEUE_ACT_CHAIN_H
#define CORV_QUEUE_ACT_CHAIN_H

#include "queue/audit.h"
#include "queue/inspect_rows.h"

struct corv_act {
    struct corv_inspect *i;
    struct corv_fault *fault;
    const char *name; /* of the chain */
    int chain;
    int64_t seq;
    int64_t at_us; /* one for the whole action */
    struct corv_digest hash;
};

CORV_MUST_CHECK corv_rc corv_act_begin(
    struct corv_inspect *i, struct corv_act *act, struct corv_fault *fault);
/* The same on another chain, and by the caller's clock. */
CORV_MUST_CHECK corv_rc corv_act_begin_on(struct corv_inspect *i, struct corv_act *act,
    const char *chain, int64_t at_us, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_act_append(struct corv_act *act, const struct corv_queue_event *e);
/* COMMIT when rc is CORV_OK, else ROLLBACK. Returns the first error. */
CORV_MUST_CHECK corv_rc corv_act_end(struct corv_act *act, corv_rc rc);

#endif
