/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/json_text.h"

#include <string.h>

#include "daemon/base/utf8.h"

/* Room for n bytes at the end; NULL: b failed. */
static char *room(struct corv_buf *b, size_t n)
{
    return corv_buf_reserve(b, b->n + n) == CORV_OK ? b->p + b->n : NULL;
}

static void used_until(struct corv_buf *b, char *end)
{
    *end = '\0';
    b->n = (size_t)(end - b->p);
}

void corv_json_key(struct corv_buf *b, const char *key)
{
    bool first = b->n && b->p[b->n - 1] == '{';
    struct corv_view k = corv_view_str(key);
    char *p = room(b, k.n + (first ? 3 : 4));

    if (!p)
        return;
    if (!first)
        *p++ = ',';
    *p++ = '"';
    memcpy(p, k.p, k.n);
    p += k.n;
    *p++ = '"';
    *p++ = ':';
    used_until(b, p);
}

static bool plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* The bytes at i that are not simply copied; how many they were. */
static size_t special(struct corv_buf *b, struct corv_view v, size_t i)
{
    size_t n = corv_utf8_at(v, i);

    if (n == 0)
        (void)corv_buf_add_str(b, CORV_UTF8_REPLACEMENT);
    else if (n > 1)
        (void)corv_buf_add(b, v.p + i, n);
    else if (v.p[i] == '"' || v.p[i] == '\\')
        (void)corv_buf_addf(b, "\\%c", v.p[i]);
    else
        (void)corv_buf_addf(b, "\\u%04x", (unsigned char)v.p[i]);
    return n ? n : 1;
}

void corv_json_text(struct corv_buf *b, const char *key, const char *value)
{
    struct corv_view v = corv_view_str(value);

    corv_json_key(b, key);
    (void)corv_buf_add_str(b, "\"");
    for (size_t i = 0; i < v.n;) {
        size_t n = 0;

        while (i + n < v.n && plain(v.p[i + n]))
            n++;
        (void)corv_buf_add(b, v.p + i, n);
        i += n;
        if (i < v.n)
            i += special(b, v, i);
    }
    (void)corv_buf_add_str(b, "\"");
}

void corv_json_text_or_null(struct corv_buf *b, const char *key, const char *value)
{
    if (value) {
        corv_json_text(b, key, value);
        return;
    }
    corv_json_key(b, key);
    (void)corv_buf_add_str(b, "null");
}

void corv_json_number(struct corv_buf *b, const char *key, size_t value)
{
    corv_json_key(b, key);
    (void)corv_buf_add_number(b, value);
}
