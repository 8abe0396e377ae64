/* SPDX-License-Identifier: EUPL-1.2 */
/* Validates one message against its schema and turns what libxml2 says into findings: one per
 * defect, CORV_FINDINGS_MAX at most; when that is reached the walk is cut short, so a flood of
 * errors costs no more than a hundred of them.
 * Uses the tree (and leaves it as it was) and a shared schema. One thread per document.
 * Test: tests/unit/test_verdict.c, tests/unit/test_findings_text.c */
#ifndef CORV_SCHEMAS_SCHEMA_CHECK_H
#define CORV_SCHEMAS_SCHEMA_CHECK_H

#include <libxml/xmlschemas.h>

#include "schemas/reader.h"

/* CORV_OK: the message is what the schema says. CORV_E_INVALID: findings tell. CORV_E_NOMEM. */
CORV_MUST_CHECK corv_rc corv_schema_check(xmlSchemaPtr schema, const struct corv_document *d,
    xmlNodePtr message, struct corv_findings *findings);

#endif
