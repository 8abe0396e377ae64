/* SPDX-License-Identifier: EUPL-1.2 */
/* The small parts of config/: values from text, the arena, the tree with its places, and the
 * folding of names of places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/parties_index.h"
#include "config/text.h"
#include "config/tree.h"

static void test_day(void **state)
{
    static const struct {
        const char *text;
        int day; /* 0: refused */
    } rows[] = {
        {"2026-11-22", 20261122},
        {"2024-02-29", 20240229},
        {"2023-02-29", 0},
        {"1900-02-29", 0},
        {"2000-02-29", 20000229},
        {"2026-13-01", 0},
        {"2026-00-10", 0},
        {"2026-04-31", 0},
        {"2026-4-3", 0},
        {"20260403", 0},
        {"2026-04-03 ", 0},
        {"2026/04/03", 0},
        {"0000-00-00", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int day = 0;
        corv_rc rc = corv_text_day(rows[i].text, &day);

        if ((rc == CORV_OK) != (rows[i].day != 0) || (rc == CORV_OK && day != rows[i].day))
            fail_msg("%s: %d", rows[i].text, day);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        corv_rc rc;
        uint64_t value;
    } rows[] = {
        {"0", CORV_OK, 0},
        {"18446744073709551615", CORV_OK, UINT64_MAX},
        {"18446744073709551616", CORV_E_LIMIT, 0},
        {"35 MiB", CORV_OK, 36700160},
        {"2GiB", CORV_OK, 2147483648},
        {"64KiB", CORV_OK, 65536},
        {"17179869184 GiB", CORV_E_LIMIT, 0},
        {"35 MB", CORV_E_INVALID, 0},
        {"MiB", CORV_E_INVALID, 0},
        {"-1", CORV_E_INVALID, 0},
        {"1.5 GiB", CORV_E_INVALID, 0},
        {"0x10", CORV_E_INVALID, 0},
        {"", CORV_E_INVALID, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 0;

        if (corv_text_bytes(rows[i].text, &value) != rows[i].rc ||
            (rows[i].rc == CORV_OK && value != rows[i].value))
            fail_msg("%s", rows[i].text);
    }
    uint64_t value = 0;

    assert_int_equal(corv_text_number("12", &value), CORV_OK);
    assert_int_equal(value, 12);
    assert_int_equal(corv_text_number("12 MiB", &value), CORV_E_INVALID);
}

static void test_words(void **state)
{
    static const char *const names[] = {"listen", "limits", "node", "valid_from", "valid_until"};

    (void)state;
    assert_string_equal(corv_text_nearest("lisen", names, 5), "listen");
    assert_string_equal(corv_text_nearest("valid_form", names, 5), "valid_from");
    assert_null(corv_text_nearest("noed", names, 5)); /* two moves in a short word */
    assert_null(corv_text_nearest("poort", names, 5));
    assert_null(corv_text_nearest("", names, 5));
    assert_null(corv_text_nearest("een-woord-dat-langer-is-dan-elke-naam-hier-mag-zijn", names, 5));
    assert_true(corv_text_is_name("a-0"));
    assert_false(corv_text_is_name(""));
    assert_false(corv_text_is_name("a_b"));
    assert_true(corv_text_is_name("1234567890123456789012345678901234567890"));
    assert_false(corv_text_is_name("12345678901234567890123456789012345678901"));
    assert_true(corv_text_is_loopback("127.9.9.9"));
    assert_true(corv_text_is_loopback("::1"));
    assert_false(corv_text_is_loopback("128.0.0.1"));
    assert_false(corv_text_is_loopback("::ffff:127.0.0.1"));
    assert_false(corv_text_is_ip("127.1"));
}

static void test_arena_has_a_ceiling(void **state)
{
    struct corv_arena a;

    (void)state;
    corv_arena_init(&a, 100);
    char *p = corv_arena_resize(&a, NULL, 60);

    assert_non_null(p);
    memset(p, 'x', 60);
    assert_null(corv_arena_resize(&a, NULL, 41));
    assert_null(corv_arena_resize(&a, p, 101)); /* and p is still there */
    p = corv_arena_resize(&a, p, 100);
    assert_non_null(p);
    assert_int_equal(p[59], 'x');
    assert_null(corv_arena_resize(&a, p, 0));
    assert_int_equal(a.used, 0);
    assert_null(corv_arena_new(&a, SIZE_MAX / 2, 4));
    p = corv_arena_text(&a, corv_view_of("abc", 2));
    assert_string_equal(p, "ab");
    corv_arena_free(&a);
}

static void test_tree_knows_places(void **state)
{
    static const char text[] = "a: 1\n"
                               "b:\n"
                               "  - x: {y: [p, q]}\n"
                               "  - z\n";
    struct corv_arena a;
    struct corv_findings f;
    const struct corv_tree *root = NULL;
    const struct corv_tree *q = NULL;
    char path[64];

    (void)state;
    corv_arena_init(&a, 1u << 20);
    corv_findings_init(&f);
    assert_int_equal(corv_tree_read(&a, corv_view_str(text), &root, &f), CORV_OK);
    q = corv_tree_get(corv_tree_get(corv_tree_get(root, "b")->first, "x"), "y")->first->next;
    assert_string_equal(q->text, "q");
    assert_int_equal(q->line, 3);
    assert_int_equal(q->column, 16);
    assert_string_equal(corv_tree_path(q, path, sizeof path), "b[0].x.y[1]");
    assert_string_equal(corv_tree_path(q, path, 6), "b[0].");
    assert_string_equal(corv_tree_path(root, path, sizeof path), "");
    assert_int_equal(corv_tree_get(root, "b")->line, 2);
    assert_null(corv_tree_get(root, "c"));
    assert_null(corv_tree_get(NULL, "c"));
    corv_findings_free(&f);
    corv_arena_free(&a);
}

static void test_tree_of_nothing(void **state)
{
    static const char *const texts[] = {"", "# niets\n", "---\n...\n"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct corv_arena a;
        struct corv_findings f;
        const struct corv_tree *root = NULL;

        corv_arena_init(&a, 1u << 20);
        corv_findings_init(&f);
        assert_int_equal(corv_tree_read(&a, corv_view_str(texts[i]), &root, &f), CORV_OK);
        assert_true(!root || root->kind == CORV_TREE_SCALAR);
        corv_findings_free(&f);
        corv_arena_free(&a);
    }
}

/* Every allocation fails once: an error, never a crash or a half tree called good. */
static void test_tree_without_memory(void **state)
{
    static const char text[] = "a: 1\nb: [x, {y: z}]\n";
    corv_rc rc = CORV_E_NOMEM;

    (void)state;
    for (size_t ceiling = 0; rc != CORV_OK; ceiling += 8) {
        struct corv_arena a;
        struct corv_findings f;
        const struct corv_tree *root = NULL;

        assert_true(ceiling < 100000);
        corv_arena_init(&a, ceiling);
        corv_findings_init(&f);
        rc = corv_tree_read(&a, corv_view_str(text), &root, &f);
        assert_true(rc == CORV_OK || rc == CORV_E_NOMEM);
        corv_findings_free(&f);
        corv_arena_free(&a);
    }
}

static void test_places(void **state)
{
    static const struct {
        const char *name;
        const char *folded; /* NULL: refused */
    } rows[] = {
        {"Lelystad", "lelystad"},
        {"  's-GRAVENHAGE ", "'s-gravenhage"},
        {"\xe2\x80\x99s-Gravenhage", "'s-gravenhage"},  /* typographic quote */
        {"Sint\xc2\xa0 \t\nJansteen", "sint jansteen"}, /* no-break space and others */
        {"Sk\xc3\xbblplak", "skulplak"},                /* composed */
        {"Sku\xcc\x82lplak", "skulplak"},               /* the same in two code points */
        {"\xc4\xb2sselstein", "ijsselstein"},           /* the letter U+0132 */
        {"\xc3\x86r\xc3\xb8", "aero"},
        {"Gro\xc3\x9f", "gross"},
        {"Noord\xe2\x80\x93Zuid", "noord-zuid"}, /* en dash */
        {"\xd0\x9c", "\xd0\x9c"},                /* other scripts: as they are */
        {"", NULL},
        {" \xcc\x82 ", NULL}, /* nothing but a mark */
        {"a\xff", NULL},      /* not UTF-8 */
        {"a\xc3", NULL},      /* cut off */
        {"a\xc3(", NULL},
    };
    char long_name[CORV_PLACE_BYTES + 1];
    char out[CORV_PLACE_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        corv_rc rc = corv_place_fold(corv_view_str(rows[i].name), out);

        if ((rc == CORV_OK) != (rows[i].folded != NULL))
            fail_msg("row %zu: %s", i, corv_rc_name(rc));
        if (rows[i].folded)
            assert_string_equal(out, rows[i].folded);
    }
    memset(long_name, 'a', sizeof long_name);
    assert_int_equal(corv_place_fold(corv_view_of(long_name, CORV_PLACE_BYTES - 1), out), CORV_OK);
    assert_int_equal(
        corv_place_fold(corv_view_of(long_name, CORV_PLACE_BYTES), out), CORV_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_arena_has_a_ceiling),
        cmocka_unit_test(test_tree_knows_places),
        cmocka_unit_test(test_tree_of_nothing),
        cmocka_unit_test(test_tree_without_memory),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
