/* SPDX-License-Identifier: EUPL-1.2 */
/* Zip files made in memory, and a state folder of its own for each test program. */
#ifndef CORV_TEST_IMPORT_SUPPORT_H
#define CORV_TEST_IMPORT_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "daemon/base/view.h"
#include "schemas/store_files.h"

struct entry {
    const char *name; /* ends the list when NULL */
    const char *bytes;
    size_t size; /* 0: strlen(bytes) */
};

/* The zip as bytes; the caller frees. */
static inline char *make_zip(const struct entry *entries, size_t *size)
{
    char path[] = "/tmp/corv-zip-XXXXXX", *bytes;
    int fd = mkstemp(path), error = 0;
    struct stat st;
    zip_t *zip;
    FILE *f;

    assert_true(fd >= 0);
    (void)close(fd);
    zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    for (; entries->name; entries++) {
        size_t n = entries->size ? entries->size : strlen(entries->bytes);
        zip_source_t *s = zip_source_buffer(zip, entries->bytes, n, 0);

        assert_non_null(s);
        zip_int64_t at = zip_file_add(zip, entries->name, s, ZIP_FL_ENC_UTF_8);

        assert_true(at >= 0);
        /* made twice, it is the same archive: a second has not to pass */
        assert_int_equal(zip_file_set_mtime(zip, (zip_uint64_t)at, 1000000000, 0), 0);
    }
    assert_int_equal(zip_close(zip), 0);
    assert_int_equal(stat(path, &st), 0);
    *size = (size_t)st.st_size;
    bytes = malloc(*size);
    assert_non_null(bytes);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    (void)fclose(f);
    (void)unlink(path);
    return bytes;
}

static inline char *make_folder(void)
{
    char *folder = strdup("/tmp/corv-state-XXXXXX");

    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static inline void drop_folder(char *folder)
{
    corv_store_remove(folder);
    free(folder);
}

/* How many files and folders there are below, the folder itself not counted. */
static inline int count_below(const char *folder)
{
    char command[512], answer[32] = "";
    FILE *p;

    (void)snprintf(command, sizeof command, "find '%s' -mindepth 1 2>/dev/null | wc -l", folder);
    p = popen(command, "r");
    assert_non_null(p);
    assert_non_null(fgets(answer, sizeof answer, p));
    assert_int_equal(pclose(p), 0);
    return (int)strtol(answer, NULL, 10);
}

#endif
