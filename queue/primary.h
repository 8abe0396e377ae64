/* SPDX-License-Identifier: EUPL-1.2 */
/* Is this server the primary we know, or one of before a fail-over that came back? Every promotion
 * begins a new timeline, so a server of the same cluster on a lower one than we have seen may take
 * nothing more: a yes from it would be a message that the real primary never hears of. The state
 * folder remembers, in the file "primary"; a database that was copied to another cluster has
 * another system number, and there queue/fence.h judges. It cannot help a node that never saw the
 * new primary: only synchronous replication, or whoever manages the cluster (Patroni), stops a
 * former primary at that moment (docs/operating.md). Blocking; before the loop runs, or on a
 * worker. Tests: tests/unit/test_primary.c, tests/path/test_f21_failover.py */
#ifndef CORV_QUEUE_PRIMARY_H
#define CORV_QUEUE_PRIMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/fault.h"

#define CORV_PRIMARY_FILE "primary"
#define CORV_PRIMARY_OLD  "old-primary" /* why a connection was dropped (queue/pg_sync.c) */

struct corv_primary {
    int64_t system;   /* 0: not known */
    int64_t timeline; /* 0: not known */
};

bool corv_primary_same(const struct corv_primary *a, const struct corv_primary *b);
/* seen is a server of before what is known. */
bool corv_primary_is_former(const struct corv_primary *known, const struct corv_primary *seen);

/* CORV_E_NOTFOUND: there is none. CORV_E_INVALID: unreadable. In both cases nothing is known. */
CORV_MUST_CHECK corv_rc corv_primary_read(const char *state_dir, struct corv_primary *out);
/* Whole or not at all, and on disk when it returns. */
CORV_MUST_CHECK corv_rc corv_primary_write(const char *state_dir, const struct corv_primary *p);

/* The first server of the connection string that is a primary and not a former one, as a connection
 * string of its own (the caller's, free()). What libpq cannot read is returned as it is: whoever
 * uses it says so. */
CORV_MUST_CHECK corv_rc corv_primary_find(
    const char *conninfo, const struct corv_primary *known, char **out, struct corv_fault *fault);

#endif
