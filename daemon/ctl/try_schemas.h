/* SPDX-License-Identifier: EUPL-1.2 */
/* Judging by a schema set that nobody has imported yet: "validate --schemas". The set goes through
 * the whole import, into a temporary folder that is gone when this returns.
 * Test: tests/schema/test_import.py */
#ifndef CORV_CTL_TRY_SCHEMAS_H
#define CORV_CTL_TRY_SCHEMAS_H

#include "daemon/ctl/ctl.h"
#include "schemas/judge.h"

/* where: a zip as published, or the folder it was unpacked in. *out is the caller's. What the set
 * does not know is judged by our own schemas. The fault is a sentence for the operator. */
CORV_MUST_CHECK corv_rc corv_ctl_try_schemas(
    const char *where, bool no_rules, struct corv_judge **out, struct corv_fault *fault);

#endif
