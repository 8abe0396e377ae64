/* SPDX-License-Identifier: EUPL-1.2 */
/* Holds up the loop for 300 ms, with its first message. */
#include "tests/abi/plugin.h"

static int deliver_blocking(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    if (p->op == 0)
        (void)usleep(300 * 1000);
    p->op = op;
    return plugin_deliver(instance, op, m, outcome);
}

PLUGIN("blocks", a.deliver = deliver_blocking)
