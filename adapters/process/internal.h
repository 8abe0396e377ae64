/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of adapters/process share: one instance, its child, its messages.
 * Owner: the instance owns everything below it. Thread: the loop thread, but for wait_for_end. */
#ifndef CORV_ADAPTERS_PROCESS_INTERNAL_H
#define CORV_ADAPTERS_PROCESS_INTERNAL_H

#include <sys/queue.h>
#include <sys/types.h>

#include "adapters/process/wire.h"

#define JOBS_MAX       1024u /* messages of one instance, waiting and in the child */
#define SUSPECTS_MAX   64u
#define DELIVERY_SIZE  64u
#define NOTES_A_SECOND 20u /* lines of the child in our log */
/* Frames that a child has not read yet, but for messages: an order to cancel for each it has, and
 * an answer for each offer it may have open. Twice the latter, so that nobody is near it. */
#define UNREAD_MAX (JOBS_MAX + 2 * WIRE_OFFERS_MAX)
#define END_MS     3000          /* from stop until a child is killed */
#define DRAIN_MS   (600u * 1000) /* the host has a deadline of its own */
#define RENEW_MS   10000u        /* for what is under way when a child is replaced */

enum child_state {
    CHILD_NONE,     /* there is none; restart is running, or the instance has stopped */
    CHILD_STARTING, /* it was told what to load */
    CHILD_RUNNING,  /* its adapter has started */
    CHILD_LEAVING,  /* it was told to stop */
    CHILD_DYING,    /* it was killed and has not ended yet */
    CHILD_STATES,
};

/* Who was in the child when it died. One that dies alone, again and again, is the culprit. */
struct suspect {
    char delivery[DELIVERY_SIZE]; /* "": free */
    uint32_t alone;               /* deaths with nobody else in the child */
};

enum job_state {
    JOB_WAITING, /* here */
    JOB_QUEUED,  /* will be written */
    JOB_WRITING, /* in part with the child */
    JOB_INSIDE,  /* with the child */
};

struct job {                /* one message on its way out */
    TAILQ_ENTRY(job) entry; /* in waiting, or in inside from JOB_QUEUED on */
    uint64_t op;
    char delivery[DELIVERY_SIZE];
    struct wire_out head;     /* the frame but for the payload */
    struct corv_text payload; /* borrowed until complete */
    enum job_state state;
    bool cancelled; /* in the middle of being written */
};
TAILQ_HEAD(jobs, job);

struct frame { /* waits to be written */
    STAILQ_ENTRY(frame) entry;
    struct wire_out bytes; /* owned; of a job: the job's */
    struct job *job;       /* or NULL */
    size_t written;        /* of bytes and payload together */
};

struct offer { /* of the child, with the daemon; free when ours is 0 */
    uint64_t ours;
    uint64_t childs;
    uint64_t child; /* which child */
};

struct process {
    const struct corv_services *s;
    struct corv_host *host;
    enum child_state state;
    pid_t pid;
    int fd;
    int pidfd;
    uint64_t child; /* number of this child */
    struct corv_watch *talk;
    struct corv_watch *end;
    struct corv_timer *pulse;   /* a child that hangs */
    struct corv_timer *restart; /* the back-off */
    uint32_t wait_ms;           /* the next back-off */
    bool finished_one;          /* this child ended a message */
    bool renew;                 /* it leaves for a child with new settings */
    bool stopping;
    bool writable;    /* the watch waits for room */
    int64_t heard_us; /* last sign of life, or when the first was due from */
    uint32_t ping;
    bool ponged;
    bool failed;     /* it said that its adapter does not start */
    unsigned asked;  /* settings it was told and has not answered */
    unsigned unread; /* frames in out that are no message's */
    struct wire_reader in;
    STAILQ_HEAD(, frame) out;
    struct jobs waiting;
    struct jobs inside;
    unsigned jobs;
    unsigned inside_count;
    const struct job *alone; /* a suspect, with the child to itself */
    struct suspect suspects[SUSPECTS_MAX];
    unsigned suspects_next;
    struct offer offers[WIRE_OFFERS_MAX];
    bool refused_room; /* the child must hear when there is room */
    int64_t notes_second;
    unsigned notes;
    const char *why; /* code of what killed the child, or NULL */
};

/* child.c */
bool process_child_start(struct process *p); /* false: could not, and says so */
void process_child_kill(struct process *p, const char *why);
void process_child_move(struct process *p, enum child_state to);
void process_child_leave(struct process *p, uint32_t ms);
void process_child_await(struct process *p); /* the end of the instance: waits elsewhere */
uint32_t process_number(const struct process *p, const char *key);

/* say.c: false when there was no memory; the child is killed then */
bool process_say_hello(struct process *p);
bool process_say_settings(struct process *p);
bool process_say_number(struct process *p, enum wire_type type, uint64_t number);
bool process_say_answer(struct process *p, uint64_t offer, const struct corv_incoming_answer *a);
bool process_say_unavailable(struct process *p, uint64_t offer);
bool process_job_write(struct process *p, struct job *j, const struct corv_outgoing *m);
void process_say_job(struct process *p, struct job *j);
void process_unsay_job(struct process *p, const struct job *j); /* of one that is queued */
void process_flush(struct process *p);
void process_forget_frames(struct process *p);

/* hear.c */
void process_hear(struct process *p);

/* jobs.c */
struct job *process_job_find(struct process *p, uint64_t op);
void process_jobs_pump(struct process *p); /* gives the child what it may have */
void process_job_end(struct process *p, struct job *j, const struct corv_outcome *o);
void process_job_later(struct process *p, struct job *j, const char *code, const char *text);
void process_jobs_died(struct process *p);      /* those inside the child that is gone */
void process_jobs_hand_back(struct process *p); /* those that wait */

#endif
