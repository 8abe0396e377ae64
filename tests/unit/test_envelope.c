/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "schemas/envelope_read.h"
#include "schemas/reader.h"
#include "schemas/xml_find.h"
#include "test_verdict_messages.h"

static struct corv_document doc;
static struct corv_envelope *envelope;

static void clear(void)
{
    corv_envelope_free(envelope);
    envelope = NULL;
    corv_document_free(&doc);
}

static int cleared(void **state)
{
    (void)state;
    clear();
    return 0;
}

static void read_text(const char *text)
{
    struct corv_findings f;

    clear();
    corv_findings_init(&f);
    assert_int_equal(
        corv_document_read(corv_view_str(text), &corv_read_limits_default, &doc, &f), CORV_OK);
    corv_findings_free(&f);
}

static const struct corv_envelope *envelope_of(const char *text)
{
    read_text(text);
    assert_int_equal(
        corv_envelope_read(xmlDocGetRootElement(doc.xml), doc.kind, false, &envelope), CORV_OK);
    return envelope;
}

static void the_header_is_read(void **state)
{
    const struct corv_envelope *e = envelope_of(BV03);

    (void)state;
    assert_int_equal(e->kind, CORV_KIND_BV03);
    assert_string_equal(e->zender.organisatie, "00000099999000901000");
    assert_string_equal(e->zender.applicatie, "proef");
    assert_null(e->zender.administratie);
    assert_null(e->zender.gebruiker);
    assert_string_equal(e->ontvanger.organisatie, "00000099999000902000");
    assert_string_equal(e->referentienummer, "ref-1");
    assert_string_equal(e->crossrefnummer, "ref-0");
    assert_string_equal(e->tijdstip, "20260301120000");
    assert_null(e->foutcode);
    assert_int_equal(e->line_zender, 3);
    assert_int_equal(e->line_ontvanger, 4);
    assert_int_equal(e->line_referentienummer, 5);
    assert_string_equal(envelope_of(FO01(""))->foutcode, "StUF055");
}

static void values_are_whole_whatever_stands_between(void **state)
{
    (void)state;
    assert_string_equal(
        envelope_of(BV03_WITH("", "r<!-- x -->e&#x66;<![CDATA[-]]>1"))->referentienummer, "ref-1");
    assert_string_equal(envelope_of(BV03_WITH("", ""))->referentienummer, "");
}

static void nil_is_no_value(void **state)
{
    const xmlNode *root;
    char *text = NULL;

    (void)state;
    read_text("<a" NAMESPACES "><b xsi:nil=\"true\"/><c xsi:nil=\" 1 \"/><d xsi:nil=\"false\"/>"
              "<e nil=\"true\"/></a>");
    root = xmlDocGetRootElement(doc.xml);
    assert_true(corv_node_nil(root->children));
    assert_true(corv_node_nil(root->children->next));
    assert_false(corv_node_nil(root->children->next->next));
    assert_false(corv_node_nil(root->last));
    assert_int_equal(corv_node_text(root->children, &text), CORV_OK);
    assert_null(text);
    assert_int_equal(corv_node_text(root->last, &text), CORV_OK);
    assert_string_equal(text, "");
    free(text);
}

static void a_path_finds_all_its_matches_in_order(void **state)
{
    static const char *const path = "JZ:a/ZKN:b/BG:c";
    const xmlNode *root, *n;
    int expected = 1;

    (void)state;
    read_text("<r" NAMESPACES "><JZ:a/><JZ:x><ZKN:b><BG:c>0</BG:c></ZKN:b></JZ:x>"
              "<JZ:a><ZKN:b/><JZ:b><BG:c>0</BG:c></JZ:b><ZKN:b><BG:c>1</BG:c><BG:d/>"
              "<BG:c>2</BG:c></ZKN:b><ZKN:b><BG:c>3</BG:c></ZKN:b></JZ:a><JZ:a/>"
              "<JZ:a><ZKN:b><BG:c>4</BG:c></ZKN:b></JZ:a></r>");
    root = xmlDocGetRootElement(doc.xml);
    for (n = corv_find(root, path); n; n = corv_find_next(root, path, n))
        assert_int_equal(n->children->content[0] - '0', expected++);
    assert_int_equal(expected, 5);
    assert_null(corv_find(NULL, path));
    assert_null(corv_find_next(root, path, NULL));
}

