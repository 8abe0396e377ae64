/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ELLIPSIS "\xE2\x80\xA6"

/* One character of UTF-8; what is none is one byte, 0xFFFD. */
static size_t take(const char *s, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC2 ? 2 : 0;

    *c = 0xFFFD;
    if (n == 0 || p[0] > 0xF4)
        return 1;
    uint32_t v = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 1;
        v = v << 6 | (p[i] & 0x3Fu);
    }
    if (v < least[n] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 1;
    *c = v;
    return n;
}

static bool between(uint32_t c, const uint32_t (*ranges)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* Not written as they are: controls, and what turns the direction of the line around. */
static bool odd(uint32_t c)
{
    static const uint32_t ranges[][2] = {{0, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFFF9, 0xFFFD}};

    return between(c, ranges, sizeof ranges / sizeof ranges[0]);
}

/* As a terminal does it for what can be in a Dutch configuration or an answer of a partner. */
static unsigned columns_of(uint32_t c)
{
    static const uint32_t none[][2] = {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
        {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}};
    static const uint32_t two[][2] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xA960, 0xA97F},
        {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
        {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

    if (between(c, none, sizeof none / sizeof none[0]))
        return 0;
    return between(c, two, sizeof two / sizeof two[0]) ? 2 : 1;
}

unsigned corv_ctl_width(const char *s)
{
    unsigned columns = 0;
    uint32_t c;

    for (size_t n; *s; s += n) {
        n = take(s, &c);
        columns += columns_of(c);
    }
    return columns;
}

static void put(struct corv_buf *out, const char *s, size_t n, uint32_t c)
{
    (void)corv_buf_add(out, odd(c) ? "?" : s, odd(c) ? 1 : n);
}

void corv_ctl_clean(struct corv_buf *out, const char *s)
{
    uint32_t c;

    for (size_t n; *s; s += n) {
        n = take(s, &c);
        put(out, s, n, c);
    }
}

static void pad(struct corv_buf *out, unsigned columns)
{
    while (columns-- > 0)
        (void)corv_buf_add(out, " ", 1);
}

void corv_ctl_fit(struct corv_buf *out, const char *s, unsigned columns, bool right)
{
    unsigned width = corv_ctl_width(s);
    unsigned room = width > columns ? columns - 1 : columns;
    unsigned used = 0;
    uint32_t c;

    if (columns == 0)
        return;
    if (right && width < columns)
        pad(out, columns - width);
    for (size_t n; *s; s += n) {
        n = take(s, &c);
        if (used + columns_of(c) > room)
            break;
        used += columns_of(c);
        put(out, s, n, c);
    }
    if (width > columns) {
        (void)corv_buf_add_str(out, ELLIPSIS);
        used++;
    }
    if (!right || width > columns)
        pad(out, columns - used);
}

/* A word that is wider than the line is broken where it must. */
static void put_word(
    struct corv_buf *out, const char *s, size_t size, unsigned indent, unsigned *at)
{
    uint32_t c;

    for (size_t i = 0, n; i < size; i += n) {
        n = take(s + i, &c);
        if (*at + columns_of(c) > CORV_CTL_COLUMNS) {
            (void)corv_buf_add(out, "\n", 1);
            pad(out, indent);
            *at = indent;
        }
        put(out, s + i, n, c);
        *at += columns_of(c);
    }
}

static unsigned word_width(const char *s, size_t size)
{
    unsigned columns = 0;
    uint32_t c;

    for (size_t i = 0, n; i < size; i += n) {
        n = take(s + i, &c);
        columns += columns_of(c);
    }
    return columns;
}

void corv_ctl_wrap(struct corv_buf *out, const char *label, unsigned indent, const char *text)
{
    unsigned at = indent;

    corv_ctl_fit(out, label, indent, false);
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t size = strcspn(text, " ");

        if (at > indent && at + 1 + word_width(text, size) > CORV_CTL_COLUMNS) {
            (void)corv_buf_add(out, "\n", 1);
            pad(out, indent);
            at = indent;
        } else if (at > indent) {
            (void)corv_buf_add(out, " ", 1);
            at++;
        }
        put_word(out, text, size, indent, &at);
        text += size;
    }
    (void)corv_buf_add(out, "\n", 1);
}

char *corv_ctl_duration(double seconds, char *out, size_t size)
{
    double s = seconds < 0 ? -seconds : seconds;

    if (s < 1)
        (void)snprintf(out, size, "%.0f ms", s * 1000);
    else if (s < 9.95)
        (void)snprintf(out, size, "%d,%d s", (int)(s * 10 + 0.5) / 10, (int)(s * 10 + 0.5) % 10);
    else if (s < 120)
        (void)snprintf(out, size, "%.0f s", s);
    else if (s < 2 * 3600)
        (void)snprintf(out, size, "%.0f min", s / 60);
    else if (s < 48 * 3600)
        (void)snprintf(out, size, "%.0f u", s / 3600);
    else
        (void)snprintf(out, size, "%.0f d", s / 86400);
    return out;
}

char *corv_ctl_when(const char *iso, char *out, size_t size)
{
    if (strlen(iso) < 19)
        (void)snprintf(out, size, "%s", iso);
    else
        (void)snprintf(out, size, "%.2s-%.2s %.8s", iso + 8, iso + 5, iso + 11);
    return out;
}

long long corv_ctl_ms(const char *iso)
{
    struct tm tm = {0};
    const char *rest = strptime(iso, "%Y-%m-%dT%H:%M:%S", &tm);
    double fraction = rest && *rest == '.' ? strtod(rest, NULL) : 0;

    return rest ? (long long)timegm(&tm) * 1000 + (long long)(fraction * 1000 + 0.5) : 0;
}
