/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdlib.h>

#include "schemas/repair.h"

static void put(struct corv_archive *a, const char *name, const char *bytes)
{
    struct corv_archive_file *files = realloc(a->files, (a->count + 1) * sizeof *files);

    assert_non_null(files);
    a->files = files;
    files[a->count++] = (struct corv_archive_file){strdup(name), strdup(bytes), strlen(bytes)};
}

static void backslashes_become_slashes_and_are_named(void **state)
{
    struct corv_archive a = {0};
    struct corv_repairs done = {0};

    (void)state;
    put(&a, "x/a.xsd",
        "<schema>\n<!-- schemaLocation=\"..\\c.xsd\" -->\n"
        "<include schemaLocation=\"..\\b\\c.xsd\"/><include schemaLocation = 'ok/d.xsd'/>\n"
        "<import namespace='u'\n schemaLocation='e\\f.xsd'/> a\\b\n"
        "<x xsi:schemaLocation=\"g\\h\"/></schema>");
    put(&a, "x/a.txt", "<include schemaLocation=\"..\\b\\c.xsd\"/>");
    assert_int_equal(corv_repair_backslashes(&a, &done, NULL), CORV_OK);
    assert_string_equal(a.files[0].bytes,
        "<schema>\n<!-- schemaLocation=\"..\\c.xsd\" -->\n"
        "<include schemaLocation=\"../b/c.xsd\"/><include schemaLocation = 'ok/d.xsd'/>\n"
        "<import namespace='u'\n schemaLocation='e/f.xsd'/> a\\b\n"
        "<x xsi:schemaLocation=\"g\\h\"/></schema>");
    assert_string_equal(a.files[1].bytes, "<include schemaLocation=\"..\\b\\c.xsd\"/>");
    assert_int_equal(done.count, 2);
    assert_string_equal(done.list[0].file, "x/a.xsd");
    assert_int_equal(done.list[0].line, 3);
    assert_int_equal(done.list[1].line, 5);
    assert_string_equal(done.list[1].what, "backslash");
    corv_repairs_free(&done);
    corv_archive_free(&a);
}

static void the_missing_include_is_added_once(void **state)
{
    struct corv_archive a = {0};
    struct corv_repairs done = {0};

    (void)state;
    put(&a, "top/bg/ent/bg0310_stuf_simpleTypes.xsd", "<xs:schema/>");
    put(&a, "top/jz/ent/jz0100_stuf0301.xsd",
        "<xs:schema>\n<xs:include schemaLocation=\"../../0301/stuf0301.xsd\"/>\n"
        "<xs:include schemaLocation=\"../../0301/mtom.xsd\"/>\n<xs:element/></xs:schema>");
    assert_int_equal(corv_repair_includes(&a, &done, NULL), CORV_OK);
    assert_string_equal(a.files[1].bytes,
        "<xs:schema>\n<xs:include schemaLocation=\"../../0301/stuf0301.xsd\"/>\n"
        "<xs:include schemaLocation=\"../../0301/mtom.xsd\"/>"
        "<xs:include schemaLocation=\"../../bg/ent/bg0310_stuf_simpleTypes.xsd\"/>\n"
        "<xs:element/></xs:schema>");
    assert_int_equal(a.files[1].size, strlen(a.files[1].bytes));
    assert_int_equal(done.count, 1);
    assert_int_equal(done.list[0].line, 3);
    assert_string_equal(done.list[0].what, "include");
    assert_int_equal(corv_repair_includes(&a, &done, NULL), CORV_OK);
    assert_int_equal(done.count, 1);
    corv_repairs_free(&done);
    corv_archive_free(&a);
}

static void nothing_is_added_where_it_does_not_belong(void **state)
{
    struct corv_archive a = {0};
    struct corv_repairs done = {0};

    (void)state;
    put(&a, "jz0100_stuf0301.xsd", "<schema><include schemaLocation=\"a.xsd\"/></schema>");
    assert_int_equal(corv_repair_includes(&a, &done, NULL), CORV_OK); /* nothing to include */
    put(&a, "x/bg0310_stuf_simpleTypes.xsd", "<schema/>");
    put(&a, "y/bg0310_stuf_simpleTypes.xsd", "<schema/>");
    assert_int_equal(corv_repair_includes(&a, &done, NULL), CORV_OK); /* which of the two? */
    assert_int_equal(done.count, 0);
    corv_archive_free(&a);
    put(&a, "my_jz0100_stuf0301.xsd", "<schema><include schemaLocation=\"a.xsd\"/></schema>");
    put(&a, "bg0310_stuf_simpleTypes.xsd", "<schema/>");
    put(&a, "jz0100_stuf0301.xsd", "");
    assert_int_equal(corv_repair_includes(&a, &done, NULL), CORV_OK);
    assert_int_equal(corv_repair_backslashes(&a, &done, NULL), CORV_OK);
    assert_int_equal(done.count, 0);
    corv_archive_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backslashes_become_slashes_and_are_named),
        cmocka_unit_test(the_missing_include_is_added_once),
        cmocka_unit_test(nothing_is_added_where_it_does_not_belong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
