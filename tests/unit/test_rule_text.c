/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "schemas/rule_text.h"

static void a_bsn_passes_the_11_proef(void **state)
{
    (void)state;
    assert_true(corv_rule_bsn(corv_view_str("999000032")));
    assert_true(corv_rule_bsn(corv_view_str("111222333")));
    assert_false(corv_rule_bsn(corv_view_str("111222334")));
    assert_false(corv_rule_bsn(corv_view_str("000000000")));
    assert_false(corv_rule_bsn(corv_view_str("99900003")));
    assert_false(corv_rule_bsn(corv_view_str("9990000320")));
    assert_false(corv_rule_bsn(corv_view_str("99900003x")));
    assert_false(corv_rule_bsn(corv_view_str("")));
    assert_false(corv_rule_bsn(corv_view_of("99900003\0", 9)));
}

/* Every single wrong digit and every swap of neighbours must be noticed: that is what the
 * 11-proef is for. */
static void one_slip_of_the_pen_is_noticed(void **state)
{
    const char good[] = "999000196";

    (void)state;
    for (int i = 0; i < 9; i++)
        for (int c = '0'; c <= '9'; c++) {
            char text[10];

            memcpy(text, good, sizeof text);
            if (text[i] == c)
                continue;
            text[i] = (char)c;
            assert_false(corv_rule_bsn(corv_view_str(text)));
        }
    for (int i = 0; i < 8; i++) {
        char text[10];

        memcpy(text, good, sizeof text);
        text[i] = good[i + 1];
        text[i + 1] = good[i];
        assert_int_equal(corv_rule_bsn(corv_view_str(text)), good[i] == good[i + 1]);
    }
}

static void file_names(void **state)
{
    static const struct {
        const char *name;
        bool plain, accents;
    } rows[] = {
        {"rapport_1-2 a.pdf", true, true},
        {"a.p", true, true},
        {"zo\xC3\xAB.pdf", false, true},
        {"\xC5\x92uvre.pdf", false, true},
        {" a.pdf", false, false},
        {"", false, false},
        {"a", false, false},
        {".pdf", false, false},
        {"a.", false, false},
        {"a.b.pdf", false, false},
        {"../a.pdf", false, false},
        {"a/b.pdf", false, false},
        {"a\\b.pdf", false, false},
        {"c:a.pdf", false, false},
        {"a\n.pdf", false, false},
        {"a\x7F.pdf", false, false},
        {"a\xC2\xA0.pdf", false, false},     /* no-break space */
        {"a\xE2\x80\xAE.pdf", false, false}, /* right-to-left override */
        {"a\xEF\xBB\xBF.pdf", false, false}, /* byte order mark */
        {"a\xF0\x9F\x98\x80.pdf", false, false},
        {"a (1).pdf", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (corv_rule_file_name(corv_view_str(rows[i].name), false) != rows[i].plain ||
            corv_rule_file_name(corv_view_str(rows[i].name), true) != rows[i].accents)
            fail_msg("row %zu", i);
}

static void extensions_and_blanks(void **state)
{
    char out[16];

    (void)state;
    assert_string_equal(corv_rule_extension(corv_view_str("a.PdF"), out), "pdf");
    assert_string_equal(corv_rule_extension(corv_view_str("a.pdf.EXE"), out), "exe");
    assert_string_equal(corv_rule_extension(corv_view_str("a"), out), "");
    assert_string_equal(corv_rule_extension(corv_view_str("a."), out), "");
    assert_string_equal(
        corv_rule_extension(corv_view_str("a.abcdefghijklmnopqrstuvw"), out), "abcdefghijklmno");
    assert_true(corv_view_is(corv_rule_trim(corv_view_str(" \t\r\na b\n")), "a b"));
    assert_int_equal(corv_rule_trim(corv_view_str(" \n ")).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bsn_passes_the_11_proef),
        cmocka_unit_test(one_slip_of_the_pen_is_noticed),
        cmocka_unit_test(file_names),
        cmocka_unit_test(extensions_and_blanks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
