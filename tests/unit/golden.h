/* SPDX-License-Identifier: EUPL-1.2 */
/* What was made must equal tests/unit/golden/NAME byte for byte. After a change that was meant:
 * CORV_GOLDEN=write test_x, and look at the difference before you commit it. */
#ifndef CORV_TESTS_GOLDEN_H
#define CORV_TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/buf.h"

static inline void same_as_golden(const char *name, const struct corv_buf *made)
{
    const char *order = getenv("CORV_GOLDEN");
    bool write = order && strcmp(order, "write") == 0;
    char path[200];
    char *kept = malloc(made->n + 1);
    size_t n = 0;

    (void)snprintf(path, sizeof path, "tests/unit/golden/%s", name);

    FILE *f = fopen(path, write ? "w" : "r"); /* ctest runs in the project's root */

    if (!f || !kept)
        fail_msg("cannot open %s", path);
    if (write)
        assert_int_equal(fwrite(made->p, 1, made->n, f), made->n);
    else
        n = fread(kept, 1, made->n + 1, f);
    assert_int_equal(fclose(f), 0);
    if (!write && (n != made->n || memcmp(kept, made->p, n) != 0)) {
        size_t at = 0;

        while (at < n && at < made->n && kept[at] == made->p[at])
            at++;
        fail_msg("%s differs from byte %zu on (CORV_GOLDEN=write makes it new):\n%.300s", path, at,
            made->p + (at > 100 ? at - 100 : 0));
    }
    free(kept);
}

#endif
