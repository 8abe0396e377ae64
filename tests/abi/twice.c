/* SPDX-License-Identifier: EUPL-1.2 */
/* Completes each operation twice, inside deliver, and then says DONE as well. */
#include "tests/abi/plugin.h"

static int deliver_twice(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    (void)m;
    p->s->complete(p->host, op, &plugin_delivered);
    p->s->complete(p->host, op, &plugin_delivered);
    *outcome = plugin_delivered;
    outcome->cls = CORV_REFUSED;
    return CORV_DONE;
}

PLUGIN("twice", a.deliver = deliver_twice)
