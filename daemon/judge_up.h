/* SPDX-License-Identifier: EUPL-1.2 */
/* From the configuration to the judge: which schema sets and rules are in force. Blocking (reads
 * the imported sets); at start and at reload. Test: tests/path/test_a11_rules.py */
#ifndef CORV_DAEMON_JUDGE_UP_H
#define CORV_DAEMON_JUDGE_UP_H

#include "config/config.h"
#include "schemas/judge.h"

/* The configuration's choices of schema sets, c->schemas_count of them in its order; owned by the
 * caller (free), the texts borrowed from c. NULL: no memory. */
struct corv_schema_choice *corv_judge_choices(const struct corv_config *c);
CORV_MUST_CHECK corv_rc corv_judge_up(
    const struct corv_config *c, struct corv_judge **out, struct corv_fault *fault);

#endif
