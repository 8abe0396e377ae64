/* SPDX-License-Identifier: EUPL-1.2 */
/* SHA-256 and hexadecimal text. Any thread; no ownership. Test: tests/unit/test_digest.c */
#ifndef CORV_BASE_DIGEST_H
#define CORV_BASE_DIGEST_H

#include <stdint.h>

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

#define CORV_DIGEST      32
#define CORV_DIGEST_TEXT 65

struct corv_digest {
    uint8_t b[CORV_DIGEST];
};

/* SHA-256 over the parts, one after another. Fails only when OpenSSL has no memory. */
CORV_MUST_CHECK corv_rc corv_digest_of(
    const struct corv_view *parts, size_t count, struct corv_digest *out);
/* The same over parts that are length-prefixed (8 bytes, big endian), so that ("ab","c") and
 * ("a","bc") differ. Used for keys made of several fields. */
CORV_MUST_CHECK corv_rc corv_digest_fields(
    const struct corv_view *parts, size_t count, struct corv_digest *out);
char *corv_digest_text(const struct corv_digest *d, char out[CORV_DIGEST_TEXT]);
/* Lower-case hexadecimal of n bytes; out holds 2n+1. */
char *corv_hex(const void *p, size_t n, char *out);

#endif
