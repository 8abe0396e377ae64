/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

corv_rc corv_store_path(char out[CORV_STORE_PATH], const char *a, const char *b, const char *c)
{
    int n = snprintf(
        out, CORV_STORE_PATH, "%s%s%s%s%s", a, b ? "/" : "", b ? b : "", c ? "/" : "", c ? c : "");

    return n > 0 && n < CORV_STORE_PATH ? CORV_OK : CORV_E_LIMIT;
}

corv_rc corv_store_slurp(const char *path, size_t limit, struct corv_buf *out)
{
    char piece[16384];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    corv_rc rc = CORV_OK;
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? CORV_E_NOTFOUND : CORV_E_IO;
    while (rc == CORV_OK && (n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0)
            rc = errno == EINTR ? CORV_OK : CORV_E_IO;
        else if ((size_t)n > limit - out->n)
            rc = CORV_E_LIMIT;
        else
            rc = corv_buf_add(out, piece, (size_t)n);
    }
    (void)close(fd);
    return rc;
}

corv_rc corv_store_folder(const char *path)
{
    char part[CORV_STORE_PATH];

    if (corv_store_path(part, path, NULL, NULL) != CORV_OK)
        return CORV_E_LIMIT;
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return CORV_E_IO;
        *p = '/';
    }
    return mkdir(part, 0750) == 0 || errno == EEXIST ? CORV_OK : CORV_E_IO;
}

static corv_rc folder_of(const char *path, char out[CORV_STORE_PATH])
{
    char *slash;

    if (corv_store_path(out, path, NULL, NULL) != CORV_OK)
        return CORV_E_LIMIT;
    slash = strrchr(out, '/');
    if (slash && slash != out)
        *slash = '\0';
    return CORV_OK;
}

corv_rc corv_store_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    corv_rc rc = fd >= 0 && fsync(fd) == 0 ? CORV_OK : CORV_E_IO;

    if (fd >= 0)
        (void)close(fd);
    return rc;
}

corv_rc corv_store_write(const char *path, struct corv_view bytes)
{
    char folder[CORV_STORE_PATH];
    int fd;
    corv_rc rc = folder_of(path, folder);

    if (rc == CORV_OK)
        rc = corv_store_folder(folder);
    if (rc != CORV_OK)
        return rc;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return CORV_E_IO;
    while (rc == CORV_OK && bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n > 0)
            bytes = corv_view_of(bytes.p + n, bytes.n - (size_t)n);
        else if (n == 0 || errno != EINTR)
            rc = CORV_E_IO;
    }
    if (rc == CORV_OK && fsync(fd) != 0)
        rc = CORV_E_IO;
    if (close(fd) != 0)
        rc = CORV_E_IO;
    return rc == CORV_OK ? corv_store_sync(folder) : rc;
}

corv_rc corv_store_replace(const char *path, struct corv_view bytes)
{
    char temporary[CORV_STORE_PATH], folder[CORV_STORE_PATH];
    int n = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    corv_rc rc = n > 0 && n < (int)sizeof temporary ? folder_of(path, folder) : CORV_E_LIMIT;

    if (rc != CORV_OK)
        return rc;
    (void)unlink(temporary); /* of a process that died and had our number */
    rc = corv_store_write(temporary, bytes);
    if (rc == CORV_OK && rename(temporary, path) != 0)
        rc = CORV_E_IO;
    if (rc != CORV_OK)
        (void)unlink(temporary);
    return rc == CORV_OK ? corv_store_sync(folder) : rc;
}

corv_rc corv_store_settle(const char *temporary, const char *path)
{
    char folder[CORV_STORE_PATH];
    corv_rc rc = folder_of(path, folder);

    if (rc == CORV_OK)
        rc = corv_store_sync(temporary);
    if (rc == CORV_OK && rename(temporary, path) != 0)
        rc = errno == EEXIST || errno == ENOTEMPTY ? CORV_E_STATE : CORV_E_IO;
    return rc == CORV_OK ? corv_store_sync(folder) : rc;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void corv_store_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
