/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "schemas/import_zip.h"

#include "test_import_support.h"

static const struct corv_archive_limits roomy = {
    .entries = 10, .entry_bytes = 4096, .total_bytes = 8192, .ratio = 100};

static bool want_xsd(const char *name)
{
    return strstr(name, ".xsd") != NULL;
}

static corv_rc read_with(const struct entry *entries, const struct corv_archive_limits *limits,
    struct corv_archive *a, struct corv_fault *fault)
{
    size_t size;
    char *zip = make_zip(entries, &size);
    corv_rc rc;

    *fault = (struct corv_fault){0};
    rc = corv_archive_read(corv_view_of(zip, size), want_xsd, limits, a, fault);
    free(zip);
    return rc;
}

static void what_is_wanted_comes_out(void **state)
{
    const struct entry entries[] = {{"a/", "", 0}, {"a/b.xsd", "een", 0}, {"c.txt", "x", 0},
        {"d\xC3\xAB.xsd", "twee", 0}, {"e.xsd", "", 0}, {NULL, NULL, 0}};
    struct corv_archive a;
    struct corv_fault fault;

    (void)state;
    assert_int_equal(read_with(entries, &roomy, &a, &fault), CORV_OK);
    assert_int_equal(a.count, 3);
    assert_int_equal(a.skipped, 1);
    assert_string_equal(corv_archive_find(&a, "a/b.xsd")->bytes, "een");
    assert_int_equal(corv_archive_find(&a, "d\xC3\xAB.xsd")->size, 4);
    assert_int_equal(corv_archive_find(&a, "e.xsd")->size, 0);
    assert_null(corv_archive_find(&a, "c.txt"));
    corv_archive_free(&a);
}

static void limits_and_tricks_are_refused(void **state)
{
    static char much[5000], zeros[4096];
    const struct {
        struct entry entries[4];
        struct corv_archive_limits limits;
        const char *code;
    } rows[] = {
        {{{"../a.xsd", "x", 0}}, roomy, "import.zip-name"},
        {{{"a/../../b.txt", "x", 0}}, roomy, "import.zip-name"},
        {{{"/etc/a.xsd", "x", 0}}, roomy, "import.zip-name"},
        {{{"..\\a.xsd", "x", 0}}, roomy, "import.zip-name"},
        {{{"c:a.xsd", "x", 0}}, roomy, "import.zip-name"},
        {{{"a\nb.xsd", "x", 0}}, roomy, "import.zip-name"},
        {{{"a.xsd", much, sizeof much}}, roomy, "import.zip-size"},
        {{{"a.xsd", "12345678", 0}, {"b.xsd", "12345678", 0}},
            {.entries = 10, .entry_bytes = 10, .total_bytes = 15, .ratio = 100}, "import.zip-size"},
        {{{"a.xsd", "x", 0}, {"b.xsd", "x", 0}},
            {.entries = 1, .entry_bytes = 10, .total_bytes = 15, .ratio = 100}, "import.zip-size"},
        {{{"a.xsd", zeros, sizeof zeros}},
            {.entries = 10, .entry_bytes = 4096, .total_bytes = 8192, .ratio = 10},
            "import.zip-ratio"},
        {{{"a/b.xsd", "x", 0}, {"a\\b.xsd", "y", 0}}, roomy, "import.zip-twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof much; i++)
        much[i] = (char)(i * 7919 >> 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_archive a;
        struct corv_fault fault;

        if (read_with(rows[i].entries, &rows[i].limits, &a, &fault) != CORV_E_INVALID)
            fail_msg("row %zu was accepted", i);
        if (strcmp(fault.code, rows[i].code) != 0)
            fail_msg("row %zu: %s", i, fault.code);
        assert_int_equal(a.count, 0);
        assert_null(a.files);
    }
}

/* Any byte of a zip may be wrong; whatever comes of it, it must not be more than was asked. */
static void damage_does_no_harm(void **state)
{
    const struct entry entries[] = {
        {"a/b.xsd", "<een/><een/><een/><een/><een/>", 0}, {"c.xsd", "<twee/>", 0}, {NULL, NULL, 0}};
    size_t size;
    char *zip = make_zip(entries, &size);
    unsigned refused = 0;

    (void)state;
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            struct corv_archive a;
            struct corv_fault fault = {0};

            zip[i] = (char)(zip[i] ^ (1 << bit));
            if (corv_archive_read(corv_view_of(zip, size), want_xsd, &roomy, &a, &fault) == CORV_OK)
                corv_archive_free(&a);
            else
                refused++;
            zip[i] = (char)(zip[i] ^ (1 << bit));
        }
    for (size_t n = 0; n < size; n++) {
        struct corv_archive a;
        struct corv_fault fault = {0};

        assert_int_not_equal(
            corv_archive_read(corv_view_of(zip, n), want_xsd, &roomy, &a, &fault), CORV_OK);
    }
    assert_true(refused > size / 4);
    free(zip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_comes_out),
        cmocka_unit_test(limits_and_tricks_are_refused),
        cmocka_unit_test(damage_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
