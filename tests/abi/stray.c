/* SPDX-License-Identifier: EUPL-1.2 */
/* Completes operations it never got. */
#include "tests/abi/plugin.h"

static int deliver_stray(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    for (uint64_t i = 0; i < 100; i++)
        p->s->complete(p->host, i == 0 ? UINT64_MAX : (op ^ i), &plugin_delivered);
    return plugin_deliver(instance, op, m, outcome);
}

PLUGIN("stray", a.deliver = deliver_stray)
