/* SPDX-License-Identifier: EUPL-1.2 */
/* Reference lists: a workbook made here, the wrong ones, and the published one (when it is there:
 * facts of MESSAGES.md §5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <glob.h>

#include "schemas/reference_import.h"

#include "test_import_support.h"

#define OIN1 "00000099999000901000"
#define OIN2 "00000099999000902000"

#define WORKBOOK                                                                                   \
    "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' "                 \
    "xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets>"       \
    "<sheet name='LEGENDA' sheetId='1' r:id='rId1'/>"                                              \
    "<sheet name='INS Juli 2026' sheetId='2' r:id='rId2'/>"                                        \
    "<sheet name='INS Augustus 2026' sheetId='3' r:id='rId3'/>"                                    \
    "<sheet name='INS December 2025' sheetId='4' r:id='rId4'/>"                                    \
    "<sheet name='JZR' sheetId='5' r:id='rId5'/></sheets></workbook>"
#define RELATION(n) "<Relationship Id='rId" n "' Target='worksheets/sheet" n ".xml'/>"
#define RELATIONS                                                                                  \
    "<Relationships "                                                                              \
    "xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>" RELATION("1")          \
        RELATION("2") RELATION("3") RELATION("4") RELATION("5") "</Relationships>"
#define SHEET(rows)                                                                                \
    "<worksheet "                                                                                  \
    "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>" rows           \
    "</sheetData></worksheet>"
#define S(at, n)    "<c r='" at "' t='s'><v>" n "</v></c>"
#define N(at, n)    "<c r='" at "'><v>" n "</v></c>"
#define I(at, text) "<c r='" at "' t='inlineStr'><is><t>" text "</t></is></c>"
#define HEADINGS(r)                                                                                \
    "<row r='" r "'>" S("A" r, "0") S("D" r, "1") S("L" r, "2") S("X" r, "3")                      \
        S("AA" r, "4") "</row>"
#define STRINGS                                                                                    \
    "<sst "                                                                                        \
    "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>IDINST</t></si>"     \
    "<si><t>PRESNMINST</t></si><si><r><t>DTOPH</t></r><r><t>INST</t></r><rPh><t>x</t></rPh></si>"  \
    "<si><t>DTAANV</t></si><si><t>OINR</t></si><si><t>Raad te Proefdam</t></si></sst>"
#define INSTANCES                                                                                  \
    SHEET("<row r='1'>" I("A1", "Titel") "</row>" HEADINGS("2") "<row r='3'>" I("A3", "RC0002")    \
            S("D3", "5") N("L3", "20141231") N("X3", "18000101")                                   \
                I("AA3", OIN1) "</row><row r='4'>" I("A4", "RC0001") I("D4", " Raad &amp; co ")    \
                    N("X4", "20150101") I("AA4", OIN1) "</row><row r='5'>" I(                      \
                        "A5", " ") "</row><row r='6'>" I("A6", "AR0001") I("AA6", OIN2) "</row>")
#define ROLES                                                                                      \
    SHEET("<row r='2'>" I("A2", "Rolomschrijving") I("B2", "Rolcode")                              \
            I("E2", "Datum begin geldigheid") I(                                                   \
                "F2", "Datum einde geldigheid") "</row><row r='3'>" I("A3", "broer of zus ")       \
                N("B3", "121") N("E3", "42332") "</row><row r='4'>" I("A4", "biologische moeder")  \
                    I("B4", "017") N("E4", "41821") N("F4", "42514") "</row>")

static corv_rc import(const char *state, const struct entry *entries, bool around,
    struct corv_reference **r, bool *already, struct corv_fault *fault)
{
    size_t size;
    char *xlsx = make_zip(entries, &size);
    corv_rc rc;

    if (around) { /* in a zip, as published */
        const struct entry outer[] = {
            {"StUF - lijst.xlsx", xlsx, size}, {"__MACOSX/._x.xlsx", "x", 0}, {NULL, NULL, 0}};
        char *zip = make_zip(outer, &size);

        free(xlsx);
        xlsx = zip;
    }
    {
        struct corv_reference_request q = {state, "lijst.xlsx", corv_view_of(xlsx, size), "proef"};

        *fault = (struct corv_fault){0};
        rc = corv_reference_import(&q, r, already, fault);
    }
    free(xlsx);
    return rc;
}

