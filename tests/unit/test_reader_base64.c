/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/xmlschemastypes.h>

#include "schemas/base64_check.h"

static struct corv_base64 check(struct corv_view v, size_t step)
{
    struct corv_base64 b = {0};

    for (size_t at = 0; at < v.n; at += step)
        (void)corv_base64_add(&b, corv_view_of(v.p + at, v.n - at < step ? v.n - at : step));
    return b;
}

static void examples(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        size_t bytes;
        size_t strange;
    } rows[] = {
        {"", true, 0, 0},
        {" \r\n\t", true, 0, 0},
        {"QUJD", true, 3, 0},
        {"QU JD\r\n", true, 3, 0},
        {"QUI=", true, 2, 0},
        {"QQ==", true, 1, 0},
        {"QQ = =", true, 1, 0},
        {"QUJ=", false, 0, 0}, /* bits left over */
        {"QR==", false, 0, 0},
        {"QQ=", false, 0, 0},
        {"QQ===", false, 0, 0},
        {"QUJ", false, 0, 0},
        {"=", false, 0, 0},
        {"QQ==QUJD", false, 0, 0},
        {"QU-JD", true, 3, 1}, /* libxml2 skips it */
        {"Q_J!", false, 0, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t step = 1; step < 9; step++) {
            struct corv_base64 b = check(corv_view_str(rows[i].text), step);

            assert_int_equal(corv_base64_valid(&b), rows[i].valid);
            assert_int_equal(b.strange, rows[i].strange);
            if (rows[i].valid)
                assert_int_equal(corv_base64_bytes(&b), rows[i].bytes);
        }
}

static void the_first_wrong_place_is_told(void **state)
{
    struct corv_base64 b = {0};

    (void)state;
    assert_int_equal(corv_base64_add(&b, corv_view_str("QUJD")), 4);
    assert_int_equal(corv_base64_add(&b, corv_view_str("QU\n!-")), 3);
    assert_int_equal(corv_base64_add(&b, corv_view_str("QQ==")), 4);
    assert_int_equal(corv_base64_add(&b, corv_view_str("\nQ")), 1);
}

/* The same verdict as xs:base64Binary of libxml2, for many short values. */
/* Four characters are looked at together. */
static void a_wrong_character_is_found_wherever_it_is(void **state)
{
    char text[20];

    (void)state;
    for (size_t at = 0; at < sizeof text; at++) {
        struct corv_base64 b = {0};

        memset(text, 'Q', sizeof text);
        text[at] = '-';
        assert_int_equal(corv_base64_add(&b, corv_view_of(text, sizeof text)), at);
        assert_int_equal(b.chars, sizeof text - 1);
        assert_int_equal(b.strange, 1);
    }
}

static void agrees_with_libxml2(void **state)
{
    static const char alphabet[] = "AEQg/9= \n-!";
    xmlSchemaTypePtr type = xmlSchemaGetBuiltInType(XML_SCHEMAS_BASE64BINARY);
    unsigned seed = 12345, valid = 0;

    (void)state;
    assert_non_null(type);
    for (int round = 0; round < 200000; round++) {
        char text[12];
        size_t n = (size_t)(round % 11);

        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245U + 12345U;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[n] = '\0';

        struct corv_base64 b = check(corv_view_of(text, n), 3);
        bool theirs = xmlSchemaValidatePredefinedType(type, BAD_CAST text, NULL) == 0;

        valid += theirs;
        if (corv_base64_valid(&b) != theirs)
            fail_msg("differs on \"%s\"", text);
    }
    assert_true(valid > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples),
        cmocka_unit_test(the_first_wrong_place_is_told),
        cmocka_unit_test(a_wrong_character_is_found_wherever_it_is),
        cmocka_unit_test(agrees_with_libxml2),
    };

    xmlSchemaInitTypes();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
