/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_resolve.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue/patience.h"

struct look_up {
    int answer; /* the writing end of a pipe */
    char name[256];
};

/* When nobody waits any more there is nobody at the other end of the pipe either. */
static void *work(void *data)
{
    const struct addrinfo want = {.ai_socktype = SOCK_STREAM};
    struct look_up *l = data;
    struct addrinfo *list = NULL;

    if (getaddrinfo(l->name, NULL, &want, &list) != 0)
        list = NULL;
    if (write(l->answer, (const void *)&list, sizeof list) != (ssize_t)sizeof list && list)
        freeaddrinfo(list);
    (void)close(l->answer);
    free(l);
    return NULL;
}

/* Returns the reading end, or -1. */
static int begin(const char *name)
{
    struct look_up *l = calloc(1, sizeof *l);
    int ends[2] = {-1, -1};
    pthread_t thread;

    if (!l || pipe2(ends, O_CLOEXEC) != 0) {
        free(l);
        return -1;
    }
    l->answer = ends[1];
    (void)snprintf(l->name, sizeof l->name, "%s", name);
    if (pthread_create(&thread, NULL, work, l) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        free(l);
        return -1;
    }
    (void)pthread_detach(thread);
    return ends[0];
}

static corv_rc not_found(const char *name, struct corv_fault *fault)
{
    return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "store.unreachable",
        "De naam van de databaseserver, %.200s, is niet op te zoeken (DNS).", name);
}

corv_rc corv_pg_resolve(struct corv_pg_hosts *h, struct corv_fault *fault)
{
    const char *name = corv_pg_hosts_name(h);
    struct addrinfo *list = NULL;
    struct pollfd p = {.events = POLLIN};

    if (!name || !corv_patience_has())
        return CORV_OK;
    p.fd = begin(name);
    if (p.fd < 0)
        return not_found(name, fault);
    while (corv_patience_waits(p.fd, POLLIN) && poll(&p, 1, 0) == 0)
        ;
    if (corv_patience_asks() && read(p.fd, (void *)&list, sizeof list) != (ssize_t)sizeof list)
        list = NULL;
    (void)close(p.fd);
    if (!corv_patience_asks())
        return corv_patience_fault(fault);
    if (!list)
        return not_found(name, fault);
    corv_pg_hosts_resolved(h, list);
    freeaddrinfo(list);
    return CORV_OK;
}
