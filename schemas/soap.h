/* SPDX-License-Identifier: EUPL-1.2 */
/* Finds the message in a document: the root itself or the only child of the only Body of a
 * SOAP 1.1 envelope. Headers that demand to be understood are refused: we understand none here.
 * Pure; any thread. Test: tests/unit/test_reader_soap.c */
#ifndef CORV_SCHEMAS_SOAP_H
#define CORV_SCHEMAS_SOAP_H

#include "schemas/reader.h"

/* CORV_OK: *message is in d. CORV_E_INVALID: one finding of layer schema was added. */
CORV_MUST_CHECK corv_rc corv_soap_message(
    const struct corv_document *d, xmlNodePtr *message, bool *soap, struct corv_findings *findings);

#endif
