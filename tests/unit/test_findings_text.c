/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/parser.h>
#include <stdio.h>

#include "schemas/findings_text.h"
#include "schemas/verdict.h"
#include "schemas/xml_error.h"
#include "test_verdict_messages.h"

static struct corv_schemas *schemas;

/* A golden row: the whole of one finding. CANARY stands for what a sender wrote. */
#define CANARY "zq7canary"
struct golden {
    const char *text;
    const char *code;
    enum corv_actor actor;
    int line;
    const char *path;
    const char *sentence;
};

#define IN_VTO(person)                                                                             \
    VTO_HEAD("")                                                                                   \
    "<ZKN:heeftBetrekkingOp StUF:entiteittype=\"ZAKOBJ\"><ZKN:gerelateerde "                       \
    "StUF:entiteittype=\"OBJ\"><ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\">\n" person         \
    "</ZKN:natuurlijkPersoon></ZKN:gerelateerde><ZKN:omschrijving>Client (kind)"                   \
    "</ZKN:omschrijving></ZKN:heeftBetrekkingOp>\n" VTO_GUARDIAN VTO_REQUESTER DOCUMENT(           \
        "", "QUJD") VTO_TAIL
#define PERSON "/JZ:vtoDi01/JZ:object/ZKN:heeftBetrekkingOp/ZKN:gerelateerde/ZKN:natuurlijkPersoon"
#define B_L    CORV_ACT_LEVERANCIER
#define B_B    CORV_ACT_BEHANDELAAR

static const struct golden rows[] = {
    {IN_VTO("<BG:inp.bsn>" CANARY "</BG:inp.bsn>"), "schema.pattern", B_B, 9, PERSON "/BG:inp.bsn",
        "De waarde van BG:inp.bsn heeft niet de juiste vorm: negen cijfers, met voorloopnul."},
    {IN_VTO("<BG:geslachtsaanduiding>" CANARY "</BG:geslachtsaanduiding>"), "schema.enumeration",
        B_B, 9, PERSON "/BG:geslachtsaanduiding",
        "De waarde van BG:geslachtsaanduiding is niet toegestaan; toegestaan: 'M', 'V', 'O'."},
    {IN_VTO("<BG:voorvoegselGeslachtsnaam>" CANARY "tweedrie</BG:voorvoegselGeslachtsnaam>"),
        "schema.length", B_B, 9, PERSON "/BG:voorvoegselGeslachtsnaam",
        "De waarde van BG:voorvoegselGeslachtsnaam is te lang; hoogstens 10 tekens."},
    {IN_VTO("<BG:geboortedatum>" CANARY "</BG:geboortedatum>"), "schema.type", B_B, 9,
        PERSON "/BG:geboortedatum",
        "De waarde van BG:geboortedatum heeft niet de juiste vorm: acht cijfers (jjjjmmdd)."},
    {IN_VTO(
         "<BG:geboortedatum StUF:indOnvolledigeDatum=\"" CANARY "\">20180101</BG:geboortedatum>"),
        "schema.enumeration", B_L, 9, PERSON "/BG:geboortedatum/@StUF:indOnvolledigeDatum",
        "De waarde van attribuut StUF:indOnvolledigeDatum bij BG:geboortedatum is niet toegestaan; "
        "toegestaan: 'J', 'M', 'D', 'V'."},
    {IN_VTO("<ZKN:" CANARY ">" CANARY "</ZKN:" CANARY ">"), "schema.unexpected-element", B_L, 9,
        PERSON "/ZKN:?", NULL},
    {IN_VTO("<BG:geboortedatum>20180101</BG:geboortedatum>" CANARY), "schema.text", B_L, 8, PERSON,
        "In element ZKN:natuurlijkPersoon staat losse tekst tussen de elementen."},
    {IN_VTO("<BG:geslachtsnaam xsi:nil=\"true\">" CANARY "</BG:geslachtsnaam>"), "schema.nil", B_B,
        9, PERSON "/BG:geslachtsnaam",
        "BG:geslachtsnaam is als leeg gemarkeerd (xsi:nil) en heeft toch inhoud."},
    {BV03_WITH(" " CANARY "=\"" CANARY "\"", "1"), "schema.attribute-unknown", B_L, 1,
        "/StUF:Bv03Bericht/@?", NULL},
    {BV03_WITH("", "12345678901234567890123456789012345678901"), "schema.length", B_L, 5,
        "/StUF:Bv03Bericht/StUF:stuurgegevens/StUF:referentienummer",
        "De waarde van StUF:referentienummer is te lang; hoogstens 40 tekens."},
    {FO01("<StUF:" CANARY "/>"), "schema.unexpected-element", B_L, 6,
        "/StUF:Fo01Bericht/StUF:body/StUF:?", NULL},
    {VTO("", "QU" CANARY), "schema.base64", B_L, 11,
        "/JZ:vtoDi01/JZ:object/ZKN:heeftRelevant/ZKN:gerelateerde/ZKN:inhoud",
        "De bijlage in ZKN:inhoud is geen geldige base64."},
    {VTO_HEAD("") VTO_CHILD VTO_GUARDIAN VTO_REQUESTER VTO_TAIL, "schema.missing-element", B_L, 6,
        "/JZ:vtoDi01/JZ:object",
        "In JZ:object ontbreekt het verplichte element ZKN:heeftRelevant."},
    {VTO_HEAD("") VTO_GUARDIAN VTO_REQUESTER VTO_TAIL, "schema.missing-element", B_L, 8,
        "/JZ:vtoDi01/JZ:object/ZKN:heeftAlsBelanghebbende",
        "In JZ:object ontbreekt vóór ZKN:heeftAlsBelanghebbende het verplichte element "
        "ZKN:heeftBetrekkingOp."},
    {"<JZ:vtoDi01" NAMESPACES "/>", "schema.missing-element", B_L, 1, "/JZ:vtoDi01",
        "In JZ:vtoDi01 ontbreekt het verplichte element JZ:stuurgegevens."},
    {"<JZ:" CANARY NAMESPACES "/>", "schema.unknown-kind", B_L, 1, "/JZ:?",
        "Dit bericht is geen bekende berichtsoort."},
};

