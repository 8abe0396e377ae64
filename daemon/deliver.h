/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes due deliveries on a lease, looks the address up now, and hands them to the adapter.
 * Loop thread only. Test: tests/path/test_a01_happy.py, test_c01_retry.py */
#ifndef CORV_DAEMON_DELIVER_H
#define CORV_DAEMON_DELIVER_H

#include "daemon/lane.h"

struct corv_app;
struct corv_message;

/* Makes app->lanes and the poll timer; a lane for every party of the configuration. */
CORV_MUST_CHECK corv_rc corv_deliver_start(struct corv_app *app);
/* Adds lanes for parties that a new configuration brought, and gives all the new limits. */
CORV_MUST_CHECK corv_rc corv_deliver_refresh(struct corv_app *app);
/* After COMMIT: the deliveries of this part that were stored as leased by us start from memory.
 * Takes the part's body. */
void corv_deliver_from_memory(struct corv_message *m, unsigned part);
/* Asks the database soon (a hint came, a window opened). */
void corv_deliver_soon(struct corv_app *app);
/* No new deliveries; those under way go on. */
void corv_deliver_stop(struct corv_app *app);
/* Frees lanes and timer; nothing may be under way. */
void corv_deliver_close(struct corv_app *app);

#endif
