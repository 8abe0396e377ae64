/* SPDX-License-Identifier: EUPL-1.2 */
/* The verbs of corvctl, one function each; what they take and print: ctl.h.
 * Tests: tests/unit/test_ctl.c, tests/path/test_c03_ctl.py */
#ifndef CORV_CTL_VERBS_H
#define CORV_CTL_VERBS_H

#include "daemon/ctl/ctl.h"

int corv_verb_audit_export(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_audit_key(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_audit_verify(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_cert_check(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_config_check(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_dead(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_drop(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_help(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_hold(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_incidents(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_message_list(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_message_show(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_message_trace(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_node_forget(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_node_list(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_purge_prove(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_purge_status(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_queue(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_reference_import(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_reference_list(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_release(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_reload(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_reroute(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_retry(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_route_explain(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_schemas_import(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_schemas_list(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_stats(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_status(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_validate(struct corv_ctl *ctl, int argc, char **argv);
int corv_verb_version(struct corv_ctl *ctl, int argc, char **argv);

/* "operator:USER@HOST" for the audit trail; under sudo the person who called it. */
void corv_ctl_actor(char *out, size_t size);

#endif
