/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/support/test_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

char *test_folder_new(char out[TEST_FOLDER], const char *what)
{
    (void)snprintf(out, TEST_FOLDER, "/tmp/corv-%s-XXXXXX", what);
    if (!mkdtemp(out)) {
        (void)fprintf(stderr, "test_folder: %s cannot be made\n", out);
        exit(1);
    }
    return out;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *w)
{
    (void)st;
    (void)kind;
    (void)w;
    return remove(path);
}

void test_folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
