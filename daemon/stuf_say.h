/* SPDX-License-Identifier: EUPL-1.2 */
/* What an answer to an adapter is in StUF: a receipt or a Fo03, to whom the adapter says or else to
 * the zender that was read. Pure; used by the daemon and by the child of the adapter process.
 * Test: tests/path/test_a08_dai.py, tests/path/test_a15_process.py */
#ifndef CORV_DAEMON_STUF_SAY_H
#define CORV_DAEMON_STUF_SAY_H

#include "daemon/host/host.h"

/* oin and application: who corvd is. a may be NULL: the Fo03 of how->code. Initialises b.
 * CORV_E_STATE, CORV_E_INVALID: StUF cannot say it. */
CORV_MUST_CHECK corv_rc corv_stuf_say(const char *oin, const char *application,
    const struct corv_host_answer *a, const struct corv_stuf_reply *how, struct corv_buf *b);

#endif
