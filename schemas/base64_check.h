/* SPDX-License-Identifier: EUPL-1.2 */
/* Checks base64 piece by piece without decoding or keeping it. Says the same as libxml2's
 * xs:base64Binary over the whole value: white space does not count, the number of characters,
 * the padding and the last bits must fit. Characters outside the alphabet are skipped as
 * libxml2 does, but counted: a strict reader would refuse them.
 * Plain value, no ownership; one thread at a time. Test: tests/unit/test_reader_base64.c */
#ifndef CORV_SCHEMAS_BASE64_CHECK_H
#define CORV_SCHEMAS_BASE64_CHECK_H

#include "daemon/base/view.h"

struct corv_base64 {
    size_t chars;   /* of the alphabet */
    size_t blanks;  /* white space */
    size_t strange; /* neither, skipped */
    unsigned char last;
    unsigned pad;
    bool late; /* alphabet after padding */
};

/* Start with a zeroed struct. Returns the offset in piece of its first strange character or of
 * the first one after padding, piece.n when there is none. */
size_t corv_base64_add(struct corv_base64 *b, struct corv_view piece);
bool corv_base64_valid(const struct corv_base64 *b);
size_t corv_base64_bytes(const struct corv_base64 *b); /* what it decodes to, when valid */

#endif
