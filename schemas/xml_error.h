/* SPDX-License-Identifier: EUPL-1.2 */
/* What libxml2's parser found wrong, as a finding of layer well-formed with a sentence of our
 * own; libxml2's text is never used, it quotes the message.
 * Pure; any thread. Test: tests/unit/test_findings_text.c */
#ifndef CORV_SCHEMAS_XML_ERROR_H
#define CORV_SCHEMAS_XML_ERROR_H

#include <libxml/xmlerror.h>

#include "daemon/base/finding.h"

void corv_xml_error_finding(const xmlError *error, struct corv_finding *out);

#endif
