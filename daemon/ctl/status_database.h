/* SPDX-License-Identifier: EUPL-1.2 */
/* What the database tells corvctl status: servers and nodes, what waits, what was destroyed, today.
 * Test: tests/path/test_c03_ctl.py, test_f20_nodes.py */
#ifndef CORV_CTL_STATUS_DATABASE_H
#define CORV_CTL_STATUS_DATABASE_H

#include "daemon/ctl/status.h"

void corv_status_database(struct corv_ctl *ctl, struct corv_status *r);

#endif