static void urgent_is_read_under_both_names(void **state)
{
    (void)state;
    assert_false(envelope_of(VTO_HEAD("") VTO_TAIL)->urgent);
    assert_false(envelope_of(VTO_HEAD(EXTRA("urgentie", "Laag")) VTO_TAIL)->urgent);
    assert_true(envelope_of(VTO_HEAD(EXTRA("urgentie", "Hoog")) VTO_TAIL)->urgent);
    assert_true(envelope_of(VTO_HEAD(EXTRA("urgent", "Hoog")) VTO_TAIL)->urgent);
    assert_true(
        envelope_of(VTO_HEAD(EXTRA("urgentie", "Laag") EXTRA("urgent", "Hoog")) VTO_TAIL)->urgent);
    assert_false(envelope_of(VTO_HEAD(EXTRA("anders", "Hoog")) VTO_TAIL)->urgent);
}

#define UNBORN(number) CHILD(number, "", "Client (ongeboren kind)")
#define ROLE           "ouder, gezag niet benoemd"

static void an_unborn_child_lives_where_its_mother_lives(void **state)
{
    const struct corv_envelope *e = envelope_of(VTO_HEAD("") CHILD("1", PLACE("Eendorp"),
        "Client (kind)") UNBORN("2") GUARDIAN("1", PLACE("Anderdorp"), ROLE) GUARDIAN("2",
        PLACE("Vaderdorp"), "ouder met gezag") GUARDIAN("2", PLACE("Moederdorp"), ROLE) VTO_TAIL);

    (void)state;
    assert_int_equal(e->children_count, 2);
    assert_false(e->children[0].unborn);
    assert_string_equal(e->children[0].woonplaats, "Eendorp");
    assert_true(e->children[1].unborn);
    assert_string_equal(e->children[1].woonplaats, "Moederdorp");
    assert_null(e->children[1].gemeentecode);
    e = envelope_of(VTO_HEAD("") UNBORN("2") GUARDIAN("1", PLACE("Moederdorp"), ROLE) VTO_TAIL);
    assert_null(e->children[0].woonplaats); /* she refers to another child */
}

static void a_case_number_that_is_nil_is_absent(void **state)
{
    const struct corv_envelope *e =
        envelope_of(VTO_HEAD("") "<ZKN:heeftBetrekkingOpAndere><ZKN:gerelateerde>"
                                 "<ZKN:identificatie xsi:nil=\"true\"/></ZKN:gerelateerde>"
                                 "</ZKN:heeftBetrekkingOpAndere>" VTO_TAIL);

    (void)state;
    assert_string_equal(e->zaak_indiener, "zaak-1");
    assert_null(e->zaak_raad);
}

#define NOTIFICATIE(status, ambtshalve, other)                                                     \
    "<JZ:notificatieDi01" NAMESPACES ">" HEADER("Di01",                                            \
        "notificatieDi01") "<JZ:object>"                                                           \
                           "<ZKN:identificatie>raad-1</"                                           \
                           "ZKN:identificatie><StUF:extraElementen>" EXTRA("indicatieAmbtshalve",  \
                               ambtshalve) "</StUF:extraElementen>"                                \
                                           "<ZKN:heeft><ZKN:gerelateerde><ZKN:"                    \
                                           "omschrijving>" status "</ZKN:omschrijving>"            \
                                           "</ZKN:gerelateerde></ZKN:heeft>" other                 \
                                           "</JZ:object></JZ:notificatieDi01>"
#define OTHER                                                                                      \
    "<ZKN:heeftBetrekkingOpAndere><ZKN:gerelateerde><ZKN:identificatie>vto-1</ZKN:identificatie>"  \
    "</ZKN:gerelateerde></ZKN:heeftBetrekkingOpAndere>"

