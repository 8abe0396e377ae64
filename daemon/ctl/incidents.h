/* SPDX-License-Identifier: EUPL-1.2 */
/* What corvctl's verbs share about alarms: the daemon's own list, asked over the admin listener.
 * Single thread. Test: tests/path/test_a13_alarms.py */
#ifndef CORV_CTL_INCIDENTS_H
#define CORV_CTL_INCIDENTS_H

#include "daemon/ctl/ctl.h"

/* The open alarms, the worst first; drop the reference. NULL: the daemon does not answer. */
json_t *corv_ctl_incidents(const struct corv_config *c);
/* More than good to know. */
bool corv_ctl_incident_acts(const json_t *incident);
const char *corv_ctl_incident_text(const json_t *incident, const char *key); /* "" when absent */

#endif
