/* SPDX-License-Identifier: EUPL-1.2 */
/* Finds out by trying which message kinds a set of schema files can judge and with which file to
 * begin: file names differ from set to set, and some entry files do not compile alone.
 * Test: tests/unit/test_import.c */
#ifndef CORV_SCHEMAS_IMPORT_ROOTS_H
#define CORV_SCHEMAS_IMPORT_ROOTS_H

#include <stdint.h>

#include "schemas/import_zip.h"
#include "schemas/kind.h"

struct corv_roots {
    uint32_t kinds;                       /* declared by the entry of their family */
    const char *entry[CORV_FAMILY_COUNT]; /* borrowed from the archive */
    size_t failed;                        /* files that look like an entry and do not compile */
};

/* CORV_OK also when nothing was found: then kinds is 0. fault is filled with the first reason why
 * a file did not compile. */
CORV_MUST_CHECK corv_rc corv_roots_find(
    const struct corv_archive *a, struct corv_roots *out, struct corv_fault *fault);

#endif
