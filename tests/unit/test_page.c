/* SPDX-License-Identifier: EUPL-1.2 */
/* What the status page reads from outside (Host, Accept-Language, query), what it writes, and that
 * it has a word for everything it can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/page_rows.h"
#include "queue/types.h"

static bool host(const char *text)
{
    return corv_page_host_good(corv_view_str(text));
}

static void only_a_name_that_is_always_us_is_good(void **state)
{
    static const char *const good[] = {"localhost", "LocalHost:8444", "127.0.0.1", "127.0.0.1:1",
        "127.255.0.3", "[::1]", "[::1]:8444", "[0:0:0:0:0:0:0:1]"};
    static const char *const bad[] = {"", ":", "localhost.", "localhostx", "localhos", "127.1",
        "127", "0177.0.0.1", "126.0.0.1", "128.0.0.1", "127.0.0.1.example.org", "[::1", "[::2]",
        "::1", "[::ffff:127.0.0.1]", "[127.0.0.1]", "[localhost]", "[::1]x", "[::1]example:80",
        "127.0.0.1:8o", "localhost:80:80", "a@127.0.0.1", "127.0.0.1 "};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!host(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (host(bad[i]))
            fail_msg("taken: %s", bad[i]);
    assert_false(corv_page_host_good((struct corv_view){0}));
    assert_false(corv_page_host_good(corv_view_of("127.0.0.1\0x", 11)));
}

static bool english(const char *query, const char *accept)
{
    return corv_page_english(corv_view_str(query), corv_view_str(accept));
}

static void the_language_is_asked_for_or_dutch(void **state)
{
    (void)state;
    assert_false(english("", ""));
    assert_true(english("lang=en", "nl"));
    assert_false(english("a=1&lang=nl", "en"));
    assert_true(english("lang=de", "en"));
    assert_true(english("", "en-US,en;q=0.8"));
    assert_true(english("", "de, EN ; q=0.5 , nl;q=0.4"));
    assert_false(english("", "nl,en"));
    assert_false(english("", "en;q=0.30,nl;q=0.301"));
    assert_false(english("", "en;q=0,nl;q=0"));
    assert_false(english("", "english, eng"));
    assert_false(english("", ",;,;;q=,en;q=0"));
}

static void text_is_never_markup(void **state)
{
    struct corv_buf b;

    (void)state;
    corv_buf_init(&b, 4096);
    corv_page_text(&b, "<a href=\"x\" id='y'>&amp;\x01\n\xc3\xa9\xff\xc3");
    assert_string_equal(b.p, "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;  \xc3\xa9"
                             "\xef\xbf\xbd\xef\xbf\xbd");
    corv_buf_free(&b);
}

static void every_hole_of_the_page_is_filled(void **state)
{
    json_t *model = json_object(); /* nothing is known: still a whole page */

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct corv_buf b;

        corv_buf_init(&b, 1u << 20);
        corv_page_write(&b, model, i == 1);
        assert_non_null(b.p);
        assert_null(strstr(b.p, "{{"));
        assert_non_null(strstr(b.p, i == 1 ? "<html lang=\"en\">" : "<html lang=\"nl\">"));
        assert_non_null(strstr(b.p, "</html>"));
        corv_buf_free(&b);
    }
    json_decref(model);
}

static void every_state_has_words_and_a_tone_where_it_matters(void **state)
{
    (void)state;
    for (int s = CORV_DELIVERY_WAITING; s <= CORV_DELIVERY_DROPPED; s++) {
        const char *name = corv_delivery_state_name((enum corv_delivery_state)s);
        char key[64];

        (void)snprintf(key, sizeof key, "state:%s", name);
        assert_non_null(corv_page_word(corv_view_str(key), false));
    }
    assert_string_equal(corv_page_named("state", "confirmed", true), "confirmed");
    assert_string_equal(corv_page_named("state", "from-tomorrow", false), "from-tomorrow");
    assert_string_equal(corv_page_tone("dead"), "bad");
    assert_string_equal(corv_page_tone("waiting"), "plain");
}

static void spans_in_both_languages(void **state)
{
    const struct corv_page nl = {.english = false};
    const struct corv_page en = {.english = true};
    char out[32];

    (void)state;
    assert_string_equal(corv_page_span(&nl, 59, out, sizeof out), "59 s");
    assert_string_equal(corv_page_span(&nl, 300, out, sizeof out), "5 min");
    assert_string_equal(corv_page_span(&nl, 7200, out, sizeof out), "2 u");
    assert_string_equal(corv_page_span(&en, 7200, out, sizeof out), "2 h");
    assert_string_equal(corv_page_span(&en, 259200, out, sizeof out), "3 d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_name_that_is_always_us_is_good),
        cmocka_unit_test(the_language_is_asked_for_or_dutch),
        cmocka_unit_test(text_is_never_markup),
        cmocka_unit_test(every_hole_of_the_page_is_filled),
        cmocka_unit_test(every_state_has_words_and_a_tone_where_it_matters),
        cmocka_unit_test(spans_in_both_languages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
