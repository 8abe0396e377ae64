/* SPDX-License-Identifier: EUPL-1.2 */
/* What a file with certificates or revocation lists is good for: how long, whether it is one of our
 * own throw-away ones, and which key it goes with. Reads the whole bundle. Any thread.
 * Test: tests/unit/test_tls.c */
#ifndef CORV_LOOP_TLS_FILE_H
#define CORV_LOOP_TLS_FILE_H

#include <stdbool.h>

#include "daemon/base/fault.h"

struct corv_tls_file {
    unsigned certificates;
    unsigned lists;
    unsigned past;  /* of both: have run out */
    unsigned early; /* of both: are not valid yet */
    int days;       /* until the first of them runs out; negative when past */
    char until[11]; /* that day, YYYY-MM-DD in UTC; "" when unknown */
    char from[11];  /* the same of the last that begins, when there is an early one */
    bool test;      /* a subject or issuer says "corvd test" */
};
/* CORV_E_INVALID: unreadable, or there is neither in it; the fault has the path. */
CORV_MUST_CHECK corv_rc corv_tls_file_read(
    const char *pem, struct corv_tls_file *out, struct corv_fault *f);
/* CORV_OK: key belongs to the first certificate in pem. CORV_E_STATE: to another one.
 * CORV_E_INVALID: one of the two is not there, not readable, or a key behind a password. */
CORV_MUST_CHECK corv_rc corv_tls_file_fits(const char *pem, const char *key);

#endif
