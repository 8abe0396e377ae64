/* SPDX-License-Identifier: EUPL-1.2 */
/* An unpacked schema set, packed again: so a folder goes the same way, under the same limits, as
 * the zip it came from. Symbolic links are not followed. Blocking; corvctl only.
 * Test: tests/schema/test_import.py */
#ifndef CORV_SCHEMAS_IMPORT_ZIP_FOLDER_H
#define CORV_SCHEMAS_IMPORT_ZIP_FOLDER_H

#include "daemon/base/buf.h"
#include "daemon/base/fault.h"

/* Fills zip up to its ceiling with at most 1000 files. CORV_E_NOTFOUND: no such folder;
 * CORV_E_INVALID: too much in it; CORV_E_IO: something in it cannot be read. */
CORV_MUST_CHECK corv_rc corv_archive_pack_folder(
    const char *folder, struct corv_buf *zip, struct corv_fault *fault);

#endif
