/* SPDX-License-Identifier: EUPL-1.2 */
/* The contract on our side: messages wait here for the child, and come back from it. */
#include "adapters/process/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/process/internal.h"

#ifndef CORV_RUNNER
#define CORV_RUNNER "/usr/lib/corvd/corv-adapter-run"
#endif

static const struct corv_adapter_setting settings[] = {
    {"process.library", "path", NULL, "de adapter (.so) die in het kindproces draait"},
    {"process.runner", "path", CORV_RUNNER, "het programma dat hem laadt"},
    {"process.user", "string", "",
        "gebruiker van het kindproces; alleen als corvd als root draait"},
    {"process.sender", "string", "", "partij namens wie alles komt wat de adapter binnenbrengt"},
    {"process.memory_mb", "integer", "1024", "geheugen van het kindproces; 0: onbegrensd"},
    {"process.files", "integer", "256", "open bestanden van het kindproces"},
    {"process.hang_seconds", "integer", "30",
        "zo lang mag het kindproces niets van zich laten horen"},
    {"process.restart_first_ms", "integer", "500", "wachten voor de eerste herstart"},
    {"process.restart_max_ms", "integer", "60000", "hoogstens zo lang wachten"},
    {"process.poison_after", "integer", "3",
        "na zoveel keer alleen omvallen gaat een bericht opzij"},
    {"process.stderr", "boolean", "false",
        "foutuitvoer doorlaten; kan inhoud tonen, alleen om te zoeken"},
    {"*", "string", "", "de instellingen van de adapter zelf"},
    {NULL, NULL, NULL, NULL},
};

static const struct {
    const char *key;
    unsigned long least;
    unsigned long most;
} bounds[] = {
    {"process.memory_mb", 0, 65536},
    {"process.files", 16, 65536},
    {"process.hang_seconds", 1, 3600},
    {"process.restart_first_ms", 10, 60000},
    {"process.restart_max_ms", 10, 3600000},
    {"process.poison_after", 1, 100},
};

static int check_known(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    const char *key;

    for (uint32_t i = 0; s->setting_at(host, i, &key) != NULL || key; i++) {
        const struct corv_adapter_setting *row = settings;

        while (row->key && strcmp(row->key, key) != 0)
            row++;
        if (row->key || strncmp(key, "process.", 8) != 0)
            continue;
        (void)snprintf(why, why_size, "%.40s is geen instelling van process.", key);
        return 1;
    }
    return 0;
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        unsigned long v = strtoul(s->setting(host, bounds[i].key), NULL, 10);

        if (v >= bounds[i].least && v <= bounds[i].most)
            continue;
        (void)snprintf(why, why_size, "%s moet van %lu tot en met %lu zijn.", bounds[i].key,
            bounds[i].least, bounds[i].most);
        return 1;
    }
    const char *library = s->setting(host, "process.library");
    bool other = strncmp(library, "builtin:", 8) == 0 && strcmp(library + 8, "process") != 0;

    if ((library[0] != '/' && !other) || s->setting(host, "process.runner")[0] != '/') {
        (void)snprintf(why, why_size,
            "process.library en process.runner moeten volledige paden zijn, of builtin: en een "
            "andere adapter.");
        return 1;
    }
    return check_known(s, host, why, why_size);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct process *p = calloc(1, sizeof *p);

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!p)
        return NULL;
    *p = (struct process){.s = s, .host = host, .fd = -1, .pidfd = -1, .in = {.from_child = true}};
    STAILQ_INIT(&p->out);
    TAILQ_INIT(&p->waiting);
    TAILQ_INIT(&p->inside);
    return p;
}

