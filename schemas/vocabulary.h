/* SPDX-License-Identifier: EUPL-1.2 */
/* The names of the standard: every element and attribute that the project's own schemas declare,
 * and those of a SOAP 1.1 envelope. Texts and paths may only say these, for any other name was
 * chosen by the sender and could carry data (promise 5). Made once, at first use; any thread.
 * Test: tests/unit/test_vocabulary.c */
#ifndef CORV_SCHEMAS_VOCABULARY_H
#define CORV_SCHEMAS_VOCABULARY_H

#include <stdbool.h>

#include "daemon/base/view.h"

bool corv_vocabulary_has(struct corv_view local_name);

#endif
