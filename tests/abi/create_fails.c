/* SPDX-License-Identifier: EUPL-1.2 */
/* Leaves a timer behind, too. The sentence fills the whole buffer, without a zero byte. */
#include "tests/abi/plugin.h"

static void tick(void *ctx)
{
    (void)ctx;
}

static void *create_not(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    (void)s->timer(host, tick, NULL);
    memset(why, 'x', why_size);
    return NULL;
}

PLUGIN("create-fails", a.create = create_not)