static void each_error_becomes_one_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_verdict v;
        const struct corv_finding *f;

        assert_int_equal(corv_verdict_of(schemas, corv_view_str(rows[i].text), NULL, &v), CORV_OK);
        assert_false(v.valid);
        f = &v.findings.list[0];
        if (v.findings.count != 1)
            fail_msg("row %zu: %zu findings: %s, %s", i, v.findings.count, f[0].text, f[1].text);
        assert_string_equal(f->code, rows[i].code);
        assert_string_equal(f->path, rows[i].path);
        assert_int_equal(f->layer, CORV_LAYER_SCHEMA);
        assert_int_equal(f->severity, CORV_SEV_ERROR);
        assert_int_equal(f->actor, rows[i].actor);
        if (f->line != rows[i].line)
            fail_msg("row %zu: line %d", i, f->line);
        if (rows[i].sentence)
            assert_string_equal(f->text, rows[i].sentence);
        corv_verdict_free(&v);
    }
}

/* Values never; names of elements and attributes may be said, as long as they look like names. */
static void no_value_is_ever_quoted(void **state)
{
    static const char *const texts[] = {
        IN_VTO("<BG:inp.bsn>999990019</BG:inp.bsn><BG:inp.bsn>99999001</BG:inp.bsn>"),
        IN_VTO("<BG:geslachtsnaam99999001>x</BG:geslachtsnaam99999001>"),
        IN_VTO("<BG:geslachtsnaam x99999001=\"99999001\">x</BG:geslachtsnaam>"),
        IN_VTO("<x:y xmlns:x=\"urn:99999001\"/>"),
        IN_VTO("<x:y xmlns:x=\"a': Expected is ( 99999001 ).\"/>"),
        IN_VTO("<BG:geboortedatum StUF:indOnvolledigeDatum=\"', attribute '99999001': \">1"
               "</BG:geboortedatum>"),
        IN_VTO("<BG:geslachtsaanduiding>' is not an element of the set {'99999001'}."
               "</BG:geslachtsaanduiding>"),
        IN_VTO("<BG:geboortedatum xsi:type=\"StUF:x99999001\">20180101</BG:geboortedatum>"),
        BV03_WITH(" xsi:type=\"StUF:x99999001\"", "1"),
        BV03_WITH("", "99999001&#10;"),
        FO01("<StUF:details>99999001</StUF:details><StUF:details>99999001</StUF:details>"),
        VTO("", "99999001A!"),
        VTO(" xmime:x=\"99999001\" xmlns:xmime=\"http://www.w3.org/2005/05/xmlmime\"", "QUJD"),
        "<a>99999001",
        "<a99999001>",
        "<a b='99999001' b='99999001'/>",
        "<a>&e99999001;</a>",
        "<x99999001:a/>",
        "<?pi99999001 99999001?><a/>",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct corv_verdict v;

        assert_int_equal(corv_verdict_of(schemas, corv_view_str(texts[i]), NULL, &v), CORV_OK);
        if (v.valid)
            fail_msg("row %zu is valid", i);
        for (size_t k = 0; k < v.findings.count; k++) {
            const struct corv_finding *f = &v.findings.list[k];

            if (strstr(f->text, "99999001") || strstr(f->path, "99999001") ||
                strstr(f->code, "99999001"))
                fail_msg("row %zu quotes a value: %s %s", i, f->path, f->text);
        }
        assert_null(xmlGetLastError() && xmlGetLastError()->message);
        corv_verdict_free(&v);
    }
}

