/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <stdio.h>

#include "schemas/reader.h"
#include "schemas/xml_path.h"
#include "test_verdict_messages.h"

/* Path of the deepest last element of the text. */
static char *path_in(const char *text, const char *attribute, char out[256])
{
    struct corv_document d;
    struct corv_findings f;
    const xmlNode *node;

    corv_findings_init(&f);
    assert_int_equal(
        corv_document_read(corv_view_str(text), &corv_read_limits_default, &d, &f), CORV_OK);
    node = xmlDocGetRootElement(d.xml);
    while (xmlLastElementChild((xmlNodePtr)node))
        node = xmlLastElementChild((xmlNodePtr)node);
    corv_node_path(node, attribute, out, 256);
    corv_document_free(&d);
    corv_findings_free(&f);
    return out;
}

static void prefixes_are_the_standards_whatever_was_sent(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(
        path_in("<vtoDi01 xmlns='"
                "http://www.stufstandaarden.nl/koppelvlak/jz0100"
                "'>"
                "<z:object xmlns:z='http://www.egem.nl/StUF/sector/zkn/0310'/></vtoDi01>",
            NULL, out),
        "/JZ:vtoDi01/ZKN:object");
    assert_string_equal(path_in("<object><melding xmlns='urn:x'/></object>", "naam", out),
        "/object/?:melding/@naam");
}

static void repeated_elements_have_a_number(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(
        path_in("<object><body/><code/><body/><body><plek/></body></object>", NULL, out),
        "/object/body[3]/plek");
    assert_string_equal(path_in("<object><body/><code/></object>", NULL, out), "/object/code");
}

static void a_soap_envelope_is_not_part_of_the_path(void **state)
{
    char out[256];

    (void)state;
    assert_string_equal(
        path_in(SOAP("", "<JZ:vtoDi01" NAMESPACES "><JZ:object/></JZ:vtoDi01>"), NULL, out),
        "/JZ:vtoDi01/JZ:object");
    assert_string_equal(path_in(SOAP("", ""), NULL, out), "/soap:Envelope/soap:Body");
}

static void a_long_path_keeps_its_end(void **state)
{
    char text[4000], out[256];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 90; i++)
        n +=
            (size_t)snprintf(text + n, sizeof text - n, i < 89 ? "<heeftBetrekkingOp>" : "<code/>");
    for (int i = 0; i < 89; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "</heeftBetrekkingOp>");
    assert_true(n < sizeof text);
    (void)path_in(text, NULL, out);
    assert_int_equal(memcmp(out, ".../heeftBetrekkingOp/", 22), 0);
    assert_string_equal(strrchr(out, '/'), "/code");
}

static void names_that_carry_data_are_not_repeated(void **state)
{
    char out[CORV_NAME_TEXT];

    (void)state;
    assert_string_equal(corv_name_text(corv_view_str(""), corv_view_str("a999990019"), out), "?");
    assert_string_equal(
        corv_name_text(corv_view_str(CORV_NS_BG), corv_view_str("Müller"), out), "BG:?");
    assert_string_equal(
        corv_name_text(corv_view_str(CORV_NS_BG), corv_view_str("inp.bsn"), out), "BG:inp.bsn");
    assert_string_equal(corv_name_text(corv_view_str(""),
                            corv_view_str("Jan-woont-in-de-Dorpsstraat-in-het-huis-naast-de-grote-"
                                          "kerk"),
                            out),
        "?");
    assert_string_equal(corv_clark_name(corv_view_str("{" CORV_NS_JZ "}object"), out), "JZ:object");
    assert_string_equal(corv_clark_name(corv_view_str("naam"), out), "naam");
    assert_string_equal(corv_clark_name(corv_view_str("{a}b}code"), out), "?:code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_the_standards_whatever_was_sent),
        cmocka_unit_test(repeated_elements_have_a_number),
        cmocka_unit_test(a_soap_envelope_is_not_part_of_the_path),
        cmocka_unit_test(a_long_path_keeps_its_end),
        cmocka_unit_test(names_that_carry_data_are_not_repeated),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
