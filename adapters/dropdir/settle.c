/* SPDX-License-Identifier: EUPL-1.2 */
/* Puts a file and its answer away, on a worker. The answer is on disk before the file leaves work/:
 * whoever sees the file in done/ finds the answer beside it, and after a crash in between it is
 * offered again, answered as a repeat, and gets that answer in the same place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/dropdir/internal.h"

#define SAME_NAME_MAX 10000u

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        p += put;
        n -= (size_t)put;
    }
    return 0;
}

int dropdir_put(int at, const char *aside, int dir, const char *name, const char *p, size_t n)
{
    int fd = openat(at, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
    int trouble = fd < 0 ? errno : write_all(fd, p, n);

    if (trouble == 0 && fsync(fd) != 0)
        trouble = errno;
    if (fd >= 0 && close(fd) != 0 && trouble == 0)
        trouble = errno;
    if (trouble == 0 && renameat(at, aside, dir, name) != 0)
        trouble = errno;
    if (trouble != 0)
        (void)unlinkat(at, aside, 0);
    else if (fsync(dir) != 0)
        trouble = errno;
    return trouble;
}

/* The name without .xml; an application may use one name again, so a later one gets a number. */
static int choose(int dir, const char *name, char base[DROPDIR_NAME_MAX + 8])
{
    int stem = (int)strlen(name) - 4;
    char full[DROPDIR_NAME_MAX + 16];
    struct stat st;

    for (unsigned i = 1; i < SAME_NAME_MAX; i++) {
        (void)snprintf(base, DROPDIR_NAME_MAX + 8, i == 1 ? "%.*s" : "%.*s~%u", stem, name, i);
        (void)snprintf(full, sizeof full, "%s.xml", base);
        if (fstatat(dir, full, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? 0 : errno;
    }
    return EEXIST;
}

static int put_answer(int dir, const char *base, const char *ending, const char *text)
{
    char name[DROPDIR_NAME_MAX + 16];
    char aside[DROPDIR_NAME_MAX + 24];

    (void)snprintf(name, sizeof name, "%s.%s", base, ending);
    (void)snprintf(aside, sizeof aside, ".%s.tmp", name);
    return dropdir_put(dir, aside, dir, name, text, strlen(text));
}

static int move_away(const struct dropdir *d, int to, const char *name, const char *base)
{
    char full[DROPDIR_NAME_MAX + 16];

    (void)snprintf(full, sizeof full, "%s.xml", base);
    if (d->keep_hours == 0 ? unlinkat(d->work_fd, name, 0) != 0 && errno != ENOENT
                           : renameat(d->work_fd, name, to, full) != 0)
        return errno;
    return fsync(to) == 0 && fsync(d->work_fd) == 0 ? 0 : errno;
}

int dropdir_settle(struct dropdir_item *item)
{
    const struct dropdir *d = item->dropdir;
    int to = item->refused ? d->refused_fd : d->done_fd;
    char base[DROPDIR_NAME_MAX + 8];
    int trouble = choose(to, item->name, base);

    if (trouble == 0)
        trouble = put_answer(to, base, "txt", item->text);
    if (trouble == 0)
        trouble = put_answer(to, base, "json", item->json);
    if (trouble == 0)
        trouble = move_away(d, to, item->name, base);
    return trouble;
}
