/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes as what a child says. The first byte: whether its adapter has started. What it gets out
 * of it: one message ends at most once, nothing that breaks the contract is offered, and after a
 * kill it is not heard any more. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/process/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned completed;
static uint64_t offers;

static void complete(struct corv_host *h, uint64_t op, const struct corv_outcome *o)
{
    (void)h, (void)o;
    if (op != 7 || ++completed > 1)
        abort();
}

static void log_it(struct corv_host *h, int level, const char *code, const char *text)
{
    (void)h;
    if (level < CORV_ALOG_ERROR || level > CORV_ALOG_DEBUG || strlen(code) > 100000 ||
        strlen(text) > 100000)
        abort();
}

static int64_t now_us(struct corv_host *h)
{
    (void)h;
    return 1;
}

static void rewatch(struct corv_watch *w, unsigned events)
{
    (void)w, (void)events;
}

static void unwatch(struct corv_watch *w)
{
    (void)w;
}

static const char *setting(struct corv_host *h, const char *key)
{
    (void)h;
    return strcmp(key, "process.sender") == 0 ? NULL : "3";
}

static const char *setting_at(struct corv_host *h, uint32_t i, const char **key)
{
    (void)h, (void)i;
    *key = NULL;
    return NULL;
}

static uint64_t offer(struct corv_host *h, const struct corv_incoming *in)
{
    (void)h;
    if ((in->oin != NULL) == (in->party != NULL) || (in->oin && strlen(in->oin) != 20))
        abort();
    for (size_t i = 0; i < in->bytes.n; i++) /* all of it can be read */
        offers += (unsigned char)in->bytes.p[i] == 0xff;
    return ++offers % 3 ? offers : 0;
}

static void count(struct corv_host *h, const char *what, uint64_t n)
{
    (void)h, (void)n;
    if (!*what || strlen(what) > 30)
        abort();
}

static const struct corv_services services = {.size = sizeof services,
    .complete = complete,
    .log = log_it,
    .now_us = now_us,
    .rewatch = rewatch,
    .unwatch = unwatch,
    .setting = setting,
    .setting_at = setting_at,
    .offer = offer,
    .count = count};

static void job_add(struct process *p)
{
    struct job *j = calloc(1, sizeof *j);

    if (!j)
        abort();
    j->op = 7;
    j->state = JOB_INSIDE;
    TAILQ_INSERT_TAIL(&p->inside, j, entry);
    p->jobs = p->inside_count = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct process p = {.s = &services, .pid = INT_MAX, .pidfd = -1, .in = {.from_child = true}};
    int pair[2];

    if (size < 1 || size > 60000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return 0;
    completed = 0;
    STAILQ_INIT(&p.out);
    TAILQ_INIT(&p.waiting);
    TAILQ_INIT(&p.inside);
    p.fd = pair[0];
    p.talk = (struct corv_watch *)(void *)&p; /* never looked into */
    p.state = data[0] & 1 ? CHILD_RUNNING : CHILD_STARTING;
    job_add(&p);
    if (write(pair[1], data + 1, size - 1) != (ssize_t)size - 1)
        abort();
    (void)shutdown(pair[1], SHUT_WR);
    for (int i = 0; i < 1000 && p.talk; i++)
        process_hear(&p);
    if (p.talk || (p.why && p.state != CHILD_DYING))
        abort();
    process_forget_frames(&p);
    p.state = CHILD_NONE;
    process_jobs_hand_back(&p);
    if (completed != 1)
        abort();
    wire_reader_free(&p.in);
    (void)close(pair[0]);
    (void)close(pair[1]);
    return 0;
}
