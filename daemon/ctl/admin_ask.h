/* SPDX-License-Identifier: EUPL-1.2 */
/* One GET to the daemon's admin listener, blocking, at most three seconds.
 * Test: tests/path/test_c03_ctl.py */
#ifndef CORV_CTL_ADMIN_ASK_H
#define CORV_CTL_ADMIN_ASK_H

#include "config/config.h"
#include "daemon/base/buf.h"

/* The answer's status, 0 when there is none; body gets the body. */
int corv_ctl_admin_ask(const struct corv_config *c, const char *path, struct corv_buf *body);

/* The same for any request, which asks to close; seconds is what each step may take. */
int corv_ctl_admin_send(
    const struct corv_config *c, const char *request, unsigned seconds, struct corv_buf *body);

#endif
