/* SPDX-License-Identifier: EUPL-1.2 */
/* Holds up the loop for 300 ms. */
#include "tests/abi/plugin.h"

static int deliver_blocking(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    (void)usleep(300 * 1000);
    return plugin_deliver(instance, op, m, outcome);
}

PLUGIN("blocks", a.deliver = deliver_blocking)
