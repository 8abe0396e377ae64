/* SPDX-License-Identifier: EUPL-1.2 */
/* The chores of the law, every few minutes on a worker: content, keys and traffic data go on
 * time (queue/purge.h, queue/forget.h). How late they are is measured even when they fail, and
 * warned of (docs/bewaren.md).
 * Loop thread only; one pass at a time, on a connection of its own.
 * Test: tests/path/test_c04_law.py */
#ifndef CORV_DAEMON_RETENTION_H
#define CORV_DAEMON_RETENTION_H

#include "daemon/app.h"
#include "daemon/base/fault.h"

/* Passes begin when the database has been there for a while. */
CORV_MUST_CHECK corv_rc corv_retention_start(struct corv_app *app);
void corv_retention_connected(struct corv_app *app, bool connected);
/* The start, and for how long what is kept on which ground, in the audit trail. */
void corv_retention_note_start(struct corv_app *app);
/* No new pass; the one under way is told to stop. */
void corv_retention_stop(struct corv_app *app);
/* After the loop has ended and before the database stops. */
void corv_retention_free(struct corv_app *app);
/* Seconds since the last whole pass, for /metrics. */
uint64_t corv_retention_age_s(const struct corv_app *app);

#endif
