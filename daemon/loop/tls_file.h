/* SPDX-License-Identifier: EUPL-1.2 */
/* What a file with certificates or revocation lists is good for: how long, and whether it is one of
 * our own throw-away ones. Reads the whole bundle. Any thread. Test: tests/unit/test_tls.c */
#ifndef CORV_LOOP_TLS_FILE_H
#define CORV_LOOP_TLS_FILE_H

#include <stdbool.h>

#include "daemon/base/fault.h"

struct corv_tls_file {
    unsigned certificates;
    unsigned lists;
    int days;  /* until the first of them runs out; negative when past */
    bool test; /* a subject or issuer says "corvd test" */
};
/* CORV_E_INVALID: unreadable, or there is neither in it; the fault has the path. */
CORV_MUST_CHECK corv_rc corv_tls_file_read(
    const char *pem, struct corv_tls_file *out, struct corv_fault *f);

#endif