static void all_defects_are_told_in_one_go(void **state)
{
    struct corv_verdict v;

    (void)state;
    assert_int_equal(
        corv_verdict_of(schemas,
            corv_view_str(VTO_HEAD("") CHILD("1",
                "<BG:verblijfsadres><BG:wpl.woonplaatsNaam>x</BG:wpl.woonplaatsNaam>"
                "<BG:aoa.postcode>0 x</BG:aoa.postcode><BG:aoa.huisnummer>1a</BG:aoa.huisnummer>"
                "</BG:verblijfsadres>",
                "Client") GUARDIAN("1", "", "tante") VTO_REQUESTER DOCUMENT("", "Q")
                    DOCUMENT("", "Q") VTO_TAIL),
            NULL, &v),
        CORV_OK);
    assert_int_equal(v.findings.count, 6);
    assert_string_equal(v.findings.list[0].code, "schema.pattern");
    assert_string_equal(v.findings.list[1].code, "schema.type");
    assert_string_equal(v.findings.list[2].code, "schema.enumeration");
    assert_string_equal(v.findings.list[3].code, "schema.enumeration");
    assert_string_equal(v.findings.list[4].code, "schema.base64");
    assert_string_equal(v.findings.list[5].path,
        "/JZ:vtoDi01/JZ:object/ZKN:heeftRelevant[2]/ZKN:gerelateerde/ZKN:inhoud");
    corv_verdict_free(&v);
}

/* What libxml2 might say and we do not know must still be a finding. */
static void an_unknown_error_is_a_finding_all_the_same(void **state)
{
    xmlDocPtr d = xmlReadDoc(BAD_CAST "<object/>", NULL, NULL, 0);
    xmlError error = {
        .code = 1, .level = XML_ERR_ERROR, .message = (char *)"x%s", .node = d->children};
    struct corv_finding f;
    struct corv_subject s;

    (void)state;
    corv_schema_finding(&error, &f, &s);
    assert_string_equal(f.code, "schema.invalid");
    assert_string_equal(f.path, "/object");
    error = (xmlError){.code = XML_SCHEMAV_ELEMENT_CONTENT};
    corv_schema_finding(&error, &f, &s);
    assert_string_equal(f.code, "schema.invalid");
    assert_string_equal(f.path, "");
    error = (xmlError){.code = 99999, .domain = XML_FROM_PARSER, .line = -1};
    corv_xml_error_finding(&error, &f);
    assert_string_equal(f.code, "well-formed.syntax");
    assert_int_equal(f.line, 0);
    xmlFreeDoc(d);
}

static void a_long_sentence_is_cut_between_characters(void **state)
{
    xmlDocPtr d = xmlReadDoc(BAD_CAST "<object/>", NULL, NULL, 0);
    char set[600];
    struct corv_finding f;
    struct corv_subject s;

    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        memset(set, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof set; i += 2)
            memcpy(set + i, "é", 3);

        xmlError error = {.code = XML_SCHEMAV_CVC_ENUMERATION_VALID,
            .node = d->children,
            .str2 = set,
            .message = (char *)"Element 'a': "};

        corv_schema_finding(&error, &f, &s);
        assert_true(strlen(f.text) < sizeof f.text);
        assert_string_equal(f.text + strlen(f.text) - 5, "é...");
    }
    xmlFreeDoc(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_error_becomes_one_finding),
        cmocka_unit_test(no_value_is_ever_quoted),
        cmocka_unit_test(all_defects_are_told_in_one_go),
        cmocka_unit_test(an_unknown_error_is_a_finding_all_the_same),
        cmocka_unit_test(a_long_sentence_is_cut_between_characters),
    };
    struct corv_fault fault = {0};

    corv_schemas_init();
    if (corv_schemas_new(&schemas, &fault) != CORV_OK)
        return 1;

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    corv_schemas_free(schemas);
    return failed;
}
