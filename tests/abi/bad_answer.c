/* SPDX-License-Identifier: EUPL-1.2 */
/* deliver gives a value that means nothing. */
#include "tests/abi/plugin.h"

static int deliver_badly(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    (void)plugin_keep(instance, op, m, outcome);
    return 42;
}

PLUGIN("bad-answer", a.deliver = deliver_badly)