/* The child says later whether its adapter starts; messages wait until then. */
static int start(void *instance)
{
    static const char *const counters[] = {
        "deaths", "restarts", "refused_starts", "poison", "strays", "notes_dropped"};
    struct process *p = instance;

    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        p->s->count(p->host, counters[i], 0); /* ours come before the child's */
    p->wait_ms = process_number(p, "process.restart_first_ms");
    return process_child_start(p) ? 0 : 1;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the contract says so */
static int reconfigure(void *instance, char *why, size_t why_size)
{
    struct process *p = instance;

    (void)why, (void)why_size;
    p->wait_ms = process_number(p, "process.restart_first_ms");
    if (p->state == CHILD_RUNNING)
        (void)process_say_settings(p);
    else if (p->state == CHILD_NONE) /* no need to sit out the back-off of the old settings */
        p->s->timer_start(p->restart, p->wait_ms);
    else if (p->state == CHILD_STARTING)
        p->renew = true;
    return 0;
}

static void on_wake(void *instance)
{
    struct process *p = instance;

    if (!p->refused_room || p->state != CHILD_RUNNING)
        return;
    p->refused_room = false;
    (void)process_say_number(p, WIRE_ROOM, 0);
}

static void drain(void *instance)
{
    struct process *p = instance;

    p->stopping = true;
    process_jobs_hand_back(p);
    if (p->state == CHILD_STARTING || p->state == CHILD_RUNNING)
        process_child_leave(p, DRAIN_MS);
}

static void stop(void *instance)
{
    struct process *p = instance;

    p->stopping = true;
    if (p->state == CHILD_STARTING || p->state == CHILD_RUNNING)
        process_child_leave(p, 0);
    process_child_await(p);
    process_jobs_hand_back(p);
}

static void destroy(void *instance)
{
    struct process *p = instance;

    wire_reader_free(&p->in);
    process_forget_frames(p);
    free(p);
}

/* ---- messages ------------------------------------------------------------------------------ */

static int say_no(struct corv_outcome *o, const char *code, const char *text)
{
    o->cls = CORV_LATER;
    o->code = code;
    o->text = text;
    return CORV_DONE;
}

static int deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    struct process *p = instance;
    struct job *j;

    if (p->stopping || p->jobs >= JOBS_MAX)
        return say_no(outcome, "process.busy", "De adapter heeft te veel berichten onderhanden.");
    j = calloc(1, sizeof *j);
    if (!j)
        return say_no(outcome, "process.memory", "Geen geheugen voor het bericht.");
    j->op = op;
    if (!process_job_write(p, j, m)) {
        free(j);
        (void)say_no(outcome, "process.too-large", "Het bericht past niet in het kanaal.");
        outcome->cls = CORV_UNREADABLE; /* and never will */
        return CORV_DONE;
    }
    TAILQ_INSERT_TAIL(&p->waiting, j, entry);
    p->jobs++;
    process_jobs_pump(p);
    return CORV_PENDING;
}

/* The child has a copy of its own, so there is nothing to wait for - but for a message that is
 * just being written: it stays borrowed until that is done, or the child is killed for it. */
static void cancel(void *instance, uint64_t op)
{
    struct process *p = instance;
    struct job *j = process_job_find(p, op);

    if (!j)
        return;
    if (j->state == JOB_WRITING && p->state != CHILD_DYING) {
        j->cancelled = true;
        return;
    }
    if (j->state == JOB_INSIDE && p->state != CHILD_DYING)
        (void)process_say_number(p, WIRE_CANCEL, op);
    process_job_later(p, j, "process.cancelled", "Het kindproces antwoordde niet op tijd.");
    process_jobs_pump(p);
}

static void answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer)
{
    struct process *p = instance;

    for (size_t i = 0; i < WIRE_OFFERS_MAX; i++) {
        struct offer *o = &p->offers[i];

        if (o->ours != op)
            continue;
        o->ours = 0;
        if (o->child == p->child && (p->state == CHILD_RUNNING || p->state == CHILD_LEAVING))
            (void)process_say_answer(p, o->childs, answer);
        return;
    }
}

const struct corv_adapter *corv_process_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND | CORV_ADAPTER_INBOUND,
        .name = "process",
        .version = CORV_VERSION,
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = deliver,
        .cancel = cancel,
        .on_wake = on_wake,
        .reconfigure = reconfigure,
        .drain = drain,
        .stop = stop,
        .destroy = destroy,
        .answered = answered,
    };

    (void)host_minor;
    return host_major == CORV_ADAPTER_ABI_MAJOR ? &adapter : NULL;
}
