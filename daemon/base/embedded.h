/* SPDX-License-Identifier: EUPL-1.2 */
/* Files that travel inside the binary (schemas, migrations). Static storage, read-only,
 * any thread. The tables are made by cmake/embed.cmake and end with a NULL name. */
#ifndef CORV_BASE_EMBEDDED_H
#define CORV_BASE_EMBEDDED_H

#include <stddef.h>

#include "daemon/base/digest.h"

struct corv_embedded {
    const char *name; /* file name without folder */
    const unsigned char *bytes;
    size_t size;
};

/* SHA-256 over all names and bytes, as text: says which schemas or rules this binary carries.
 * Test: tests/unit/test_base.c */
CORV_MUST_CHECK corv_rc corv_embedded_digest(
    const struct corv_embedded *files, char out[CORV_DIGEST_TEXT]);

#endif
