/* SPDX-License-Identifier: EUPL-1.2 */
/* Chores by the clock: a private PostgreSQL that died is started again, partitions are made ahead,
 * the age of the oldest due delivery is measured. Loop thread only. */
#ifndef CORV_DAEMON_UPKEEP_H
#define CORV_DAEMON_UPKEEP_H

#include "daemon/app.h"
#include "daemon/base/rc.h"

CORV_MUST_CHECK corv_rc corv_upkeep_start(struct corv_app *app);
/* The database was reached. The first time the leases this node held before it died are given back;
 * only then app->open is set and messages are taken. */
void corv_upkeep_connected(struct corv_app *app);
void corv_upkeep_stop(struct corv_app *app);

#endif
