/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdlib.h>

#include "schemas/bytes_check.h"

#define BYTES(literal) (literal), sizeof(literal) - 1

static const struct {
    const char *bytes;
    size_t n;
    const char *code; /* NULL: passes */
    int line, column;
} rows[] = {
    {BYTES("<a/>"), NULL, 0, 0},
    {BYTES("\xef\xbb\xbf<a/>"), NULL, 0, 0},
    {BYTES("<?xml version='1.0' encoding='utf-8'?><a/>"), NULL, 0, 0},
    {BYTES("<?xml version=\"1.0\" encoding = \"UTF-8\" standalone='yes'?><a/>"), NULL, 0, 0},
    {BYTES("<?xml version='1.0'?><a b=\"encoding='latin1' version='1.1'\"/>"), NULL, 0, 0},
    {BYTES("<a>\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf</a>"), NULL, 0, 0},
    {BYTES(""), "well-formed.empty", 1, 1},
    {BYTES("\xef\xbb\xbf"), "well-formed.empty", 1, 1},
    {BYTES("\x1f\x8b\x08"), "security.compressed", 1, 1},
    {BYTES("\xff\xfe<\0a\0/\0>\0"), "security.encoding", 1, 1},
    {BYTES("\xfe\xff\0<\0a\0/\0>"), "security.encoding", 1, 1},
    {BYTES("\xff\xfe<\0a"), "well-formed.encoding", 1, 1}, /* half a code unit */
    {BYTES("<\0a\0"), "security.encoding", 1, 1},
    {BYTES("\0<\0a"), "security.encoding", 1, 1},
    {BYTES("\xff\xfe\0\0<\0\0\0"), "security.encoding", 1, 1},
    {BYTES("\0\0\0<"), "security.encoding", 1, 1},
    {BYTES("\x4c\x6f\xa7\x94\x93"), "security.encoding", 1, 1},
    {BYTES("<?xml version='1.0' encoding='windows-1252'?><a/>"), "security.encoding", 1, 1},
    {BYTES("<?xml version='1.0' encoding='UTF-7'?><a/>"), "security.encoding", 1, 1},
    {BYTES("<?xml version='1.0' encoding='UTF-16'?><a/>"), "well-formed.encoding", 1, 1},
    {BYTES("<?xml version='1.1' encoding='UTF-8'?><a/>"), "security.xml-version", 1, 1},
    {BYTES("<a>\n \0</a>"), "security.nul", 2, 2},
    {BYTES("<a/>\0"), "security.nul", 1, 5},
    {BYTES("<a>\n\n  \xe9</a>"), "well-formed.utf8", 3, 3},
    {BYTES("<a>aaaaaaaaaaaaaaaa\x80</a>"), "well-formed.utf8", 1, 20},
    {BYTES("<a>\xc0\xbc</a>"), "well-formed.utf8", 1, 4},         /* overlong */
    {BYTES("<a>\xe0\x80\xbc</a>"), "well-formed.utf8", 1, 4},     /* overlong */
    {BYTES("<a>\xf0\x80\x80\xbc</a>"), "well-formed.utf8", 1, 4}, /* overlong */
    {BYTES("<a>\xed\xa0\x80</a>"), "well-formed.utf8", 1, 4},     /* surrogate */
    {BYTES("<a>\xf4\x90\x80\x80</a>"), "well-formed.utf8", 1, 4}, /* beyond Unicode */
    {BYTES("<a>\xe2\x82"), "well-formed.utf8", 1, 4},             /* cut off */
    {BYTES("<a>\xc3"), "well-formed.utf8", 1, 4},
};

static void each_row_gets_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* a copy of exactly that size, so that a sanitizer sees a read beyond it */
        char *copy = malloc(rows[i].n ? rows[i].n : 1);
        struct corv_findings f;
        struct corv_view text = {0};

        assert_non_null(copy);
        memcpy(copy, rows[i].bytes, rows[i].n);
        corv_findings_init(&f);

        corv_rc rc = corv_bytes_check(corv_view_of(copy, rows[i].n), 1000, &text, &f);

        if (rows[i].code) {
            assert_int_equal(rc, CORV_E_INVALID);
            assert_int_equal(f.count, 1);
            assert_string_equal(f.list[0].code, rows[i].code);
            assert_int_equal(f.list[0].line, rows[i].line);
            assert_int_equal(f.list[0].column, rows[i].column);
        } else {
            assert_int_equal(rc, CORV_OK);
            assert_int_equal(f.count, 0);
            assert_int_equal(text.p[0], '<');
        }
        corv_findings_free(&f);
        free(copy);
    }
}

static void too_many_bytes_are_refused(void **state)
{
    struct corv_findings f;
    struct corv_view text;

    (void)state;
    corv_findings_init(&f);
    assert_int_equal(corv_bytes_check(corv_view_str("<abc/>"), 5, &text, &f), CORV_E_INVALID);
    assert_string_equal(f.list[0].code, "security.size");
    corv_findings_free(&f);
}

/* Against the definition, not against itself: every two and three byte sequence. */
static bool is_utf8(const unsigned char *p, size_t n)
{
    while (n) {
        unsigned long u;
        size_t len = p[0] < 0x80 ? 1 : p[0] < 0xC0 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

        if (len == 0 || len > n || p[0] > 0xF7)
            return false;
        u = len == 1 ? p[0] : p[0] & (0x7FU >> len);
        for (size_t i = 1; i < len; i++) {
            if ((p[i] & 0xC0) != 0x80)
                return false;
            u = u << 6 | (p[i] & 0x3FU);
        }
        if (u < (unsigned long[]){0, 0, 0x80, 0x800, 0x10000}[len] || u > 0x10FFFF ||
            (u >= 0xD800 && u <= 0xDFFF))
            return false;
        p += len;
        n -= len;
    }
    return true;
}

static void utf8_is_what_the_definition_says(void **state)
{
    (void)state;
    for (unsigned long v = 0; v < 1UL << 24; v += v < 1UL << 16 ? 1 : 7) {
        unsigned char b[4] = {(unsigned char)(v >> 16), (unsigned char)(v >> 8), (unsigned char)v,
            (unsigned char)(v * 2654435761UL >> 24)};

        for (size_t n = 2; n <= 4; n++)
            assert_int_equal(corv_bytes_bad_utf8(corv_view_of(b, n)) == n, is_utf8(b, n));
    }
}

/* Many bytes are looked at together: none of them may slip through. */
static void a_bad_byte_is_found_wherever_it_is(void **state)
{
    char text[100];

    (void)state;
    for (size_t at = 0; at < sizeof text; at++)
        for (size_t before = 0; before <= at; before += 7) {
            memset(text, 'a', sizeof text);
            if (before + 2 <= at) {
                text[before] = '\xc3';
                text[before + 1] = '\xa9';
            }
            assert_int_equal(corv_bytes_bad_utf8(corv_view_of(text, sizeof text)), sizeof text);
            text[at] = '\x80';
            assert_int_equal(corv_bytes_bad_utf8(corv_view_of(text, sizeof text)), at);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_gets_its_answer),
        cmocka_unit_test(too_many_bytes_are_refused),
        cmocka_unit_test(utf8_is_what_the_definition_says),
        cmocka_unit_test(a_bad_byte_is_found_wherever_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
