/* SPDX-License-Identifier: EUPL-1.2 */
/* A plug-in that does everything right. Each file on this shelf takes it and spoils one thing. */
#ifndef TESTS_ABI_PLUGIN_H
#define TESTS_ABI_PLUGIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/corv_adapter.h"

struct plugin {
    const struct corv_services *s;
    struct corv_host *host;
    uint64_t op; /* the last one */
    const struct corv_outgoing *message;
    pthread_t thread;
    int threads;
};

static const struct corv_outcome plugin_delivered = {
    .size = sizeof plugin_delivered, .cls = CORV_DELIVERED, .code = "abi.ok", .text = "Gebracht."};

static inline int plugin_check(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    (void)s, (void)host;
    (void)snprintf(why, why_size, "nooit gezien: alles is goed.");
    return 0;
}

static inline void *plugin_create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct plugin *p = calloc(1, sizeof *p);

    (void)snprintf(why, why_size, "geen geheugen.");
    if (p) {
        p->s = s;
        p->host = host;
    }
    return p;
}

static inline int plugin_start(void *instance)
{
    (void)instance;
    return 0;
}

static inline int plugin_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    (void)instance, (void)op, (void)m;
    *outcome = plugin_delivered;
    return CORV_DONE;
}

/* For the ones that answer later: keeps the operation and says so. */
static inline int plugin_keep(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct plugin *p = instance;

    (void)outcome;
    p->op = op;
    p->message = m;
    return CORV_PENDING;
}

static inline void plugin_cancel(void *instance, uint64_t op)
{
    (void)instance, (void)op;
}

static inline void plugin_stop(void *instance)
{
    struct plugin *p = instance;

    if (p->threads > 0)
        (void)pthread_join(p->thread, NULL);
    p->threads = 0;
}

static inline void plugin_destroy(void *instance)
{
    free(instance);
}

static inline struct corv_adapter plugin_good(const char *name)
{
    return (struct corv_adapter){
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof(struct corv_adapter),
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND,
        .name = name,
        .version = "1",
        .check = plugin_check,
        .create = plugin_create,
        .start = plugin_start,
        .deliver = plugin_deliver,
        .cancel = plugin_cancel,
        .stop = plugin_stop,
        .destroy = plugin_destroy,
    };
}

CORV_ADAPTER_EXPORT const struct corv_adapter *corv_adapter_entry(uint32_t, uint32_t);

/* PLUGIN("name", spoil): spoil is a statement about a. */
#define PLUGIN(its_name, spoil)                                                                    \
    const struct corv_adapter *corv_adapter_entry(uint32_t host_major, uint32_t host_minor)        \
    {                                                                                              \
        static struct corv_adapter a;                                                              \
        (void)host_minor;                                                                          \
        a = plugin_good(its_name);                                                                 \
        spoil;                                                                                     \
        return host_major == CORV_ADAPTER_ABI_MAJOR ? &a : NULL;                                   \
    }

#endif
