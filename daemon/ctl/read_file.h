/* SPDX-License-Identifier: EUPL-1.2 */
/* A message from a file, judged as the daemon judges it. Test: tests/unit/test_ctl.c */
#ifndef CORV_CTL_READ_FILE_H
#define CORV_CTL_READ_FILE_H

#include "daemon/ctl/ctl.h"
#include "schemas/verdict.h"

/* Reads at most one byte more than the limit, so that what is too large is judged too large. "-" is
 * standard input. On an error the user has been told. */
CORV_MUST_CHECK corv_rc corv_ctl_read_file(
    struct corv_ctl *ctl, const char *path, size_t limit, struct corv_buf *out);
/* "FILE: invalid LAYER CODE LINE:COL TEXT" for each error. */
void corv_ctl_invalid_lines(
    struct corv_ctl *ctl, const char *path, const struct corv_findings *findings);

#endif
