/* SPDX-License-Identifier: EUPL-1.2 */
/* Keeps its instance in a global: a second one takes the place of the first. */
#include "tests/abi/plugin.h"

static struct plugin *the_one;
static int how_many;

static void *create_one(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    how_many++;
    the_one = plugin_create(s, host, why, why_size);
    return the_one;
}

static int deliver_one(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    return instance == the_one ? plugin_deliver(instance, op, m, outcome) : CORV_PENDING;
}

static void destroy_one(void *instance)
{
    if (--how_many == 0)
        the_one = NULL;
    plugin_destroy(instance);
}

PLUGIN("one-only", (a.create = create_one, a.deliver = deliver_one, a.destroy = destroy_one))
