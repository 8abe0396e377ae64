/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/loopback/loopback.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define LATE_MS 1200u /* longer than the host waits after cancel */

enum behaviour { OK, SOON, SLOW, LATER, REFUSE, UNREADABLE, TWICE, LATE, NEVER, CRASH, UNKNOWN };

static const struct {
    const char *name;
    enum behaviour behaviour;
} names[] = {
    {"ok", OK},
    {"soon", SOON},
    {"later", LATER},
    {"refuse", REFUSE},
    {"unreadable", UNREADABLE},
    {"twice", TWICE},
    {"late", LATE},
    {"never", NEVER},
    {"crash", CRASH},
};

struct job { /* one operation that waits */
    TAILQ_ENTRY(job) entry;
    struct loopback *loopback;
    uint64_t op;
    struct corv_timer *timer; /* NULL: waits for ever */
    enum behaviour behaviour;
    char receipt[80];
};
TAILQ_HEAD(jobs, job);

struct loopback {
    const struct corv_services *services;
    struct corv_host *host;
    struct jobs jobs;
};

static const struct corv_adapter_setting settings[] = {
    {"behaviour", "string", "ok", "wat te doen als het adres niets zegt: zie loopback.h"},
    {"allow_crash", "boolean", "false", "crash laat het proces echt stoppen"},
    {NULL, NULL, NULL, NULL},
};

static enum behaviour read_behaviour(const char *text, uint64_t *ms)
{
    *ms = 0;
    if (strncmp(text, "slow-", 5) == 0 && text[5] && strspn(text + 5, "0123456789") <= 6) {
        *ms = strtoul(text + 5, NULL, 10);
        return text[5 + strspn(text + 5, "0123456789")] ? UNKNOWN : SLOW;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].name, text) == 0)
            return names[i].behaviour;
    return UNKNOWN;
}

/* ---- outcomes ----------------------------------------------------------------------------- */

static void fill(struct corv_outcome *o, enum corv_outcome_class cls, const char *code)
{
    o->cls = cls;
    o->code = code;
    o->text = cls == CORV_DELIVERED ? "Aangenomen door de lus." : "Zo gevraagd in het adres.";
}

static void complete(
    struct loopback *a, const struct job *j, enum corv_outcome_class cls, const char *code)
{
    struct corv_outcome outcome = {.size = sizeof outcome};

    fill(&outcome, cls, code);
    if (cls == CORV_DELIVERED)
        outcome.receipt = (struct corv_text){j->receipt, strlen(j->receipt)};
    a->services->complete(a->host, j->op, &outcome);
    if (j->behaviour == TWICE)
        a->services->complete(a->host, j->op, &outcome);
}

static void job_free(struct job *j)
{
    TAILQ_REMOVE(&j->loopback->jobs, j, entry);
    j->loopback->services->timer_free(j->timer);
    free(j);
}

static void job_due(void *ctx)
{
    struct job *j = ctx;

    complete(j->loopback, j, CORV_DELIVERED, "loopback.ok");
    job_free(j);
}

static int job_start(
    struct loopback *a, uint64_t op, const char *delivery, enum behaviour behaviour, uint64_t ms)
{
    struct job *j = calloc(1, sizeof *j);

    if (!j)
        return -1;
    j->loopback = a;
    j->op = op;
    j->behaviour = behaviour;
    (void)snprintf(j->receipt, sizeof j->receipt, "loopback %.60s", delivery);
    TAILQ_INSERT_TAIL(&a->jobs, j, entry);
    if (behaviour == LATE || behaviour == NEVER)
        return 0;
    j->timer = a->services->timer(a->host, job_due, j);
    if (!j->timer) {
        job_free(j);
        return -1;
    }
    a->services->timer_start(j->timer, ms);
    return 0;
}

/* ---- the calls ---------------------------------------------------------------------------- */

static int deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct loopback *a = instance;
    const char *address = a->services->address(m);
    uint64_t ms = 0;
    enum behaviour behaviour =
        strncmp(address, "loopback:", 9) == 0
            ? read_behaviour(address + 9, &ms)
            : read_behaviour(a->services->setting(a->host, "behaviour"), &ms);

    switch (behaviour) {
    case OK:
        fill(outcome, CORV_DELIVERED, "loopback.ok");
        outcome->receipt = (struct corv_text){"loopback", 8};
        return CORV_DONE;
    case LATER:
        fill(outcome, CORV_LATER, "loopback.later");
        outcome->retry_after_seconds = 1;
        return CORV_DONE;
    case REFUSE:
        fill(outcome, CORV_REFUSED, "loopback.refused");
        return CORV_DONE;
    case UNREADABLE:
        fill(outcome, CORV_UNREADABLE, "loopback.unreadable");
        return CORV_DONE;
    case CRASH:
        if (strcmp(a->services->setting(a->host, "allow_crash"), "true") == 0)
            abort();
        break;
    case UNKNOWN:
        break;
    default:
        if (job_start(a, op, a->services->delivery_id(m), behaviour, ms) == 0)
            return CORV_PENDING;
        fill(outcome, CORV_LATER, "loopback.memory");
        return CORV_DONE;
    }
    fill(outcome, CORV_LATER, "loopback.address");
    return CORV_DONE;
}

static void cancel(void *instance, uint64_t op)
{
    struct loopback *a = instance;
    struct job *j;

    TAILQ_FOREACH(j, &a->jobs, entry)
    if (j->op == op)
        break;
    if (!j || j->behaviour == NEVER)
        return;
    if (j->behaviour == LATE) {
        j->timer = j->timer ? j->timer : a->services->timer(a->host, job_due, j);
        if (j->timer)
            a->services->timer_start(j->timer, LATE_MS);
        return;
    }
    complete(a, j, CORV_LATER, "loopback.cancelled");
    job_free(j);
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    uint64_t ms;

    if (read_behaviour(s->setting(host, "behaviour"), &ms) != UNKNOWN)
        return 0;
    (void)snprintf(why, why_size, "behaviour is onbekend; zie adapters/loopback/loopback.h.");
    return 1;
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct loopback *a = calloc(1, sizeof *a);

    if (!a) {
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    a->services = s;
    a->host = host;
    TAILQ_INIT(&a->jobs);
    return a;
}

static int start(void *instance)
{
    (void)instance;
    return 0;
}

static void stop(void *instance)
{
    struct loopback *a = instance;
    struct job *j = TAILQ_FIRST(&a->jobs);

    while (j) {
        struct job *next = TAILQ_NEXT(j, entry);

        if (j->behaviour != NEVER)
            complete(a, j, CORV_LATER, "loopback.stopped");
        job_free(j);
        j = next;
    }
}

static void destroy(void *instance)
{
    free(instance);
}

const struct corv_adapter *corv_loopback_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND,
        .name = "loopback",
        .version = CORV_VERSION,
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = deliver,
        .cancel = cancel,
        .stop = stop,
        .destroy = destroy,
    };

    (void)host_minor;
    return host_major == CORV_ADAPTER_ABI_MAJOR ? &adapter : NULL;
}
