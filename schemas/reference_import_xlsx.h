/* SPDX-License-Identifier: EUPL-1.2 */
/* Reads the text of the cells of an xlsx workbook; formulas, styles and all else are left alone.
 * Under the limits of import_zip.h and with a bound on rows, columns and strings.
 * Owner: whoever opened it. Test: tests/unit/test_reference.c */
#ifndef CORV_SCHEMAS_REFERENCE_IMPORT_XLSX_H
#define CORV_SCHEMAS_REFERENCE_IMPORT_XLSX_H

#include "daemon/base/fault.h"
#include "daemon/base/view.h"

#define CORV_XLSX_COLUMNS 64

struct corv_xlsx;

CORV_MUST_CHECK corv_rc corv_xlsx_open(
    struct corv_view bytes, struct corv_xlsx **out, struct corv_fault *fault);
void corv_xlsx_free(struct corv_xlsx *x); /* accepts NULL */

size_t corv_xlsx_sheets(const struct corv_xlsx *x);
const char *corv_xlsx_sheet_name(const struct corv_xlsx *x, size_t sheet);

/* Calls row for every row with its cells as text, "" where there is none; borrowed for the call.
 * row returns CORV_OK to go on. */
typedef corv_rc (*corv_xlsx_row)(void *data, const char *const cells[CORV_XLSX_COLUMNS]);
CORV_MUST_CHECK corv_rc corv_xlsx_rows(const struct corv_xlsx *x, size_t sheet, corv_xlsx_row row,
    void *data, struct corv_fault *fault);

#endif
