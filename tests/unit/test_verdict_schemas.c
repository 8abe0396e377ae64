/* SPDX-License-Identifier: EUPL-1.2 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <libxml/parser.h>

#include "schemas/schema_set.h"
#include "test_verdict_messages.h"

#define XS "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'"

static const struct corv_schema_file *no_files;

static corv_rc compile(const struct corv_schema_file *files, size_t count, const char *entry,
    struct corv_schemas **out, struct corv_fault *fault)
{
    struct corv_schema_bundle b = {files, count, {0}};

    b.entry[CORV_FAMILY_JR] = entry;
    *fault = (struct corv_fault){0};
    return corv_schemas_compile(&b, out, fault);
}

static void our_own_schemas_compile_and_are_shared_between_families(void **state)
{
    struct corv_schemas *s = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(corv_schemas_new(&s, &fault), CORV_OK);
    assert_non_null(corv_schemas_for(s, CORV_FAMILY_JR));
    assert_ptr_equal(corv_schemas_for(s, CORV_FAMILY_JR), corv_schemas_for(s, CORV_FAMILY_STUF));
    assert_non_null(corv_schemas_for(s, CORV_FAMILY_OWN));
    assert_null(corv_schemas_for(s, CORV_FAMILY_NONE));
    assert_null(corv_schemas_for(s, CORV_FAMILY_COUNT));
    corv_schemas_free(s);
    corv_schemas_free(NULL);
}

static void includes_find_each_other_by_path(void **state)
{
    const struct corv_schema_file files[] = {
        {"msg/a.xsd", corv_view_str(XS "><xs:include schemaLocation='../ent/b.xsd'/>"
                                       "<xs:element name='a' type='t'/></xs:schema>")},
        {"ent/b.xsd", corv_view_str(XS "><xs:include schemaLocation='c.xsd'/></xs:schema>")},
        {"ent/c.xsd", corv_view_str(XS "><xs:simpleType name='t'><xs:restriction base='xs:string'/>"
                                       "</xs:simpleType></xs:schema>")},
        {"c.xsd", corv_view_str("not this one")},
    };
    struct corv_schemas *s;
    struct corv_fault fault;

    (void)state;
    assert_int_equal(compile(files, 4, "msg/a.xsd", &s, &fault), CORV_OK);
    assert_non_null(corv_schemas_for(s, CORV_FAMILY_JR));
    assert_null(corv_schemas_for(s, CORV_FAMILY_VT));
    corv_schemas_free(s);
}

static void a_bad_bundle_is_refused_with_file_and_reason(void **state)
{
    static const char *const bad[] = {
        "<not xml",
        "<a/>",
        XS "><xs:element name='a' type='unknown'/></xs:schema>",
        XS "><xs:include schemaLocation='absent.xsd'/></xs:schema>",
        XS "><xs:include schemaLocation='file:///etc/passwd'/></xs:schema>",
        XS "><xs:include schemaLocation='http://127.0.0.1:9/x.xsd'/></xs:schema>",
        XS "><xs:include schemaLocation='../../../../etc/passwd'/></xs:schema>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" XS
        "><xs:element name='a' type='b'/></xs:schema>",
    };
    struct corv_schemas *s;
    struct corv_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct corv_schema_file file = {"a.xsd", corv_view_str(bad[i])};

        assert_int_equal(compile(&file, 1, "a.xsd", &s, &fault), CORV_E_INVALID);
        assert_null(s);
        assert_int_equal(fault.cls, CORV_FAULT_SETTINGS);
        assert_string_equal(fault.code, "schema.compile");
        if (!strstr(fault.text, ".xsd"))
            fail_msg("%zu: %s", i, fault.text);
    }
    assert_int_equal(compile(no_files, 0, "a.xsd", &s, &fault), CORV_E_INVALID);
}

/* Once corv_schemas_init was called libxml2 opens nothing in this process, for anybody. */
static void nothing_is_loaded_from_files(void **state)
{
    (void)state;
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();

    assert_non_null(ctxt);
    assert_null(xmlLoadExternalEntity("/proc/self/status", NULL, ctxt));
    assert_null(xmlLoadExternalEntity("file:///proc/self/status", NULL, ctxt));
    assert_null(xmlLoadExternalEntity("corv:///corv.xsd", NULL, ctxt)); /* nothing compiles now */
    xmlFreeParserCtxt(ctxt);
    xmlResetLastError();
}

static void a_set_without_the_family_says_so(void **state)
{
    const struct corv_schema_file file = {
        "a.xsd", corv_view_str(XS "><xs:element name='a'/></xs:schema>")};
    struct corv_schemas *s;
    struct corv_fault fault;
    struct corv_verdict v;

    (void)state;
    assert_int_equal(compile(&file, 1, "a.xsd", &s, &fault), CORV_OK);
    assert_int_equal(corv_verdict_of(s, corv_view_str(BV03), NULL, &v), CORV_OK);
    assert_false(v.valid);
    assert_int_equal(v.kind, CORV_KIND_BV03);
    assert_string_equal(v.findings.list[0].code, "schema.not-available");
    assert_int_equal(v.findings.list[0].actor, CORV_ACT_BEHEERDER);
    corv_verdict_free(&v);
    corv_schemas_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_schemas_compile_and_are_shared_between_families),
        cmocka_unit_test(includes_find_each_other_by_path),
        cmocka_unit_test(a_bad_bundle_is_refused_with_file_and_reason),
        cmocka_unit_test(nothing_is_loaded_from_files),
        cmocka_unit_test(a_set_without_the_family_says_so),
    };

    corv_schemas_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
