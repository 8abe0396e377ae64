/* SPDX-License-Identifier: EUPL-1.2 */
/* A small file of our own that is whole, whatever dies: written aside, synced, renamed, and the
 * folder synced. It waits for the disk: at start, on a worker, or in a command, not in the way of
 * messages. A link in its place is replaced, never followed. Test: tests/unit/test_base.c */
#ifndef CORV_BASE_REPLACE_H
#define CORV_BASE_REPLACE_H

#include <sys/types.h>

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

/* The file `name` in the folder `dir` has these bytes and this mode afterwards (CORV_OK), or what
 * it had before: CORV_E_IO with errno; CORV_E_LIMIT: the path is too long. */
CORV_MUST_CHECK corv_rc corv_file_replace(
    const char *dir, const char *name, struct corv_view bytes, mode_t mode);

#endif
