/* SPDX-License-Identifier: EUPL-1.2 */
/* Keeps the audit trail signed, and remembers outside the database how far it has come: every few
 * seconds in state_dir/heads (queue/fence.h), every minute, every ten thousand lines and at the end
 * as a seal (queue/seal.h). At the start it looks whether the database is an older copy.
 * Loop thread only; the work is done on a worker. Test: tests/path/test_c04_law.py */
#ifndef CORV_DAEMON_SEALING_H
#define CORV_DAEMON_SEALING_H

#include "daemon/app.h"
#include "daemon/base/fault.h"

/* Blocking, before the loop runs and after the queue was opened. conninfo: borrowed until free. */
CORV_MUST_CHECK corv_rc corv_sealing_start(struct corv_app *app, struct corv_fault *fault);
void corv_sealing_stop(struct corv_app *app);
/* After the loop has ended and before the database stops: the last seal. Blocking. */
void corv_sealing_free(struct corv_app *app);
/* Seconds since the trail was last sealed, or found to need no new seal. */
uint64_t corv_sealing_age_s(const struct corv_app *app);
/* Lines of our chain since the last seal of this process; 0 before the first one. */
uint64_t corv_sealing_unsealed(const struct corv_app *app);

#endif
