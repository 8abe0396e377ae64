/* SPDX-License-Identifier: EUPL-1.2 */
/* The repairs an official schema set may need before any processor takes it, each one named and
 * reported with file and line. Two are known (MESSAGES.md §1): backslashes in schemaLocation,
 * and an include that the 1.0.9 normative sets lack. Works on the unpacked files in memory.
 * Test: tests/unit/test_import_repair.c */
#ifndef CORV_SCHEMAS_REPAIR_H
#define CORV_SCHEMAS_REPAIR_H

#include "schemas/import_zip.h"

struct corv_repair {
    char *file;       /* name in the archive */
    int line;         /* in the published file; an addition stands after it */
    const char *what; /* static: "backslash" or "include" */
};

struct corv_repairs {
    struct corv_repair *list; /* owned */
    size_t count;
};

/* Slashes for the backslashes in every schemaLocation. */
CORV_MUST_CHECK corv_rc corv_repair_backslashes(
    struct corv_archive *a, struct corv_repairs *done, struct corv_fault *fault);
/* Adds the includes of the table in repair.c that fit this archive and are not there yet. To be
 * tried only after compiling failed. */
CORV_MUST_CHECK corv_rc corv_repair_includes(
    struct corv_archive *a, struct corv_repairs *done, struct corv_fault *fault);
void corv_repairs_free(struct corv_repairs *r);

#endif
