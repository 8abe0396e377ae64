/* SPDX-License-Identifier: EUPL-1.2 */
/* The rules of adapters/corv_adapter.h that can be tried on an adapter nobody knows. Each prints a
 * line: ok, FAIL with what to do, or skip with the reason. Runs in a process of its own, because
 * what it calls may crash. Test: tests/abi/conform.py */
#ifndef CORV_CONFORM_SUITE_H
#define CORV_CONFORM_SUITE_H

#include "daemon/host/host.h"

struct suite_state { /* shared with the process that watches */
    char rule[24];   /* under way */
    unsigned passed;
    unsigned failed;
    unsigned skipped;
    bool finished; /* the suite came to its end */
};

struct suite {
    struct corv_host_entry entry;
    const char *address;
    bool expect_delivered; /* every message must be delivered, not just ended */
    unsigned seconds;      /* for one message */
    unsigned rounds;       /* of the search for leaks */
    const struct corv_adapter *api;
    corv_adapter_entry_fn entry_fn; /* NULL: built in */
    struct suite_state *state;
};

void suite_run(struct suite *s);

#endif
