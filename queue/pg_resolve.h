/* SPDX-License-Identifier: EUPL-1.2 */
/* The addresses behind a server's name, looked up on a thread of its own: libpq would wait for the
 * resolver without an ear for anything. For a thread with a patience (pg_wait.h); without one libpq
 * may do it itself. Blocking. Test: tests/unit/test_pg_wait.c */
#ifndef CORV_QUEUE_PG_RESOLVE_H
#define CORV_QUEUE_PG_RESOLVE_H

#include "daemon/base/fault.h"
#include "queue/pg_hosts.h"

/* Of the place h is at; nothing to do when that needs none. */
CORV_MUST_CHECK corv_rc corv_pg_resolve(struct corv_pg_hosts *h, struct corv_fault *fault);

#endif
