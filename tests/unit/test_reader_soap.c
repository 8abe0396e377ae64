/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "schemas/soap.h"

#define ENVELOPE "<s:Envelope xmlns:s=\"" CORV_NS_SOAP "\" xmlns:h=\"urn:h\">"
#define END      "</s:Envelope>"

static const struct {
    const char *text;
    const char *code; /* NULL: a message is found */
    bool soap;
} rows[] = {
    {"<m/>", NULL, false},
    {ENVELOPE "<s:Body><m/></s:Body>" END, NULL, true},
    {ENVELOPE " <s:Header/>\n<s:Body> <!-- x --> <m/>\n</s:Body> " END, NULL, true},
    {ENVELOPE "<s:Header><h:a/></s:Header><s:Body><m/></s:Body>" END, NULL, true},
    {ENVELOPE "<s:Header><h:a s:mustUnderstand=\"0\"/></s:Header><s:Body><m/></s:Body>" END, NULL,
        true},
    {ENVELOPE "<s:Header><h:a mustUnderstand=\"1\"/></s:Header><s:Body><m/></s:Body>" END, NULL,
        true},
    {ENVELOPE "<s:Header><h:a s:mustUnderstand=\"1\"/></s:Header><s:Body><m/></s:Body>" END,
        "schema.soap-must-understand", true},
    {ENVELOPE "<s:Header><h:a s:mustUnderstand=\"yes\"/></s:Header><s:Body><m/></s:Body>" END,
        "schema.soap-must-understand", true},
    {ENVELOPE "<s:Body><m/></s:Body><s:Body/>" END, "schema.soap-structure", true},
    {ENVELOPE "<s:Body><m/></s:Body><s:Header/>" END, "schema.soap-structure", true},
    {ENVELOPE "<s:Header/><s:Header/><s:Body><m/></s:Body>" END, "schema.soap-structure", true},
    {ENVELOPE "<s:Body><m/></s:Body><h:x/>" END, "schema.soap-structure", true},
    {ENVELOPE "<s:Header><m/></s:Header>" END, "schema.soap-structure", true},
    {ENVELOPE "<s:Header><m/></s:Header><s:Body/>" END, "schema.soap-body", true},
    {ENVELOPE "<s:Body><m/><m/></s:Body>" END, "schema.soap-body", true},
    {ENVELOPE "<s:Body>text<m/></s:Body>" END, "schema.soap-body", true},
    {ENVELOPE "<s:Body><m/>text</s:Body>" END, "schema.soap-body", true},
};

static void each_row_gets_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_document d;
        struct corv_findings f;
        xmlNodePtr message = NULL;
        bool soap = false;

        corv_findings_init(&f);
        assert_int_equal(
            corv_document_read(corv_view_str(rows[i].text), &corv_read_limits_default, &d, &f),
            CORV_OK);

        corv_rc rc = corv_soap_message(&d, &message, &soap, &f);

        assert_int_equal(soap, rows[i].soap);
        if (rows[i].code) {
            assert_int_equal(rc, CORV_E_INVALID);
            assert_int_equal(f.count, 1);
            assert_string_equal(f.list[0].code, rows[i].code);
        } else {
            assert_int_equal(rc, CORV_OK);
            assert_string_equal(message->name, "m");
        }
        corv_document_free(&d);
        corv_findings_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_gets_its_answer),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
