/* SPDX-License-Identifier: EUPL-1.2 */
/* Good, and hard on the host: completes and wakes from another thread, at once. */
#include "tests/abi/plugin.h"

static void *answer(void *ctx)
{
    struct plugin *p = ctx;

    p->s->wake(p->host);
    p->s->complete(p->host, p->op, &plugin_delivered);
    return NULL;
}

static int deliver_thread(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    plugin_stop(p); /* the thread before this one */
    (void)plugin_keep(instance, op, m, outcome);
    if (pthread_create(&p->thread, NULL, answer, p) != 0)
        return plugin_deliver(instance, op, m, outcome);
    p->threads = 1;
    return CORV_PENDING;
}

static void woken(void *instance)
{
    struct plugin *p = instance;

    p->s->log(p->host, CORV_ALOG_INFO, "abi.woken", "Gewekt door een andere draad.");
}

PLUGIN("other-thread", (a.deliver = deliver_thread, a.on_wake = woken))
