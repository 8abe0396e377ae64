/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/table.h"
#include "daemon/ctl/text.h"

static const struct corv_ctl_column columns[] = {{.title = "NAAM", .least = 4},
    {.title = "N", .right = true}, {.title = "STAND", .toned = true}, {.title = NULL}};

static char *written(struct corv_ctl_table *t, bool color)
{
    struct corv_buf out;

    corv_buf_init(&out, 1 << 20);
    corv_ctl_table_write(t, &out, color);
    corv_ctl_table_free(t);
    return corv_buf_take(&out, NULL);
}

static void columns_line_up(void **state)
{
    struct corv_ctl_table t;
    char *text;

    (void)state;
    corv_ctl_table_init(&t, columns);
    corv_ctl_table_add(&t, CORV_TONE_GOOD, (const char *const[]){"café", "7", "goed"});
    corv_ctl_table_add(&t, CORV_TONE_BAD, (const char *const[]){"b", "123", "mis"});
    text = written(&t, false);
    assert_string_equal(text, "NAAM    N  STAND\n"
                              "café    7  goed\n"
                              "b     123  mis\n");
    free(text);
}

static void colors_only_when_asked_and_only_where_meant(void **state)
{
    struct corv_ctl_table t;
    char *text;

    (void)state;
    corv_ctl_table_init(&t, columns);
    corv_ctl_table_add(&t, CORV_TONE_BAD, (const char *const[]){"a", "1", "mis"});
    text = written(&t, true);
    assert_non_null(strstr(text, "\033[1;31mmis"));
    assert_null(strstr(text, "\033[1;31ma"));
    free(text);
}

static void an_empty_table_has_its_titles(void **state)
{
    struct corv_ctl_table t;
    char *text;

    (void)state;
    corv_ctl_table_init(&t, columns);
    text = written(&t, false);
    assert_string_equal(text, "NAAM  N  STAND\n");
    free(text);
}

/* Whatever is in it: no line is wider than the terminal. */
static void wide_content_gives_way(void **state)
{
    static const struct corv_ctl_column three[] = {{.title = "EEN", .least = 8}, {.title = "VAST"},
        {.title = "TWEE", .least = 8}, {.title = NULL}};
    char wide[300];

    (void)state;
    for (size_t n = 1; n < sizeof wide; n += 7) {
        struct corv_ctl_table t;
        char *text;
        char *rest = NULL;

        memset(wide, 'w', n);
        wide[n] = '\0';
        corv_ctl_table_init(&t, three);
        corv_ctl_table_add(&t, CORV_TONE_PLAIN, (const char *const[]){wide, "0123456789", wide});
        text = written(&t, false);
        assert_non_null(strstr(text, "0123456789"));
        for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
            assert_true(corv_ctl_width(line) <= CORV_CTL_COLUMNS);
        free(text);
    }
}

static void ids_are_as_short_as_they_can_be(void **state)
{
    const char *one[] = {"01989000-0000-7000-8000-000000000001"};
    const char *same[] = {one[0], one[0]};
    const char *far[] = {one[0], "01989001-0000-7000-8000-000000000001"};
    const char *near[] = {"01989000-0000-7000-8000-000000000002", one[0], far[1]};

    (void)state;
    assert_int_equal(corv_ctl_id_length(NULL, 0), CORV_CTL_ID_SHORT);
    assert_int_equal(corv_ctl_id_length(one, 1), CORV_CTL_ID_SHORT);
    assert_int_equal(corv_ctl_id_length(same, 2), CORV_CTL_ID_SHORT);
    assert_int_equal(corv_ctl_id_length(far, 2), CORV_CTL_ID_SHORT);
    assert_int_equal(corv_ctl_id_length(near, 3), 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_line_up),
        cmocka_unit_test(colors_only_when_asked_and_only_where_meant),
        cmocka_unit_test(an_empty_table_has_its_titles),
        cmocka_unit_test(wide_content_gives_way),
        cmocka_unit_test(ids_are_as_short_as_they_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
