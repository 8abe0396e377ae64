/* SPDX-License-Identifier: EUPL-1.2 */
/* The pack as a page for people: docs/rules.md is what this writes, and a test keeps it so.
 * Pure. Test: tests/unit/test_rule_doc.c */
#ifndef CORV_SCHEMAS_RULE_DOC_H
#define CORV_SCHEMAS_RULE_DOC_H

#include "daemon/base/buf.h"
#include "schemas/rule_pack.h"

CORV_MUST_CHECK corv_rc corv_rule_doc(const struct corv_rule_pack *pack, struct corv_buf *out);

#endif