static void the_variant_of_a_notificatie_is_derived(void **state)
{
    static const struct {
        const char *text;
        enum corv_variant variant;
    } rows[] = {
        {NOTIFICATIE("Intake afgerond", "false", OTHER), CORV_VARIANT_INTAKE_AFGEROND},
        {NOTIFICATIE("Onderzoek afgerond", "false", OTHER), CORV_VARIANT_ONDERZOEK_AFGEROND},
        {NOTIFICATIE("Zaak afgerond", "false", OTHER), CORV_VARIANT_ZAAK_AFGEROND},
        {NOTIFICATIE("Intake afgerond", "true", ""), CORV_VARIANT_AMBTSHALVE_GESTART},
        {NOTIFICATIE("Onderzoek afgerond", "true", ""), CORV_VARIANT_AMBTSHALVE_AFGEROND},
        {NOTIFICATIE("Zaak afgerond", "true", ""), CORV_VARIANT_ZAAK_AFGEROND},
        /* somebody filed it after all: they get their answer */
        {NOTIFICATIE("Intake afgerond", "true", OTHER), CORV_VARIANT_INTAKE_AFGEROND},
        {NOTIFICATIE("Intake afgerond", "false", ""), CORV_VARIANT_INTAKE_AFGEROND},
        {NOTIFICATIE("Anders", "true", ""), CORV_VARIANT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(envelope_of(rows[i].text)->variant, rows[i].variant);
    assert_string_equal(envelope_of(rows[0].text)->zaak_indiener, "vto-1");
    assert_string_equal(envelope->zaak_raad, "raad-1");
}

/* A message of the kind with the case number where that kind keeps the filer's. */
#define SAYS(root, object) "<JZ:" root NAMESPACES "><JZ:object>" object "</JZ:object></JZ:" root ">"
#define ID(ns, value)      "<" ns ":identificatie>" value "</" ns ":identificatie>"
#define KENMERK            "<ZKN:kenmerk><ZKN:kenmerk>filer</ZKN:kenmerk></ZKN:kenmerk>"
#define VT_NUMBER          "<JZ:identificatieVtMelding>filer</JZ:identificatieVtMelding>"
#define ASKED              "<JZ:verzoekidentificatie>filer</JZ:verzoekidentificatie>"
#define RELATED(inside)                                                                            \
    "<ZKN:naarAanleidingVan><ZKN:gerelateerde>" inside "</ZKN:gerelateerde></"                     \
    "ZKN:naarAanleidingVan>"
#define OTHER_CASE(value)                                                                          \
    "<ZKN:heeftBetrekkingOpAndere><ZKN:gerelateerde>" ID(                                          \
        "ZKN", value) "</ZKN:gerelateerde></ZKN:heeftBetrekkingOpAndere>"

static void each_kind_has_its_case_numbers(void **state)
{
    static const struct {
        const char *text;
        const char *filer;
        const char *answerer;
        enum corv_kind opened_by;
    } rows[] = {
        {SAYS("vtoDi01", ID("ZKN", "filer") OTHER_CASE("raad")), "filer", "raad", CORV_KIND_VTO},
        {SAYS("vtoDi01", ""), NULL, NULL, CORV_KIND_VTO},
        {SAYS("notificatieDi01", ID("ZKN", "raad") OTHER_CASE("filer")), "filer", "raad",
            CORV_KIND_VTO},
        {SAYS("notificatieDi01", ID("ZKN", "raad")), NULL, "raad", CORV_KIND_VTO},
        {SAYS("notificatiejrDi01", ID("ZKN", "om") OTHER_CASE("x")), NULL, NULL,
            CORV_KIND_NOTIFICATIEJR},
        {SAYS("zorgmeldingDi01", KENMERK), "filer", NULL, CORV_KIND_ZORGMELDING},
        {SAYS("zorgmeldingTerugkoppelingDi01", KENMERK ID("ZKN", "own")), "filer", "own",
            CORV_KIND_ZORGMELDING},
        {SAYS("vtMeldingDi01", VT_NUMBER), "filer", NULL, CORV_KIND_VT_MELDING},
        {SAYS("vtTerugkoppelingDi01", ID("ZKN", "vt") RELATED(VT_NUMBER)), "filer", "vt",
            CORV_KIND_VT_MELDING},
        {SAYS("vcobDi01", ID("JZ", "filer")), "filer", NULL, CORV_KIND_VCOB},
        {SAYS("ucobDi01", ID("JZ", "own") ASKED), "filer", "own", CORV_KIND_VCOB},
        {SAYS("vciDi01", ID("JZ", "filer")), "filer", NULL, CORV_KIND_VCI},
        {SAYS("uciDi01", ID("JZ", "own") ASKED), "filer", "own", CORV_KIND_VCI},
        {SAYS("meldingGeneriekDi01", ID("ZKN", "filer")), "filer", NULL,
            CORV_KIND_MELDING_GENERIEK},
        {SAYS("uitkomstMeldingGeneriekDi01",
             ID("ZKN", "own") "<JZ:uwIdentificatie>filer</JZ:uwIdentificatie>"),
            "filer", "own", CORV_KIND_MELDING_GENERIEK},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct corv_envelope *e = envelope_of(rows[i].text);

        assert_int_equal(e->case_kind, rows[i].opened_by);
        assert_true(e->zaak_indiener ? rows[i].filer && !strcmp(e->zaak_indiener, rows[i].filer)
                                     : !rows[i].filer);
        assert_true(e->zaak_raad ? rows[i].answerer && !strcmp(e->zaak_raad, rows[i].answerer)
                                 : !rows[i].answerer);
    }
    assert_int_equal(envelope_of(BV03)->case_kind, CORV_KIND_BV03);
}

#define NOBODY "<BG:geslachtsnaam>x</BG:geslachtsnaam>"

static void every_object_and_only_the_young_are_children(void **state)
{
    const struct corv_envelope *e =
        envelope_of("<JZ:ucobDi01" NAMESPACES "><JZ:object><JZ:identificatie>a</JZ:identificatie>"
                    "<JZ:verzoekidentificatie>v</JZ:verzoekidentificatie><JZ:heeftBetrekkingOp>"
                    "<ZKN:gerelateerde><ZKN:natuurlijkPersoon>" NOBODY "</ZKN:natuurlijkPersoon>"
                    "</ZKN:gerelateerde></JZ:heeftBetrekkingOp></JZ:object><JZ:object>"
                    "<JZ:identificatie>b</JZ:identificatie><JZ:heeftBetrekkingOp><ZKN:gerelateerde>"
                    "<ZKN:natuurlijkPersoon>" NOBODY "</ZKN:natuurlijkPersoon></ZKN:gerelateerde>"
                    "</JZ:heeftBetrekkingOp></JZ:object></JZ:ucobDi01>");

    (void)state;
    assert_int_equal(e->children_count, 2);
    assert_string_equal(e->zaak_indiener, "v");
    assert_string_equal(e->zaak_raad, "a");
    e = envelope_of(
        "<JZ:vtMeldingDi01" NAMESPACES "><JZ:object><JZ:betreft><JZ:gerelateerde>"
        "<JZ:heeftBetrokken><JZ:gerelateerde>" NOBODY "</JZ:gerelateerde>"
        "<JZ:jeugzorgrol>ouder met gezag</JZ:jeugzorgrol></JZ:heeftBetrokken>"
        "<JZ:heeftBetrokken><JZ:gerelateerde>" NOBODY "<BG:formeelVerblijfadresBinnenland>"
        "<BG:wpl.woonplaatsNaam>Proefdorp</BG:wpl.woonplaatsNaam>"
        "</BG:formeelVerblijfadresBinnenland></JZ:gerelateerde>"
        "<JZ:jeugzorgrol>jeugdige</JZ:jeugzorgrol></JZ:heeftBetrokken></JZ:gerelateerde>"
        "</JZ:betreft></JZ:object></JZ:vtMeldingDi01>");
    assert_int_equal(e->children_count, 1);
    assert_string_equal(e->children[0].woonplaats, "Proefdorp");
}

static void the_gemeente_is_read_where_it_exists(void **state)
{
    const struct corv_envelope *e =
        envelope_of("<JZ:meldingGeneriekDi01" NAMESPACES "><JZ:object><ZKN:heeftBetrekkingOp>"
                    "<ZKN:gerelateerde><ZKN:natuurlijkPersoon><BG:inp.gemeenteVanInschrijving>9901"
                    "</BG:inp.gemeenteVanInschrijving></ZKN:natuurlijkPersoon></ZKN:gerelateerde>"
                    "</ZKN:heeftBetrekkingOp></JZ:object></JZ:meldingGeneriekDi01>");

    (void)state;
    assert_int_equal(e->children_count, 1);
    assert_string_equal(e->children[0].gemeentecode, "9901");
    assert_null(e->children[0].woonplaats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_header_is_read, cleared),
        cmocka_unit_test_teardown(values_are_whole_whatever_stands_between, cleared),
        cmocka_unit_test_teardown(nil_is_no_value, cleared),
        cmocka_unit_test_teardown(a_path_finds_all_its_matches_in_order, cleared),
        cmocka_unit_test_teardown(urgent_is_read_under_both_names, cleared),
        cmocka_unit_test_teardown(an_unborn_child_lives_where_its_mother_lives, cleared),
        cmocka_unit_test_teardown(a_case_number_that_is_nil_is_absent, cleared),
        cmocka_unit_test_teardown(the_variant_of_a_notificatie_is_derived, cleared),
        cmocka_unit_test_teardown(each_kind_has_its_case_numbers, cleared),
        cmocka_unit_test_teardown(every_object_and_only_the_young_are_children, cleared),
        cmocka_unit_test_teardown(the_gemeente_is_read_where_it_exists, cleared),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
