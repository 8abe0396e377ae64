/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages on their way through the child. Who was inside when a child died is a suspect: it goes
 * again with the child to itself, so that one that kills every child is found and set aside and
 * the others go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/process/internal.h"

/* ---- suspects ------------------------------------------------------------------------------ */

static struct suspect *suspect_of(struct process *p, const char *delivery)
{
    for (size_t i = 0; i < SUSPECTS_MAX; i++)
        if (p->suspects[i].delivery[0] && strcmp(p->suspects[i].delivery, delivery) == 0)
            return &p->suspects[i];
    return NULL;
}

/* When the table is full the oldest is forgotten: it only loses its place in the dock. */
static struct suspect *suspect_add(struct process *p, const char *delivery)
{
    struct suspect *s = suspect_of(p, delivery);

    if (s)
        return s;
    s = &p->suspects[p->suspects_next++ % SUSPECTS_MAX];
    *s = (struct suspect){.alone = 0};
    (void)snprintf(s->delivery, sizeof s->delivery, "%s", delivery);
    return s;
}

static void cleared(struct process *p, const struct job *j)
{
    struct suspect *s = suspect_of(p, j->delivery);

    if (s)
        s->delivery[0] = '\0';
}

/* ---- jobs ---------------------------------------------------------------------------------- */

struct job *process_job_find(struct process *p, uint64_t op)
{
    struct job *j;

    TAILQ_FOREACH(j, &p->inside, entry)
    if (j->op == op)
        return j;
    TAILQ_FOREACH(j, &p->waiting, entry)
    if (j->op == op)
        return j;
    return NULL;
}

static void job_free(struct process *p, struct job *j)
{
    if (j->state == JOB_QUEUED)
        process_unsay_job(p, j);
    if (p->alone == j)
        p->alone = NULL;
    if (j->state == JOB_WAITING) {
        TAILQ_REMOVE(&p->waiting, j, entry);
    } else {
        TAILQ_REMOVE(&p->inside, j, entry);
        p->inside_count--;
    }
    p->jobs--;
    wire_out_free(&j->head);
    free(j);
}

static void give_back(struct process *p, struct job *j, const struct corv_outcome *o)
{
    uint64_t op = j->op;

    job_free(p, j);
    p->s->complete(p->host, op, o);
}

void process_job_end(struct process *p, struct job *j, const struct corv_outcome *o)
{
    p->finished_one = true;
    cleared(p, j);
    give_back(p, j, o);
}

void process_job_later(struct process *p, struct job *j, const char *code, const char *text)
{
    const struct corv_outcome o = {.size = sizeof o, .cls = CORV_LATER, .code = code, .text = text};

    give_back(p, j, &o);
}

void process_jobs_pump(struct process *p)
{
    struct job *j;

    while (p->state == CHILD_RUNNING && !p->alone && (j = TAILQ_FIRST(&p->waiting)) != NULL) {
        bool suspect = suspect_of(p, j->delivery) != NULL;

        if (suspect && p->inside_count > 0)
            return; /* until the child is empty */
        TAILQ_REMOVE(&p->waiting, j, entry);
        TAILQ_INSERT_TAIL(&p->inside, j, entry);
        p->inside_count++;
        j->state = JOB_QUEUED;
        if (suspect)
            p->alone = j;
        process_say_job(p, j);
    }
}

/* ---- a death ------------------------------------------------------------------------------- */

static bool poisons(struct process *p, const struct job *j)
{
    struct suspect *s = suspect_add(p, j->delivery);

    if (p->alone == j)
        s->alone++;
    return s->alone >= process_number(p, "process.poison_after");
}

static void set_aside(struct process *p, struct job *j)
{
    static const struct corv_outcome poison = {.size = sizeof poison,
        .cls = CORV_UNREADABLE,
        .code = "process.poison",
        .text = "De adapter viel bij dit bericht telkens om; het ligt apart."};

    p->s->log(p->host, CORV_ALOG_ERROR, "process.poison",
        "Het kindproces viel telkens om bij een en hetzelfde bericht. Dat ligt nu apart.");
    p->s->count(p->host, "poison", 1);
    cleared(p, j);
    give_back(p, j, &poison);
}

void process_jobs_died(struct process *p)
{
    struct job *j;

    while ((j = TAILQ_FIRST(&p->inside)) != NULL) {
        if (j->state == JOB_QUEUED) { /* not a byte of it was there */
            process_unsay_job(p, j);
            j->state = JOB_WAITING;
            p->alone = p->alone == j ? NULL : p->alone;
            p->inside_count--;
            TAILQ_REMOVE(&p->inside, j, entry);
            TAILQ_INSERT_HEAD(&p->waiting, j, entry);
            continue;
        }
        if (poisons(p, j))
            set_aside(p, j);
        else
            process_job_later(p, j, "process.died",
                "Het kindproces viel om; misschien is het bericht al aangekomen.");
    }
}

void process_jobs_hand_back(struct process *p)
{
    static const char text[] = "De adapter wordt gestopt.";
    struct job *j;

    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): a job that ended is in no list any more */
    while ((j = TAILQ_FIRST(&p->waiting)) != NULL)
        process_job_later(p, j, "process.stopped", text);
    while (p->state == CHILD_NONE && (j = TAILQ_FIRST(&p->inside)) != NULL)
        process_job_later(p, j, "process.stopped", text);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}
