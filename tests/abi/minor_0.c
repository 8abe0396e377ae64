/* SPDX-License-Identifier: EUPL-1.2 */
/* An adapter built against the header of ABI 1.0, as it was then: it must load for ever. */
#include "tests/abi/old/corv_adapter_1_0.h"

#include <stdlib.h>

struct plugin {
    const struct corv_services *s;
    struct corv_host *host;
};

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    (void)s, (void)host;
    if (why_size > 0)
        why[0] = '\0';
    return 0;
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct plugin *p = calloc(1, sizeof *p);

    if (why_size > 0)
        why[0] = '\0';
    if (p)
        *p = (struct plugin){s, host};
    return p;
}

static int start(void *instance)
{
    const struct plugin *p = instance;

    return p->s->size < sizeof *p->s; /* it only knows the services of then */
}

static int deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    const struct plugin *p = instance;

    (void)op;
    *outcome = (struct corv_outcome){.size = sizeof *outcome,
        .cls = CORV_DELIVERED,
        .code = "old.ok",
        .text = p->s->content_type(m)};
    return CORV_DONE;
}

static void cancel(void *instance, uint64_t op)
{
    (void)instance, (void)op;
}

static void stop(void *instance)
{
    (void)instance;
}

CORV_ADAPTER_EXPORT const struct corv_adapter *corv_adapter_entry(uint32_t, uint32_t);

const struct corv_adapter *corv_adapter_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {.abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND | CORV_ADAPTER_INBOUND,
        .name = "minor-0",
        .version = "1.0",
        .check = check,
        .create = create,
        .start = start,
        .deliver = deliver,
        .cancel = cancel,
        .stop = stop,
        .destroy = free};

    (void)host_minor;
    return host_major == CORV_ADAPTER_ABI_MAJOR ? &adapter : NULL;
}
