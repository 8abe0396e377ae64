/* SPDX-License-Identifier: EUPL-1.2 */
/* Uses the loop's services from another thread. */
#include "tests/abi/plugin.h"

static void tick(void *ctx)
{
    (void)ctx;
}

static void *trespass(void *ctx)
{
    struct plugin *p = ctx;

    if (!p->s->timer(p->host, tick, NULL) && !p->s->watch(p->host, 0, 1, NULL, NULL))
        p->s->complete(p->host, p->op, &plugin_delivered);
    return NULL;
}

static int deliver_wrong(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    plugin_stop(p); /* the thread before this one */
    (void)plugin_keep(instance, op, m, outcome);
    if (pthread_create(&p->thread, NULL, trespass, p) != 0)
        abort();
    p->threads = 1;
    return CORV_PENDING;
}

PLUGIN("wrong-thread", a.deliver = deliver_wrong)
