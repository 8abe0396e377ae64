/* SPDX-License-Identifier: EUPL-1.2 */
/* What the reload_*.c files share. */
#ifndef CORV_DAEMON_RELOAD_PARTS_H
#define CORV_DAEMON_RELOAD_PARTS_H

#include "daemon/base/fault.h"
#include "daemon/reload.h"

/* A fault as a finding about the configuration; line 0: unknown. */
void corv_reload_add_fault(
    struct corv_reload_result *r, const struct corv_fault *f, int line, const char *path);
/* Counts at the next start only. */
void corv_reload_add_restart(struct corv_reload_result *r, const char *name);

/* reload_adapters.c. Checks the settings of every adapter of fresh; an entry that must wait for a
 * restart gets the values it has now. */
void corv_reload_check_adapters(
    struct corv_app *app, struct corv_config *fresh, struct corv_reload_result *r);
/* Starts new adapters and gives the others their settings. On the first no, those that had said yes
 * get the settings of app->config again. */
CORV_MUST_CHECK corv_rc corv_reload_apply_adapters(
    struct corv_app *app, const struct corv_config *fresh, struct corv_reload_result *r);

/* reload_audit.c: the line in the audit trail, tried again while the database is away. */
void corv_reload_audit(struct corv_app *app, const struct corv_reload_result *r);

#endif
