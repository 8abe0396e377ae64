/* SPDX-License-Identifier: EUPL-1.2 */
/* Looking at the folder, on a worker: the oldest files that fit are moved to work/ and read; and
 * once in a while what has lain in done/ and refused/ long enough is removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dropdir/internal.h"

struct found {
    struct timespec since;
    char name[DROPDIR_NAME_MAX + 1];
};

struct dropdir_scan {
    struct dropdir *dropdir; /* the worker only reads its settings and folders */
    bool leftovers;          /* look in work/ */
    unsigned want;
    unsigned skip_count; /* in memory already */
    char skip[DROPDIR_FILES_MAX][DROPDIR_NAME_MAX + 1];
    struct found found[DROPDIR_FILES_MAX]; /* the oldest, oldest first */
    unsigned found_count;
    struct dropdir_items items; /* what was taken */
    unsigned taken;
    unsigned unreadable;
};

/* ---- which files ----------------------------------------------------------------------------- */

static bool is_message(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && n <= DROPDIR_NAME_MAX && name[0] != '.' && strcmp(name + n - 4, ".xml") == 0;
}

static bool skipped(const struct dropdir_scan *s, const char *name)
{
    for (unsigned i = 0; i < s->skip_count; i++)
        if (strcmp(s->skip[i], name) == 0)
            return true;
    return false;
}

static bool before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Keeps the oldest ones, however many there are. */
static void note(struct dropdir_scan *s, const char *name, const struct stat *st)
{
    unsigned at = s->found_count;

    while (at > 0 && before(&st->st_mtim, &s->found[at - 1].since))
        at--;
    if (at >= DROPDIR_FILES_MAX)
        return;
    if (s->found_count < DROPDIR_FILES_MAX)
        s->found_count++;
    memmove(&s->found[at + 1], &s->found[at], (s->found_count - at - 1) * sizeof s->found[0]);
    s->found[at].since = st->st_mtim;
    (void)snprintf(s->found[at].name, sizeof s->found[at].name, "%s", name);
}

static DIR *folder(int fd)
{
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again >= 0 ? fdopendir(again) : NULL;

    if (!dir && again >= 0)
        (void)close(again);
    return dir;
}