static const struct entry good[] = {{"xl/workbook.xml", WORKBOOK, 0},
    {"xl/_rels/workbook.xml.rels", RELATIONS, 0}, {"xl/sharedStrings.xml", STRINGS, 0},
    {"xl/worksheets/sheet1.xml", SHEET(""), 0}, {"xl/worksheets/sheet2.xml", SHEET(""), 0},
    {"xl/worksheets/sheet3.xml", INSTANCES, 0}, {"xl/worksheets/sheet4.xml", SHEET(""), 0},
    {"xl/worksheets/sheet5.xml", ROLES, 0}, {"xl/media/image1.png", "x", 0}, {NULL, NULL, 0}};

static void check(const struct corv_reference *r)
{
    const struct corv_instance *i;

    assert_string_equal(r->edition, "INS Augustus 2026");
    assert_string_equal(r->imported_by, "proef");
    assert_int_equal(r->instances_count, 3);
    i = corv_reference_by_code(r, corv_view_str("RC0002"));
    assert_non_null(i);
    assert_string_equal(i->name, "Raad te Proefdam");
    assert_int_equal(i->until, 20141231);
    assert_int_equal(i->from, 0);
    assert_true(corv_instance_valid(i, 20141231));
    assert_false(corv_instance_valid(i, 20150101));
    i = corv_reference_by_code(r, corv_view_str("RC0001"));
    assert_non_null(i);
    assert_string_equal(i->name, "Raad & co");
    assert_false(corv_instance_valid(i, 20141231));
    assert_null(corv_reference_by_code(r, corv_view_str("RC000")));
    assert_null(corv_reference_by_code(r, corv_view_str("RC00011")));
    assert_null(corv_reference_by_code(r, corv_view_str("")));
    i = corv_reference_by_oin(r, corv_view_str(OIN1), 20140101);
    assert_non_null(i);
    assert_string_equal(i->code, "RC0002");
    i = corv_reference_by_oin(r, corv_view_str(OIN1), 20260101);
    assert_non_null(i);
    assert_string_equal(i->code, "RC0001");
    assert_null(corv_reference_by_oin(r, corv_view_str("0"), 20260101));
    assert_null(corv_reference_by_oin(r, corv_view_str(""), 20260101));
    assert_int_equal(r->roles_count, 2);
    assert_true(corv_reference_role_known(r, corv_view_str("broer of zus"), 20260101));
    assert_false(corv_reference_role_known(r, corv_view_str("broer of zus"), 20150101));
    assert_true(corv_reference_role_known(r, corv_view_str("biologische moeder"), 20160524));
    assert_false(corv_reference_role_known(r, corv_view_str("biologische moeder"), 20160525));
    assert_false(corv_reference_role_known(r, corv_view_str("buur"), 20260101));
}

static void a_list_is_taken_in_and_read_back(void **state)
{
    struct corv_reference *r = NULL;
    struct corv_fault fault = {0};
    bool already;

    (void)state;
    for (int around = 0; around < 2; around++) {
        char *folder = make_folder();

        assert_int_equal(corv_reference_load(folder, &r, &fault), CORV_E_NOTFOUND);
        if (import(folder, good, around, &r, &already, &fault) != CORV_OK)
            fail_msg("%s", fault.text);
        assert_false(already);
        check(r);
        corv_reference_free(r);
        assert_int_equal(corv_reference_load(folder, &r, &fault), CORV_OK);
        check(r);
        corv_reference_free(r);
        assert_int_equal(count_below(folder), 3);
        drop_folder(folder);
    }
}

