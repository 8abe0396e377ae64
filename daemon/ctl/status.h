/* SPDX-License-Identifier: EUPL-1.2 */
/* What corvctl status found: one line per thing looked at, the worst decides. For people at most
 * ten lines of 80 columns, first what is not well. Owner: the caller; nothing to free. Test:
 * tests/path/test_c03_ctl.py, test_ctl_actions.py, test_a13_alarms.py */
#ifndef CORV_CTL_STATUS_H
#define CORV_CTL_STATUS_H

#include <jansson.h>

#include "daemon/ctl/ctl.h"

#define CORV_STATUS_CHECKS 16

enum corv_status_level {
    CORV_STATUS_WELL = CORV_CTL_YES,
    CORV_STATUS_ATTENTION = CORV_CTL_NO,
    CORV_STATUS_BROKEN = CORV_CTL_ERROR
};

struct corv_status_check {
    const char *name;  /* static; for --json: stays */
    const char *label; /* static; for people */
    enum corv_status_level level;
    char text[256];
};
struct corv_status {
    struct corv_status_check checks[CORV_STATUS_CHECKS];
    unsigned count;
};

/* Beyond CORV_STATUS_CHECKS nothing is added. */
__attribute__((format(printf, 5, 6))) void corv_status_add(struct corv_status *r, const char *name,
    const char *label, enum corv_status_level level, const char *fmt, ...);
enum corv_status_level corv_status_worst(const struct corv_status *r);
json_t *corv_status_json(const struct corv_status *r); /* the caller's */
void corv_status_say(struct corv_ctl *ctl, const struct corv_status *all);

#endif
