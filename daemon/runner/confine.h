/* SPDX-License-Identifier: EUPL-1.2 */
/* What the child gives up before code of a stranger runs in it. Main thread, before any other.
 * Test: tests/unit/test_process.c */
#ifndef CORV_RUNNER_CONFINE_H
#define CORV_RUNNER_CONFINE_H

#include "daemon/base/fault.h"

struct corv_confinement {
    const char *user;   /* or NULL: as we are */
    unsigned memory_mb; /* 0: no bound */
    unsigned files;
};

/* No core dumps, no new privileges, and the end of the child with the end of its parent. */
CORV_MUST_CHECK corv_rc corv_confine_first(struct corv_fault *f);
CORV_MUST_CHECK corv_rc corv_confine(const struct corv_confinement *c, struct corv_fault *f);

#endif
