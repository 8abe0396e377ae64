/* SPDX-License-Identifier: EUPL-1.2 */
/* Is this database the one we worked on last, or an older copy of it? Somebody who restores a
 * backup gets back deliveries that were made long ago: sending them again would bring a family's
 * case to a receiver twice. So the state folder remembers, in the file "heads", how far the audit
 * chains had come, at most a few seconds old; a database that has not come so far, or came there
 * with other lines, is older. So is, for all we know, a database with our lines in it while the
 * state folder is new: then the keys are gone too.
 * From an older database nothing is sent: every waiting delivery is held, with the question to the
 * operator whether the receiver has it already. What comes in afterwards goes its normal way.
 * Blocking; before the loop runs, or on a worker. Test: tests/unit/test_fence.c */
#ifndef CORV_QUEUE_FENCE_H
#define CORV_QUEUE_FENCE_H

#include "queue/keeper.h"

#define CORV_FENCE_FILE  "heads"
#define CORV_FENCE_MARKS 8
#define CORV_FENCE_CODE  "restore.in-doubt"

struct corv_fence {
    struct corv_audit_mark marks[CORV_FENCE_MARKS];
    size_t count;
};

/* CORV_E_NOTFOUND: there is none. CORV_E_INVALID: unreadable. */
CORV_MUST_CHECK corv_rc corv_fence_read(const char *state_dir, struct corv_fence *out);
/* Whole or not at all, and on disk when it returns. */
CORV_MUST_CHECK corv_rc corv_fence_write(const char *state_dir, const struct corv_fence *f);
/* Sets or adds one. */
void corv_fence_set(
    struct corv_fence *f, const char *chain, int64_t seq, const struct corv_digest *hash);

/* Does this database still hold all of these? */
CORV_MUST_CHECK corv_rc corv_fence_holds(
    struct corv_keeper *k, const struct corv_fence *f, bool *holds, struct corv_fault *fault);

enum corv_fence_verdict {
    CORV_FENCE_FIRST, /* nothing of ours anywhere: a new installation, or a new node */
    CORV_FENCE_SAME,  /* the database we know, or further */
    CORV_FENCE_OLDER, /* it has not come so far as we remember, or otherwise */
    CORV_FENCE_LOST,  /* it knows us, but the state folder does not remember it */
};
CORV_MUST_CHECK corv_rc corv_fence_check(struct corv_keeper *k, const char *state_dir,
    enum corv_fence_verdict *out, struct corv_fault *fault);
/* For OLDER and LOST: holds what waits, with a line for each and one "database.restored", and then
 * takes the database as it is for the truth (writes the file). Interrupted, it is done again.
 * For FIRST and SAME: writes the file. */
CORV_MUST_CHECK corv_rc corv_fence_accept(struct corv_keeper *k, const char *state_dir,
    enum corv_fence_verdict verdict, int64_t now_us, uint64_t *held, struct corv_fault *fault);

#endif
