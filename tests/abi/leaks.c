/* SPDX-License-Identifier: EUPL-1.2 */
/* Leaves something behind with every instance: the setting what says which. */
#include "tests/abi/plugin.h"

#include <fcntl.h>

static void *wait_for_ever(void *ctx)
{
    for (;;)
        (void)pause();
    return ctx;
}

static int start_leaking(void *instance)
{
    const struct plugin *p = instance;
    const char *what = p->s->setting(p->host, "what");
    pthread_t thread;

    if (strcmp(what, "file") == 0)
        return open("/dev/null", O_RDONLY | O_CLOEXEC) < 0;
    if (strcmp(what, "thread") == 0)
        return pthread_create(&thread, NULL, wait_for_ever, NULL);
    void *volatile lost = malloc(4096);

    lost = lost ? NULL : lost;
    return lost != NULL; /* NOLINT(clang-analyzer-unix.Malloc): this is what it is for */
}

static const struct corv_adapter_setting settings[] = {
    {"what", "string", "memory", "file, thread of memory"},
    {NULL, NULL, NULL, NULL},
};

PLUGIN("leaks", (a.settings = settings, a.start = start_leaking))
