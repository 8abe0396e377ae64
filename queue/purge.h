/* SPDX-License-Identifier: EUPL-1.2 */
/* Content goes on time (Regeling art. 4.1; docs/bewaren.md):
 *  - a payload of which every delivery is final is deleted in time before payload_hours after the
 *    last of them; what waits, is held or dead keeps its payload;
 *  - an hour's key is destroyed before payload_hours after the hour began, so that no backup or WAL
 *    can be read for longer than the law lets the message itself live. What must stay is sealed
 *    anew under the key of the present hour first;
 *  - day partitions that are over and empty are dropped.
 * Every message leaves a line "payload.destroyed", every key "key.destroying" and "key.destroyed",
 * in the same COMMIT as the change. A key's end takes two passes: the first writes down that it
 * will go, the second, some time later, destroys it; a pass that was interrupted is taken up by
 * the next. So whoever read a payload just before it was sealed anew can still open it.
 *
 * On a worker, with a keeper of its own. A pass that fails half-way has done what it committed.
 * CORV_AGAIN: told to stop, or another node is at it. The turn is kept until the keeper closes.
 * The folder with keys is the same for all nodes (queue/node.h), so each ends what another began.
 * Test: tests/unit/test_purge.c, tests/path/test_c04_law.py */
#ifndef CORV_QUEUE_PURGE_H
#define CORV_QUEUE_PURGE_H

#include <stdatomic.h>

#include "queue/keeper.h"

#define CORV_PURGE_GRACE_MS 30000 /* between writing down and destroying a key */

struct corv_purge_order {
    int64_t now_us;                /* wall clock */
    unsigned payload_hours;        /* at least 2: a key is for an hour */
    unsigned batch;                /* rows in one look and one COMMIT, default 256 */
    unsigned grace_ms;             /* CORV_PURGE_GRACE_MS; less in tests */
    void (*at)(const char *point); /* tests: where a crash can be ordered; may be NULL */
    const atomic_bool *stop;       /* between two batches; may be NULL */
};
struct corv_purge_report {
    uint64_t destroyed;      /* payloads */
    uint64_t resealed;       /* payloads under a fresh key */
    uint64_t unreadable;     /* payloads that must stay but cannot be sealed anew */
    uint64_t keys_destroyed; /* */
    uint64_t keys_begun;     /* to be destroyed by a later pass */
    uint64_t partitions;     /* dropped */
    uint64_t payload_late_s; /* how far past its time the worst payload was when we came */
    uint64_t key_late_s;     /* … and the oldest key that is still there */
};
CORV_MUST_CHECK corv_rc corv_purge(struct corv_keeper *k, const struct corv_purge_order *o,
    struct corv_purge_report *out, struct corv_fault *fault);

/* When the key of this hour has to be gone. */
int64_t corv_purge_key_due_us(uint32_t hour, unsigned payload_hours);

#endif
