/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of incidents as JSON: what /incidents and corvctl show, and what is kept in
 * state_dir/incidents over a restart. Reading back skips whatever this version does not know.
 * Pure, but for the two that read and write the file, which block: for a worker, or before and
 * after the loop. Test: tests/unit/test_incident_json.c */
#ifndef CORV_DAEMON_INCIDENT_JSON_H
#define CORV_DAEMON_INCIDENT_JSON_H

#include "daemon/incident.h"

#define CORV_INCIDENTS_FILE  "incidents"
#define CORV_INCIDENTS_BYTES (256u << 10) /* a larger file is not ours */

/* {"incidents":[…]}, the worst first, without those that are no alarm yet. Free it; NULL: no
 * memory. */
char *corv_incidents_json(const struct corv_incidents *t);
/* CORV_E_INVALID: not what the above wrote; what could be read is in t. */
CORV_MUST_CHECK corv_rc corv_incidents_take(
    struct corv_incidents *t, const char *text, size_t size, int64_t now_us);

CORV_MUST_CHECK corv_rc corv_incidents_save(const char *state_dir, const char *text);
/* CORV_E_NOTFOUND: a new installation. */
CORV_MUST_CHECK corv_rc corv_incidents_load(
    struct corv_incidents *t, const char *state_dir, int64_t now_us);

#endif
