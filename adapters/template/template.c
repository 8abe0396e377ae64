/* SPDX-License-Identifier: EUPL-1.2 */
/* The smallest useful adapter: appends each message to a file, whole or not at all. Copy this one.
 *
 *     cc -std=gnu11 -O2 -fPIC -shared -pthread $(pkg-config --cflags corv-adapter) \
 *         -o template.so template.c
 *
 * Writing to a disk can block, so a thread does it; the loop thread only puts a job in a list.
 * A record is one line "DELIVERY-ID MESSAGE-ID ATTEMPT BYTES", the bytes, and a newline. After a
 * repeat (attempt > 1) the same delivery id can be there twice: the reader takes the first.
 * Guide: docs/adapter-guide.md. Test: tests/unit/test_host.c, tests/abi/outside.sh */
#include "corv_adapter.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct job {
    STAILQ_ENTRY(job) entry;
    uint64_t op;
    struct corv_text payload; /* borrowed until complete */
    char line[160];
    int line_bytes;
};

struct instance {
    const struct corv_services *s;
    struct corv_host *host;
    int fd;
    pthread_t thread;
    pthread_mutex_t mutex; /* jobs, stopping */
    pthread_cond_t news;
    STAILQ_HEAD(, job) jobs;
    bool stopping;
};

static const struct corv_adapter_setting settings[] = {
    {"file", "path", NULL, "het bestand dat de berichten krijgt"},
    {NULL, NULL, NULL, NULL},
};

/* All or nothing: what was written of a record that failed is cut off again. */
static bool append(int fd, const struct job *j)
{
    struct iovec parts[] = {{(void *)(uintptr_t)j->line, (size_t)j->line_bytes},
        {(void *)(uintptr_t)j->payload.p, j->payload.n}, {(void *)(uintptr_t) "\n", 1}};
    ssize_t total = (ssize_t)(parts[0].iov_len + parts[1].iov_len + parts[2].iov_len);
    struct stat before;

    if (fstat(fd, &before) != 0)
        return false;
    if (writev(fd, parts, 3) == total && fdatasync(fd) == 0)
        return true;
    return ftruncate(fd, before.st_size) != 0 && false; /* when even that fails: a short record */
}

static void *work(void *arg)
{
    struct instance *i = arg;
    struct job *j;

    (void)pthread_mutex_lock(&i->mutex);
    while ((j = STAILQ_FIRST(&i->jobs)) != NULL || !i->stopping) {
        if (!j) {
            (void)pthread_cond_wait(&i->news, &i->mutex);
            continue;
        }
        STAILQ_REMOVE_HEAD(&i->jobs, entry);
        (void)pthread_mutex_unlock(&i->mutex);
        bool good = append(i->fd, j);
        struct corv_outcome o = {.size = sizeof o,
            .cls = good ? CORV_DELIVERED : CORV_LATER,
            .code = good ? "file.written" : "file.failed",
            .text =
                good ? "Bijgeschreven in het bestand." : "Bijschrijven in het bestand mislukte."};

        i->s->complete(i->host, j->op, &o); /* from here on the payload is not ours any more */
        free(j);
        (void)pthread_mutex_lock(&i->mutex);
    }
    (void)pthread_mutex_unlock(&i->mutex);
    return NULL;
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    if (s->setting(host, "file")[0] == '/')
        return 0;
    (void)snprintf(why, why_size, "file moet een volledig pad zijn.");
    return 1;
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct instance *i = calloc(1, sizeof *i);

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!i)
        return NULL;
    *i = (struct instance){.s = s, .host = host, .fd = -1};
    STAILQ_INIT(&i->jobs);
    (void)pthread_mutex_init(&i->mutex, NULL);
    (void)pthread_cond_init(&i->news, NULL);
    return i;
}

static void destroy(void *instance)
{
    struct instance *i = instance;

    if (i->fd >= 0)
        (void)close(i->fd);
    (void)pthread_mutex_destroy(&i->mutex);
    (void)pthread_cond_destroy(&i->news);
    free(i);
}

static int start(void *instance)
{
    struct instance *i = instance;
    const char *file = i->s->setting(i->host, "file");

    i->fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (i->fd >= 0 && pthread_create(&i->thread, NULL, work, i) == 0)
        return 0;
    i->s->log(i->host, CORV_ALOG_ERROR, "file.open", "Het bestand is niet te openen.");
    return 1;
}

static int deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct instance *i = instance;
    struct job *j = calloc(1, sizeof *j);

    if (!j) {
        outcome->cls = CORV_LATER;
        outcome->code = "file.memory";
        return CORV_DONE;
    }
    j->op = op;
    j->payload = i->s->payload(m);
    j->line_bytes = snprintf(j->line, sizeof j->line, "%.48s %.48s %u %zu\n", i->s->delivery_id(m),
        i->s->message_id(m), (unsigned)i->s->attempt(m), j->payload.n);
    (void)pthread_mutex_lock(&i->mutex);
    STAILQ_INSERT_TAIL(&i->jobs, j, entry);
    (void)pthread_cond_signal(&i->news);
    (void)pthread_mutex_unlock(&i->mutex);
    return CORV_PENDING;
}

static void cancel(void *instance, uint64_t op)
{
    (void)instance, (void)op; /* a write ends soon by itself, and then it is complete */
}

static void stop(void *instance)
{
    struct instance *i = instance;

    (void)pthread_mutex_lock(&i->mutex);
    i->stopping = true;
    (void)pthread_cond_signal(&i->news);
    (void)pthread_mutex_unlock(&i->mutex);
    (void)pthread_join(i->thread, NULL); /* after the last job */
}

CORV_ADAPTER_EXPORT const struct corv_adapter *corv_adapter_entry(uint32_t, uint32_t);

const struct corv_adapter *corv_adapter_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {.abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND,
        .name = "template",
        .version = "1.0",
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = deliver,
        .cancel = cancel,
        .stop = stop,
        .destroy = destroy};

    (void)host_minor;
    return host_major == CORV_ADAPTER_ABI_MAJOR ? &adapter : NULL;
}
