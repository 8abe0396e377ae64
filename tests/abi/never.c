/* SPDX-License-Identifier: EUPL-1.2 */
/* Never completes, not even after cancel or in stop; reads the message until the end. */
#include "tests/abi/plugin.h"

static void read_on(void *instance)
{
    struct plugin *p = instance;

    if (p->message && p->s->payload(p->message).n > 0 && p->s->payload(p->message).p[0] == '!')
        abort();
}

PLUGIN("never", (a.deliver = plugin_keep, a.stop = read_on))
