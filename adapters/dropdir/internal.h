/* SPDX-License-Identifier: EUPL-1.2 */
/* Shared by the files of adapters/dropdir only. A file that came in is one item, from the moment it
 * is in work/ until it lies in done/ or refused/. Whatever happens to the process in between: what
 * is in work/ at the start is offered again, and corvd knows a repeat when it sees one.
 * File names are the application's and may say anything: they never go to the log. */
#ifndef CORV_ADAPTERS_DROPDIR_INTERNAL_H
#define CORV_ADAPTERS_DROPDIR_INTERNAL_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

#include "adapters/dropdir/dropdir.h"

#define DROPDIR_NAME_MAX     200u /* of a file; room for a number and another ending */
#define DROPDIR_FILES_MAX    64u  /* in memory at once */
#define DROPDIR_LAWFUL_HOURS 24   /* RKJ art. 4.1 */
#define DROPDIR_SWEEP_MS     60000

enum dropdir_stage {
    DROPDIR_READ,     /* read, not offered yet (or to be offered again) */
    DROPDIR_OFFERED,  /* the daemon has it */
    DROPDIR_ANSWERED, /* the answer is known, not on disk yet */
    DROPDIR_SETTLING, /* a worker writes it */
};

struct dropdir_item {
    TAILQ_ENTRY(dropdir_item) entry;
    struct dropdir *dropdir;
    enum dropdir_stage stage;
    uint64_t op;           /* 0: not offered, or turned away */
    int64_t not_before_us; /* of the next try */
    char *bytes;           /* owned; NULL: too large, or not needed any more */
    size_t n;
    bool too_large;
    bool refused;
    char *text;                      /* owned: the answer for people */
    char *json;                      /* owned: the answer for programs */
    int trouble;                     /* errno of the last try to settle */
    char name[DROPDIR_NAME_MAX + 1]; /* in work/, ends in .xml */
};
TAILQ_HEAD(dropdir_items, dropdir_item);

struct dropdir_scan; /* one look at the folder, on a worker */

struct dropdir {
    const struct corv_services *services;
    struct corv_host *host;
    /* settings, read once */
    const char *in; /* NULL: nothing comes in */
    const char *sender;
    uint64_t poll_ms;
    unsigned at_once;
    size_t max_bytes;
    int keep_hours;
    int answer_days;
    /* folders, open while started; -1 when nothing comes in */
    int in_fd;
    int work_fd;
    int done_fd;
    int refused_fd;
    int lock_fd;
    struct corv_timer *timer;
    struct dropdir_items items;
    unsigned items_count;
    bool leftovers; /* work/ may hold files of an earlier life */
    bool scanning;
    bool draining;
    bool stopped;
    unsigned unreadable; /* files that could not be taken in the last look; logged on change */
    int64_t swept_us;
    bool sweeping;
};

/* scan.c */
void dropdir_scan(struct dropdir *d); /* when there is room and none is under way */
void dropdir_sweep(struct dropdir *d);

/* item.c */
void dropdir_item_free(struct dropdir_item *item); /* accepts NULL; not in a list */
void dropdir_items_move_on(struct dropdir *d);     /* offers and settles what is due */
void dropdir_items_woken(struct dropdir *d);       /* the daemon has room again */
void dropdir_answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer);
void dropdir_items_drop(struct dropdir *d); /* at the end; the files stay where they are */

/* answer.c: both owned by the item; false without memory */
bool dropdir_answer_write(struct dropdir_item *item, const struct corv_incoming_answer *answer);
bool dropdir_answer_too_large(struct dropdir_item *item);

/* settle.c: on a worker. 0 or an errno. */
int dropdir_settle(struct dropdir_item *item);

/* out.c */
int dropdir_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome);

/* Any thread: 0 or an errno. Written as aside in the folder at, synced, then renamed to name in
 * dir: it appears there at once and whole. */
int dropdir_put(int at, const char *aside, int dir, const char *name, const char *p, size_t n);

#endif
