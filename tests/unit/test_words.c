/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>

#include "daemon/base/words.h"

static void has_what_is_in_it_and_nothing_else(void **state)
{
    static const char *const in[] = {"a", "ab", "ba", "abc", "acb", "heeftBetrekkingOp",
        "heeftBetrekkingOpAndere", "abcdefgh", "abXdXfgh", "a"};
    static const char *const out[] = {
        "", "b", "aa", "abcd", "heeftBetrekkingO", "heeftBetrekkingop", "abXdefgh"};
    struct corv_view list[sizeof in / sizeof *in];
    struct corv_words w;

    (void)state;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        list[i] = corv_view_str(in[i]);
    assert_int_equal(corv_words_of(list, sizeof in / sizeof *in, &w), CORV_OK);
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        assert_true(corv_words_has(&w, corv_view_str(in[i])));
    for (size_t i = 0; i < sizeof out / sizeof *out; i++)
        if (corv_words_has(&w, corv_view_str(out[i])))
            fail_msg("%s is in it", out[i]);
    corv_words_free(&w);
    assert_false(corv_words_has(&w, corv_view_str("a")));
}

static void an_empty_word_and_an_empty_set(void **state)
{
    struct corv_view empty = corv_view_of("", 0);
    struct corv_words w;

    (void)state;
    assert_int_equal(corv_words_of(&empty, 0, &w), CORV_OK);
    assert_false(corv_words_has(&w, empty));
    corv_words_free(&w);
    assert_int_equal(corv_words_of(&empty, 1, &w), CORV_OK);
    assert_true(corv_words_has(&w, empty));
    assert_true(corv_words_has(&w, corv_view_of(NULL, 0)));
    assert_false(corv_words_has(&w, corv_view_str("a")));
    corv_words_free(&w);
}

/* All land in few places: the letters that are looked at are the same. */
static void words_that_look_alike_are_told_apart(void **state)
{
    char text[1000][16];
    struct corv_view list[500];
    struct corv_words w;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text[i], sizeof text[i], "aa%c%ca%c%caXaYaaa", 'a' + i % 10,
            'a' + i / 10 % 10, 'a' + i / 100, 'z');
        if (i % 2)
            list[i / 2] = corv_view_str(text[i]);
    }
    assert_int_equal(corv_words_of(list, 500, &w), CORV_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(corv_words_has(&w, corv_view_str(text[i])), i % 2);
    corv_words_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_is_in_it_and_nothing_else),
        cmocka_unit_test(an_empty_word_and_an_empty_set),
        cmocka_unit_test(words_that_look_alike_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
