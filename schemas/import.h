/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes an official schema set in, as the zip that was published: unpacked in memory, repaired
 * where it must be (repair.h), compiled, tried, and only then stored (store.h), in one rename.
 * What is refused changes nothing. Blocking; corvctl only.
 * Test: tests/unit/test_import.c (own sets), tests/schema/test_import.py (the published ones) */
#ifndef CORV_SCHEMAS_IMPORT_H
#define CORV_SCHEMAS_IMPORT_H

#include "daemon/base/view.h"
#include "schemas/store.h"

#define CORV_IMPORT_ZIP_MOST (32u << 20)

struct corv_import_request {
    const char *state_dir;
    const char *source; /* name of the file, without folder */
    struct corv_view zip;
    const char *name; /* NULL: made from the file name */
    const char *by;   /* who imports, for the manifest */
    int from;         /* YYYYMMDD, 0: none */
};

/* CORV_OK: *set (owned by the caller) is in the store; *already: it was there before.
 * CORV_E_INVALID: refused, the fault says why. corv_schemas_init must have been called. */
CORV_MUST_CHECK corv_rc corv_schemas_import(const struct corv_import_request *request,
    struct corv_schema_set **set, bool *already, struct corv_fault *fault);

#endif
