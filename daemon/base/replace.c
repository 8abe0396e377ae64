/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static corv_rc write_all(int fd, struct corv_view bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n > 0)
            bytes = corv_view_of(bytes.p + n, bytes.n - (size_t)n);
        else if (n == 0 || errno != EINTR)
            return CORV_E_IO;
    }
    return CORV_OK;
}

static corv_rc write_aside(const char *path, struct corv_view bytes, mode_t mode)
{
    corv_rc rc;
    int fd;

    (void)unlink(path); /* of one that died with the pen in its hand */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return CORV_E_IO;
    rc = write_all(fd, bytes);
    if (rc == CORV_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        rc = CORV_E_IO;
    if (close(fd) != 0)
        rc = CORV_E_IO;
    return rc;
}

static corv_rc sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    corv_rc rc = fd >= 0 && fsync(fd) == 0 ? CORV_OK : CORV_E_IO;

    if (fd >= 0)
        (void)close(fd);
    return rc;
}

corv_rc corv_file_replace(const char *dir, const char *name, struct corv_view bytes, mode_t mode)
{
    char path[PATH_MAX];
    char aside[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    int m = snprintf(aside, sizeof aside, "%s/%s.new", dir, name);
    corv_rc rc;

    if (n < 0 || m < 0 || m >= (int)sizeof aside)
        return CORV_E_LIMIT;
    rc = write_aside(aside, bytes, mode);
    if (rc == CORV_OK && rename(aside, path) != 0)
        rc = CORV_E_IO;
    if (rc != CORV_OK) {
        int why = errno;

        (void)unlink(aside);
        errno = why;
        return rc;
    }
    return sync_folder(dir);
}
