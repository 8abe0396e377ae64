/* SPDX-License-Identifier: EUPL-1.2 */
/* Reads the envelope out of a message that passed its schema; the one function of envelope.c
 * that knows the tree. Test: tests/unit/test_envelope.c */
#ifndef CORV_SCHEMAS_ENVELOPE_READ_H
#define CORV_SCHEMAS_ENVELOPE_READ_H

#include <libxml/tree.h>

#include "schemas/envelope.h"

/* *out is owned by the caller (corv_envelope_free). Fails only when memory is gone. */
CORV_MUST_CHECK corv_rc corv_envelope_read(
    const xmlNode *message, enum corv_kind kind, bool soap, struct corv_envelope **out);

#endif