static void look(struct dropdir_scan *s, int fd)
{
    DIR *dir = folder(fd);
    const struct dirent *e;
    struct stat st;

    while (dir && (e = readdir(dir)) != NULL)
        if (is_message(e->d_name) && !skipped(s, e->d_name) &&
            fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            note(s, e->d_name, &st);
    if (dir)
        (void)closedir(dir);
}

/* ---- taking one ------------------------------------------------------------------------------ */

/* errno, or 0; a file that grows while it is read was not renamed into the folder, as it must. */
static int read_all(int fd, struct dropdir_item *item, size_t max)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EINVAL;
    if ((size_t)st.st_size > max) {
        item->too_large = true;
        return 0;
    }
    item->bytes = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
    if (!item->bytes)
        return ENOMEM;
    while (item->n < (size_t)st.st_size) {
        ssize_t got = read(fd, item->bytes + item->n, (size_t)st.st_size - item->n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            break;
        item->n += (size_t)got;
    }
    return 0;
}

/* The file is opened before it is moved: what cannot be read stays where it is. */
static void take(struct dropdir_scan *s, const char *name)
{
    const struct dropdir *d = s->dropdir;
    int from = s->leftovers ? d->work_fd : d->in_fd;
    struct dropdir_item *item = calloc(1, sizeof *item);
    int fd = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (!item || fd < 0)
        goto out;
    (void)snprintf(item->name, sizeof item->name, "%s", name);
    item->dropdir = s->dropdir;
    if (read_all(fd, item, d->max_bytes) != 0)
        goto out;
    if (!s->leftovers && renameat2(from, name, d->work_fd, name, RENAME_NOREPLACE) != 0)
        goto out;
    TAILQ_INSERT_TAIL(&s->items, item, entry);
    s->taken++;
    item = NULL;
out:
    if (item)
        s->unreadable++;
    dropdir_item_free(item);
    if (fd >= 0)
        (void)close(fd);
}

static void scan_run(void *ctx)
{
    struct dropdir_scan *s = ctx;

    look(s, s->leftovers ? s->dropdir->work_fd : s->dropdir->in_fd);
    for (unsigned i = 0; i < s->found_count && s->taken < s->want; i++)
        take(s, s->found[i].name);
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void tell_unreadable(struct dropdir *d, unsigned n)
{
    if (n > d->unreadable)
        d->services->log(d->host, CORV_ALOG_WARNING, "dropdir.unreadable",
            "een bestand in de map is niet te lezen of niet te verplaatsen; het blijft staan");
    d->unreadable = n;
}

static void scan_done(void *ctx)
{
    struct dropdir_scan *s = ctx;
    struct dropdir *d = s->dropdir;
    struct dropdir_item *item;
    bool more = s->taken == s->want || (s->leftovers && s->taken > 0);

    d->scanning = false;
    if (s->leftovers && s->taken == 0) { /* what cannot be read now waits for a restart */
        d->leftovers = false;
        more = true;
    }
    tell_unreadable(d, s->unreadable);
    while ((item = TAILQ_FIRST(&s->items)) != NULL) {
        TAILQ_REMOVE(&s->items, item, entry);
        TAILQ_INSERT_TAIL(&d->items, item, entry);
        d->items_count++;
    }
    free(s);
    if (d->draining)
        return;
    dropdir_items_move_on(d);
    if (more)
        dropdir_scan(d);
}

void dropdir_scan(struct dropdir *d)
{
    struct dropdir_scan *s;
    struct dropdir_item *item;

    if (!d->in || d->scanning || d->draining || d->items_count >= d->at_once)
        return;
    s = calloc(1, sizeof *s);
    if (!s)
        return; /* the next tick tries again */
    s->dropdir = d;
    s->leftovers = d->leftovers;
    s->want = d->at_once - d->items_count;
    TAILQ_INIT(&s->items);
    TAILQ_FOREACH(item, &d->items, entry)
    (void)snprintf(s->skip[s->skip_count++], sizeof s->skip[0], "%s", item->name);
    d->scanning = d->services->work(d->host, scan_run, scan_done, s) == 0;
    if (!d->scanning)
        free(s);
}

/* ---- sweeping -------------------------------------------------------------------------------- */

static bool is_old(const struct dropdir *d, const char *name, const struct stat *st, time_t now)
{
    time_t since =
        st->st_ctim.tv_sec > st->st_mtim.tv_sec ? st->st_ctim.tv_sec : st->st_mtim.tv_sec;
    int64_t keep =
        is_message(name) ? (int64_t)d->keep_hours * 3600 : (int64_t)d->answer_days * 86400;

    return now - since >= keep;
}

static void sweep_folder(const struct dropdir *d, int fd, time_t now)
{
    DIR *dir = folder(fd);
    const struct dirent *e;
    struct stat st;

    while (dir && (e = readdir(dir)) != NULL)
        if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
            is_old(d, e->d_name, &st, now))
            (void)unlinkat(fd, e->d_name, 0); /* the next sweep tries again */
    if (dir)
        (void)closedir(dir);
}

static void sweep_run(void *ctx)
{
    const struct dropdir *d = ctx;
    time_t now = time(NULL);

    sweep_folder(d, d->done_fd, now);
    sweep_folder(d, d->refused_fd, now);
}

static void sweep_done(void *ctx)
{
    struct dropdir *d = ctx;

    d->sweeping = false;
}

void dropdir_sweep(struct dropdir *d)
{
    int64_t now = d->services->now_us(d->host);

    if (!d->in || d->sweeping || d->draining ||
        (d->swept_us && now - d->swept_us < DROPDIR_SWEEP_MS * 1000LL && now >= d->swept_us))
        return;
    d->swept_us = now;
    d->sweeping = d->services->work(d->host, sweep_run, sweep_done, d) == 0;
}
