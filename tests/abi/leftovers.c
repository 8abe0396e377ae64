/* SPDX-License-Identifier: EUPL-1.2 */
/* Forgets its watch and its timers; one timer starts itself again for ever. */
#include "tests/abi/plugin.h"

struct leftovers {
    struct plugin plugin;
    struct corv_timer *timer;
    int pipe[2];
};

static void again(void *ctx)
{
    struct leftovers *l = ctx;

    l->plugin.s->timer_start(l->timer, 0);
}

static void readable(void *ctx, int fd, unsigned events)
{
    (void)ctx, (void)fd, (void)events; /* does not read: ready again in the next turn */
}

static void *create_much(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct leftovers *l = calloc(1, sizeof *l);

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!l || pipe(l->pipe) != 0 || write(l->pipe[1], "x", 1) != 1)
        abort();
    l->plugin = (struct plugin){.s = s, .host = host};
    (void)s->watch(host, l->pipe[0], CORV_WATCH_READ, readable, l);
    l->timer = s->timer(host, again, l);
    s->timer_start(l->timer, 0);
    return l;
}

static void stop_sloppily(void *instance)
{
    (void)instance;
}

PLUGIN("leftovers", (a.create = create_much, a.stop = stop_sloppily))
