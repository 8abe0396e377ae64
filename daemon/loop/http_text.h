/* SPDX-License-Identifier: EUPL-1.2 */
/* The alphabets of HTTP/1.1 (RFC 9110) and comparing without regard to case. No state.
 * Test: tests/unit/test_http_parse.c */
#ifndef CORV_LOOP_HTTP_TEXT_H
#define CORV_LOOP_HTTP_TEXT_H

#include <strings.h>

#include "daemon/base/view.h"

/* What a method and a header name are made of. */
static inline bool corv_http_is_token(unsigned char ch)
{
    if ((ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z'))
        return true;
    return ch != 0 && strchr("!#$%&'*+-.^_`|~", ch) != NULL;
}

/* What a header value may hold: no control characters but the tab. */
static inline bool corv_http_is_text(unsigned char ch)
{
    return ch == '\t' || (ch >= 0x20 && ch != 0x7f);
}

static inline bool corv_http_same(struct corv_view a, const char *b)
{
    return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

#endif