static void a_bad_list_is_refused_and_the_old_one_stays(void **state)
{
    static const struct {
        const char *name, *bytes, *code; /* replaces that entry */
    } rows[] = {
        {"xl/workbook.xml", "<workbook", "reference.xlsx"},
        {"xl/workbook.xml", "<workbook><sheets/></workbook>", "reference.xlsx"},
        {"xl/workbook.xml", "<!DOCTYPE workbook><workbook/>", "reference.xlsx"},
        {"xl/_rels/workbook.xml.rels", "<Relationships/>", "reference.xlsx"},
        {"xl/worksheets/sheet3.xml", SHEET(""), "reference.content"},
        {"xl/worksheets/sheet3.xml", SHEET(HEADINGS("1")), "reference.content"},
        {"xl/worksheets/sheet3.xml", "<worksheet/>", "reference.xlsx"},
        {"xl/worksheets/sheet3.xml",
            SHEET(HEADINGS("1") "<row r='2'>" I("A2", "RC1") I("AA2", "123") "</row>"),
            "reference.content"},
        {"xl/worksheets/sheet3.xml",
            SHEET(HEADINGS("1") "<row r='2'>" I("A2", "RC1") N("L2", "20261331") "</row>"),
            "reference.content"},
        {"xl/worksheets/sheet3.xml",
            SHEET(HEADINGS("1") "<row r='2'>" I("A2", "RC1") "</row><row r='3'>" I(
                "A3", "RC1") "</row>"),
            "reference.content"},
    };
    char *folder = make_folder();
    struct corv_reference *r = NULL;
    struct corv_fault fault;
    bool already;
    int files;

    (void)state;
    assert_int_equal(import(folder, good, false, &r, &already, &fault), CORV_OK);
    corv_reference_free(r);
    files = count_below(folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct entry entries[10];

        memcpy(entries, good, sizeof good);
        for (size_t e = 0; e < 9; e++)
            if (strcmp(entries[e].name, rows[i].name) == 0)
                entries[e].bytes = rows[i].bytes;
        if (import(folder, entries, false, &r, &already, &fault) != CORV_E_INVALID)
            fail_msg("row %zu was accepted", i);
        if (strcmp(fault.code, rows[i].code) != 0)
            fail_msg("row %zu: %s", i, fault.code);
        assert_null(r);
    }
    assert_int_equal(count_below(folder), files);
    assert_int_equal(corv_reference_load(folder, &r, &fault), CORV_OK);
    check(r);
    corv_reference_free(r);
    drop_folder(folder);
}

static void what_was_stored_wrongly_is_told(void **state)
{
    char *folder = make_folder(), path[200];
    struct corv_reference *r = NULL;
    struct corv_fault fault = {0};
    bool already;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/reference/current", folder);
    assert_int_equal(corv_store_write(path, corv_view_str("../../etc/passwd")), CORV_OK);
    assert_int_not_equal(corv_reference_load(folder, &r, &fault), CORV_OK);
    assert_string_equal(fault.code, "reference.unreadable");
    assert_int_equal(import(folder, good, false, &r, &already, &fault), CORV_OK); /* mends it */
    check(r);
    corv_reference_free(r);
    drop_folder(folder);
}

static void the_published_list(void **state)
{
    const char *set = getenv("CORV_SHARED");
    char *folder = make_folder(), path[600];
    struct corv_reference_request q = {.state_dir = folder, .source = "x.zip", .by = "proef"};
    struct corv_reference *r = NULL;
    struct corv_fault fault = {0};
    struct corv_buf b;
    size_t oin = 0, ended = 0, roles = 0;
    bool already;
    glob_t g;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/standard/*Referentie*.zip", set ? set : "../shared");
    if (glob(path, 0, NULL, &g) != 0) {
        drop_folder(folder);
        print_message("SKIPPED: no published material in %s\n", path);
        skip();
        return;
    }
    corv_buf_init(&b, 16u << 20);
    assert_int_equal(corv_store_slurp(g.gl_pathv[0], 16u << 20, &b), CORV_OK);
    q.file = corv_buf_view(&b);
    if (corv_reference_import(&q, &r, &already, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(r->instances_count, 85);
    for (size_t i = 0; i < r->instances_count; i++) {
        oin += *r->instances[i].oin != '\0';
        ended += r->instances[i].until != 0;
    }
    assert_int_equal(oin, 36);
    assert_int_equal(ended, 40);
    for (size_t i = 0; i < r->roles_count; i++)
        roles += r->roles[i].until == 0 &&
                 corv_reference_role_known(r, corv_view_str(r->roles[i].name), 20261122);
    assert_int_equal(roles, 23);
    assert_string_equal(
        corv_reference_by_oin(r, corv_view_str("00000002003214436001"), 20261122)->code, "RC0329");
    assert_int_equal(corv_reference_by_code(r, corv_view_str("RC0099"))->until, 20141231);
    corv_reference_free(r);
    corv_buf_free(&b);
    globfree(&g);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_taken_in_and_read_back),
        cmocka_unit_test(a_bad_list_is_refused_and_the_old_one_stays),
        cmocka_unit_test(what_was_stored_wrongly_is_told),
        cmocka_unit_test(the_published_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
