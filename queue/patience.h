/* SPDX-License-Identifier: EUPL-1.2 */
/* An ear for who wants us to stop, while a thread waits for the database. A thread that has a
 * patience asks it a few times a second whether to go on; once it said no, that is what it says for
 * good. One per thread, who keeps it (the start of corvd: build_up.c); without one nobody is asked.
 * Test: tests/unit/test_pg_wait.c */
#ifndef CORV_QUEUE_PATIENCE_H
#define CORV_QUEUE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/fault.h"

struct corv_patience {
    bool (*go_on)(void *ctx);
    void *ctx;
    bool given_up;   /* it said no */
    int64_t told_us; /* monotonic: when was told last what we wait for */
};

/* Of this thread, borrowed until the next call; NULL: none. */
void corv_patience_set(struct corv_patience *p);
bool corv_patience_has(void);
/* False: it was said, now or before, that we must not go on. */
bool corv_patience_asks(void);
/* Waits a tenth of a second at most for something on fd (poll), then asks. */
bool corv_patience_waits(int fd, short events);
/* For who has waited since begun_us (monotonic): is it time to say for what? Not too often. */
bool corv_patience_tells(int64_t begun_us);
CORV_MUST_CHECK corv_rc corv_patience_fault(struct corv_fault *fault); /* of having given up */

#endif
