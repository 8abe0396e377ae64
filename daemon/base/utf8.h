/* SPDX-License-Identifier: EUPL-1.2 */
/* One UTF-8 character at a time. Pure; any thread. Test: tests/unit/test_answer.c, test_derive.c */
#ifndef CORV_BASE_UTF8_H
#define CORV_BASE_UTF8_H

#include "daemon/base/view.h"

#define CORV_UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character at i, or 0 when what stands there is not one. */
static inline size_t corv_utf8_at(struct corv_view t, size_t i)
{
    unsigned char c = (unsigned char)t.p[i];
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;

    if (n == 0 || c > 0xf4 || i + n > t.n)
        return 0;
    for (size_t k = 1; k < n; k++)
        if (((unsigned char)t.p[i + k] & 0xc0) != 0x80)
            return 0;
    return n;
}

#endif
