/* SPDX-License-Identifier: EUPL-1.2 */
/* Runs the operator's program (alarms.command) for an incident: one at a time, those that come
 * meanwhile wait in a bounded row, each gets 30 seconds, then it and its children are killed. It
 * gets four words - opened, updated or closed; the severity; the key; the sentence - and the same
 * and more in CORV_INCIDENT_*; nothing to read, nobody reads what it writes. Nothing of a message
 * can be in it. Loop thread only. Test: tests/path/test_a13_alarms.py */
#ifndef CORV_DAEMON_ALARM_HOOK_H
#define CORV_DAEMON_ALARM_HOOK_H

#include <uv.h>

#include "daemon/base/rc.h"
#include "daemon/incident.h"

struct corv_alarm_hook;

struct corv_alarm_hook_stats {
    uint64_t runs, failures, left_out;
};

/* failed: called on the loop when the program could not be run, ended badly or was killed; code is
 * "hook.start", "hook.exit" or "hook.timeout". node is borrowed until free. */
CORV_MUST_CHECK corv_rc corv_alarm_hook_new(uv_loop_t *loop, const char *node,
    void (*failed)(void *ctx, const char *code), void *ctx, struct corv_alarm_hook **out);
void corv_alarm_hook_run(struct corv_alarm_hook *h, const char *command,
    const struct corv_incident *i, enum corv_incident_news news);
/* Accepts NULL. */
void corv_alarm_hook_stats_get(const struct corv_alarm_hook *h, struct corv_alarm_hook_stats *out);
/* What runs is killed; nothing waits any more. Freed by the loop; accepts NULL. */
void corv_alarm_hook_close(struct corv_alarm_hook *h);

#endif
