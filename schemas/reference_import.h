/* SPDX-License-Identifier: EUPL-1.2 */
/* Takes the published Referentielijsten in: the xlsx, or the zip it is published in. Of the sheets
 * "INS maand jaar" the newest counts; columns are found by their headings. Stored under
 * state_dir/reference as HASH.json, with the file current naming the one in force.
 * What is refused changes nothing. Blocking; corvctl only. Test: tests/unit/test_reference.c */
#ifndef CORV_SCHEMAS_REFERENCE_IMPORT_H
#define CORV_SCHEMAS_REFERENCE_IMPORT_H

#include "schemas/reference.h"

#define CORV_REFERENCE_FILE_MOST (16u << 20)

struct corv_reference_request {
    const char *state_dir;
    const char *source; /* name of the file, without folder */
    struct corv_view file;
    const char *by;
};

/* CORV_OK: *out (owned by the caller) is in force; *already: it was so before. */
CORV_MUST_CHECK corv_rc corv_reference_import(const struct corv_reference_request *request,
    struct corv_reference **out, bool *already, struct corv_fault *fault);

#endif
