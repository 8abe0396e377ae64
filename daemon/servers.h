/* SPDX-License-Identifier: EUPL-1.2 */
/* Does the connection string say what several database servers need? Only the string is looked at;
 * how the servers are is seen when corvd runs (corvctl status). Test:
 * tests/path/test_f21_failover.py */
#ifndef CORV_DAEMON_SERVERS_H
#define CORV_DAEMON_SERVERS_H

#include "config/config.h"

/* Warnings, never errors. */
void corv_servers_check(const struct corv_config *c, struct corv_findings *findings);
bool corv_servers_several(const struct corv_config *c);

#endif
