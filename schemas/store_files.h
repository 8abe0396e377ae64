/* SPDX-License-Identifier: EUPL-1.2 */
/* Files under state_dir, written so that after a crash the old or the new is there, whole: into a
 * temporary place, synced, renamed, the folder synced. Blocking; corvctl and start-up only.
 * Test: tests/unit/test_import_store.c */
#ifndef CORV_SCHEMAS_STORE_FILES_H
#define CORV_SCHEMAS_STORE_FILES_H

#include "daemon/base/buf.h"
#include "daemon/base/fault.h"

#define CORV_STORE_PATH 1024

/* "a/b/c" in out; CORV_E_LIMIT when it does not fit. */
CORV_MUST_CHECK corv_rc corv_store_path(
    char out[CORV_STORE_PATH], const char *a, const char *b, const char *c);
/* The whole file, at most limit bytes. CORV_E_NOTFOUND, CORV_E_IO, CORV_E_LIMIT. */
CORV_MUST_CHECK corv_rc corv_store_slurp(const char *path, size_t limit, struct corv_buf *out);
/* A folder and those above it, 0750. */
CORV_MUST_CHECK corv_rc corv_store_folder(const char *path);
/* A new file, folders above it made, synced; not yet atomic. */
CORV_MUST_CHECK corv_rc corv_store_write(const char *path, struct corv_view bytes);
/* The same by way of a temporary file and a rename: replaces what is there. */
CORV_MUST_CHECK corv_rc corv_store_replace(const char *path, struct corv_view bytes);
/* Renames a folder that is complete to its name and syncs both. CORV_E_STATE: the name is taken. */
CORV_MUST_CHECK corv_rc corv_store_settle(const char *temporary, const char *path);
CORV_MUST_CHECK corv_rc corv_store_sync(const char *folder);
/* A folder with all in it; best effort, for leftovers. */
void corv_store_remove(const char *path);

#endif
