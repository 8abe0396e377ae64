/* SPDX-License-Identifier: EUPL-1.2 */
/* A transaction of an operator's action: it holds the end of the chain "operator" from its begin,
 * so that actions follow one another, and the lines it appends are committed with the change.
 * One thread at a time. Test: tests/unit/test_inspect_act.c */
#ifndef CORV_QUEUE_ACT_CHAIN_H
#define CORV_QUEUE_ACT_CHAIN_H

#include "queue/audit.h"
#include "queue/inspect_rows.h"

struct corv_act {
    struct corv_inspect *i;
    struct corv_fault *fault;
    int chain;
    int64_t seq;
    int64_t at_us; /* clock of the database server, one for the whole action */
    struct corv_digest hash;
};

CORV_MUST_CHECK corv_rc corv_act_begin(
    struct corv_inspect *i, struct corv_act *act, struct corv_fault *fault);
CORV_MUST_CHECK corv_rc corv_act_append(struct corv_act *act, const struct corv_queue_event *e);
/* COMMIT when rc is CORV_OK, else ROLLBACK. Returns the first error. */
CORV_MUST_CHECK corv_rc corv_act_end(struct corv_act *act, corv_rc rc);

#endif
