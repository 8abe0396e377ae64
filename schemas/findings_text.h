/* SPDX-License-Identifier: EUPL-1.2 */
/* A schema error of libxml2 as a finding with a stable code, a place, somebody who must act and a
 * plain Dutch sentence. What was expected is a fact of the standard and may be said; the value
 * that was found never is. libxml2's own sentence is used only to read names of expected
 * elements and of the attribute; nothing of it is passed on unread.
 * Pure; any thread. Test: tests/unit/test_findings_text.c */
#ifndef CORV_SCHEMAS_FINDINGS_TEXT_H
#define CORV_SCHEMAS_FINDINGS_TEXT_H

#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "daemon/base/finding.h"
#include "schemas/xml_path.h"

/* What a finding is about. Two findings about the value of one thing are one defect. */
struct corv_subject {
    const xmlNode *node; /* borrowed from the document */
    char attribute[CORV_NAME_TEXT];
    bool value; /* a value, not the structure */
};

void corv_schema_finding(
    const xmlError *error, struct corv_finding *out, struct corv_subject *subject);
bool corv_subject_same(const struct corv_subject *a, const struct corv_subject *b);

#endif
