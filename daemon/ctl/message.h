/* SPDX-License-Identifier: EUPL-1.2 */
/* A message with what hangs on it, for show and trace. Test: tests/path/test_c03_ctl.py */
#ifndef CORV_CTL_MESSAGE_H
#define CORV_CTL_MESSAGE_H

#include "daemon/ctl/ctl.h"

struct corv_ctl_dossier {
    struct corv_inspect_message message;
    struct corv_inspect_delivery *deliveries; /* owned */
    size_t deliveries_count;
    struct corv_inspect_message *children; /* owned */
    size_t children_count;
    struct corv_inspect_related *related; /* owned */
    size_t related_count;
};
/* id may be the begin of a number. Free it also after an error. */
CORV_MUST_CHECK corv_rc corv_ctl_dossier_read(
    struct corv_ctl *ctl, const char *id, struct corv_ctl_dossier *d, struct corv_fault *fault);
void corv_ctl_dossier_free(struct corv_ctl_dossier *d);

void corv_ctl_head(struct corv_ctl *ctl, const struct corv_inspect_message *m);
void corv_ctl_delivery_lines(struct corv_ctl *ctl, const struct corv_inspect_delivery *d);
void corv_ctl_related_lines(struct corv_ctl *ctl, const struct corv_ctl_dossier *d);

#endif
