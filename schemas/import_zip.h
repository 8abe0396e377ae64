/* SPDX-License-Identifier: EUPL-1.2 */
/* A zip file in memory, unpacked into memory under hard limits. Nothing is written and no name in
 * the archive ever becomes a path by itself; a name that tries to is a reason to refuse all of
 * it. Names come out as UTF-8 (old archives use code page 437) with slashes.
 * Owner: whoever declared the archive. Test: tests/unit/test_import_zip.c */
#ifndef CORV_SCHEMAS_IMPORT_ZIP_H
#define CORV_SCHEMAS_IMPORT_ZIP_H

#include "daemon/base/fault.h"
#include "daemon/base/view.h"

struct corv_archive_limits {
    size_t entries;     /* in the archive, wanted or not */
    size_t entry_bytes; /* of one file, unpacked */
    size_t total_bytes; /* of all files that are kept */
    size_t ratio;       /* unpacked to packed, of one file */
};

struct corv_archive_file {
    char *name;
    char *bytes; /* followed by a zero byte that does not count */
    size_t size;
};

struct corv_archive {
    struct corv_archive_file *files; /* owned */
    size_t count;
    size_t skipped; /* files that were not wanted */
};

/* wanted decides by the name in the archive. CORV_E_INVALID: the fault says why it was refused. */
CORV_MUST_CHECK corv_rc corv_archive_read(struct corv_view zip, bool (*wanted)(const char *name),
    const struct corv_archive_limits *limits, struct corv_archive *out, struct corv_fault *fault);
void corv_archive_free(struct corv_archive *a);
/* NULL when there is none of that name. */
struct corv_archive_file *corv_archive_find(const struct corv_archive *a, const char *name);
/* A name that stays inside: no root, no "..", no drive, no control characters, at most 200 bytes.
 * Backslashes are made slashes in place first. */
bool corv_archive_name_safe(char *name);

#endif
