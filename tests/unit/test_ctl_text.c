/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/ctl/text.h"
#include "daemon/ctl/words.h"

static struct corv_buf out;

static int up(void **state)
{
    (void)state;
    corv_buf_init(&out, 65536);
    return 0;
}

static int down(void **state)
{
    (void)state;
    corv_buf_free(&out);
    return 0;
}

static void is(const char *expected)
{
    assert_string_equal(out.p ? out.p : "", expected);
    corv_buf_reset(&out);
}

static void columns_are_counted_as_a_terminal_does(void **state)
{
    static const struct {
        const char *text;
        unsigned columns;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"café", 4},
        {"cafe\xCC\x81", 4},             /* e and a combining accent */
        {"\xE6\xBC\xA2\xE5\xAD\x97", 4}, /* two wide characters */
        {"\xF0\x9F\x98\x80", 2},         /* an emoji */
        {"\xFF\xFE", 2},                 /* no UTF-8: a mark for each byte */
        {"\xC3", 1},                     /* cut in the middle */
        {"a\tb", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(corv_ctl_width(rows[i].text), rows[i].columns);
}

static void a_cell_has_the_width_asked_for(void **state)
{
    (void)state;
    corv_ctl_fit(&out, "abc", 5, false);
    is("abc  ");
    corv_ctl_fit(&out, "abc", 5, true);
    is("  abc");
    corv_ctl_fit(&out, "abcdef", 5, false);
    is("abcd…");
    corv_ctl_fit(&out, "café", 4, false);
    is("café");
    corv_ctl_fit(&out, "\xE6\xBC\xA2\xE5\xAD\x97\xE6\xBC\xA2", 4, false);
    is("\xE6\xBC\xA2… "); /* half a wide character does not fit */
    corv_ctl_fit(&out, "abc", 0, false);
    is("");
    for (unsigned n = 1; n < 12; n++) {
        corv_ctl_fit(&out, "\xE6\xBC\xA2 caf\xC3\xA9 \xF0\x9F\x98\x80\xFF", n, n % 2);
        assert_int_equal(corv_ctl_width(out.p), n);
        corv_buf_reset(&out);
    }
}

/* What a partner answered may try to write on the operator's screen. */
static void nothing_in_a_text_can_command_the_terminal(void **state)
{
    (void)state;
    corv_ctl_clean(&out, "a\033[2Jb\rc\nd\x7F");
    is("a?[2Jb?c?d?");
    corv_ctl_clean(&out, "\xC2\x9B"
                         "31m"); /* CSI in one character */
    is("?31m");
    corv_ctl_clean(&out, "\xE2\x80\xAE"
                         "abc"); /* right to left */
    is("?abc");
    corv_ctl_clean(&out, "\xC0\x80\xED\xA0\x80\xF5\x80\x80\x80");
    is("?????????");
    corv_ctl_fit(&out, "\033[2J", 6, false);
    is("?[2J  ");
}

static void words_go_on_under_each_other(void **state)
{
    (void)state;
    corv_ctl_wrap(&out, "Wat", 6, "een twee");
    is("Wat   een twee\n");
    corv_ctl_wrap(&out, "", 4,
        "Een zin die zo lang is dat hij niet op een regel van tachtig tekens past, gaat verder.");
    is("    Een zin die zo lang is dat hij niet op een regel van tachtig tekens past,\n"
       "    gaat verder.\n");
    corv_ctl_wrap(&out, "X", 3, "");
    is("X  \n");
}

static void a_word_wider_than_the_line_is_broken(void **state)
{
    char word[200];
    size_t lines = 0;
    char *rest = NULL;

    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    corv_ctl_wrap(&out, "Pad", 10, word);
    for (char *line = strtok_r(out.p, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest), lines++)
        assert_true(corv_ctl_width(line) <= CORV_CTL_COLUMNS);
    assert_int_equal(lines, 3);
}

static void spans_of_time_are_short(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {{0, "0 ms"}, {0.0416, "42 ms"}, {1.04, "1,0 s"}, {9.94, "9,9 s"}, {9.96, "10 s"},
        {119, "119 s"}, {121, "2 min"}, {7300, "2 u"}, {200000, "2 d"}, {-5.5, "5,5 s"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(corv_ctl_duration(rows[i].seconds, text, sizeof text), rows[i].text);
}

static void times_are_read_and_shortened(void **state)
{
    char text[32];

    (void)state;
    assert_string_equal(
        corv_ctl_when("2026-11-22T08:37:47.785Z", text, sizeof text), "22-11 08:37:47");
    assert_string_equal(corv_ctl_when("", text, sizeof text), "");
    assert_int_equal(corv_ctl_ms("1970-01-01T00:00:01.500Z"), 1500);
    assert_int_equal(corv_ctl_ms("2026-11-22T08:37:47.785Z"), INT64_C(1795336667785));
    assert_int_equal(corv_ctl_ms("gisteren"), 0);
}

static void every_state_has_a_word_and_the_worst_counts(void **state)
{
    static const char *const states[] = {
        "waiting", "leased", "held", "dead", "confirmed", "dropped"};
    struct corv_inspect_message m = {.deliveries = 3, .confirmed = 1, .dead = 1, .held = 1};
    enum corv_ctl_tone tone;
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        assert_string_not_equal(corv_ctl_state_word(states[i]), states[i]);
    assert_string_equal(corv_ctl_state_word("iets"), "iets");
    assert_string_equal(corv_ctl_standing(&m, text, sizeof text, &tone), "mislukt 1/3");
    assert_int_equal(tone, CORV_TONE_BAD);
    m = (struct corv_inspect_message){.deliveries = 2, .confirmed = 2};
    assert_string_equal(corv_ctl_standing(&m, text, sizeof text, &tone), "bevestigd 2/2");
    m = (struct corv_inspect_message){.deliveries = 1, .dropped = 1};
    assert_string_equal(corv_ctl_standing(&m, text, sizeof text, &tone), "vervallen 0/1");
    m = (struct corv_inspect_message){0};
    assert_string_equal(corv_ctl_standing(&m, text, sizeof text, &tone), "geen bezorging");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, up, down)
    const struct CMUnitTest tests[] = {
        CASE(columns_are_counted_as_a_terminal_does),
        CASE(a_cell_has_the_width_asked_for),
        CASE(nothing_in_a_text_can_command_the_terminal),
        CASE(words_go_on_under_each_other),
        CASE(a_word_wider_than_the_line_is_broken),
        CASE(spans_of_time_are_short),
        CASE(times_are_read_and_shortened),
        CASE(every_state_has_a_word_and_the_worst_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
