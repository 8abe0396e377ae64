/* SPDX-License-Identifier: EUPL-1.2 */
/* A pack that cannot work is refused when it is read, with file and reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "schemas/rule.h"

#define HEAD                                                                                       \
    "<rulepack xmlns='urn:corvd:rules:1' id='p' version='1' date='2026-01-01' for='x'>"            \
    "<source id='corvd'>s</source><list name='l'><item>b</item><item>a</item></list>"              \
    "<let name='v' kinds='vtoDi01'>JZ:object</let>"
#define RULE_OF(id, kinds, each)                                                                   \
    "<rule id='" id "' kinds='" kinds "' severity='error' mode='enforce' from='2026-01-01'"        \
    " article='corvd 1' who='behandelaar'>" each "<text>t</text><action>a</action></rule>"
#define EACH(select, test) "<each select=\"" select "\" test=\"" test "\"/>"
#define RULE(each)         RULE_OF("r", "vtoDi01", each)
#define TAIL               "</rulepack>"

static corv_rc load(const char *text, struct corv_rules **rules, struct corv_fault *fault)
{
    const struct corv_embedded files[] = {
        {"p.xml", (const unsigned char *)text, strlen(text)}, {NULL, NULL, 0}};

    *fault = (struct corv_fault){0};
    return corv_rules_new(files, rules, fault);
}

static void a_good_pack_is_read(void **state)
{
    struct corv_rules *rules = NULL;
    struct corv_fault fault;
    const struct corv_rule *r;
    const struct corv_rule_list *list;

    (void)state;
    if (load(HEAD RULE(EACH("$v", "in-lijst(., 'l')")) TAIL, &rules, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    r = corv_rule_by_code(corv_rules_pack(rules), "rule.r");
    assert_non_null(r);
    assert_int_equal(r->from, 20260101);
    assert_int_equal(r->who, CORV_ACT_BEHANDELAAR);
    assert_int_equal(r->mode, CORV_RULE_ENFORCE);
    assert_int_equal(r->kinds, 1u << CORV_KIND_VTO);
    list = corv_rule_list_by_name(corv_rules_pack(rules), corv_view_str("l"));
    assert_non_null(list);
    assert_true(corv_rule_in_list(list, corv_view_str("a")));
    assert_true(corv_rule_in_list(list, corv_view_of("abc", 1)));
    assert_false(corv_rule_in_list(list, corv_view_str("")));
    assert_false(corv_rule_in_list(list, corv_view_str("aa")));
    assert_false(corv_rule_in_list(list, corv_view_str("c")));
    assert_null(corv_rule_list_by_name(corv_rules_pack(rules), corv_view_str("m")));
    assert_null(corv_rule_by_code(corv_rules_pack(rules), "rule.q"));
    corv_rules_free(rules);
}

static void a_bad_pack_is_refused_with_a_reason(void **state)
{
    static const struct {
        const char *text;
        const char *reason; /* part of the fault's text */
    } rows[] = {
        {"", "well-formed"},
        {"<rulepack", "well-formed"},
        {"<rulepack/>", "not a rule pack"},
        {"<rules xmlns='urn:corvd:rules:1'/>", "no rulepack"},
        {"<rulepack xmlns='urn:corvd:rules:1' id='p' version='1' for='x'/>", "rulepack without"},
        {HEAD "<regel/>" TAIL, "unknown element"},
        {HEAD RULE_OF("r", "vtoDi02", EACH("$v", "true()")) TAIL, "wrong kinds"},
        {HEAD RULE("") TAIL, "without each"},
        {HEAD RULE("<each select='$v'/>") TAIL, "select or test"},
        {HEAD RULE("<each select='$v' test='1' kinds='vcobDi01'/>") TAIL, "wrong kinds"},
        {HEAD RULE(EACH("$v", "true()")) RULE(EACH("$v", "true()")) TAIL, "used before"},
        {HEAD RULE(EACH("$v[", "true()")) TAIL, "no expression"},
        {HEAD RULE(EACH("$v", "1 +")) TAIL, "no expression"},
        {HEAD RULE(EACH("$w", "true()")) TAIL, "no such variable for all its kinds: w"},
        {HEAD RULE_OF("r", "vtoDi01 vcobDi01", EACH("$v", "true()")) TAIL, "no such variable"},
        {HEAD RULE(EACH("$v", "true() or proef(.)")) TAIL, "no such function: proef"},
        {HEAD RULE(EACH("$v", "in-lijst(., 'm')")) TAIL, "cannot be evaluated"},
        {HEAD RULE(EACH("'x'", "true()")) TAIL, "no nodes"},
        {HEAD RULE(EACH("$v", "gevuld('x')")) TAIL, "no expression"},
        {HEAD RULE(EACH("$v", "waarde()")) TAIL, "no expression"},
        {HEAD "<let name='w' kinds='vtoDi01'>$u</let>" TAIL, "no such variable"},
        {HEAD "<let name='w' kinds='vtoDi01'>'x'</let>" TAIL, "no nodes"},
        {HEAD "<list name='q'/>" TAIL, "list without"},
        {HEAD "<rule id='r' kinds='*' severity='error' mode='enforce' from='1 mei'"
              " article='corvd' who='behandelaar'><each select='.' test='1'/><text>t</text>"
              "<action>a</action></rule>" TAIL,
            "good from"},
        {HEAD "<rule id='r' kinds='*' severity='error' mode='enforce' from='2026-01-01'"
              " article='elders' who='behandelaar'><each select='.' test='1'/><text>t</text>"
              "<action>a</action></rule>" TAIL,
            "no known source"},
        {HEAD "<rule id='r' kinds='*' severity='erg' mode='enforce' from='2026-01-01'"
              " article='corvd' who='behandelaar'/>" TAIL,
            "severity"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct corv_rules *rules = NULL;
        struct corv_fault fault;

        if (load(rows[i].text, &rules, &fault) == CORV_OK)
            fail_msg("row %zu was accepted", i);
        assert_null(rules);
        assert_int_equal(fault.cls, CORV_FAULT_SETTINGS);
        if (!strstr(fault.text, rows[i].reason))
            fail_msg("row %zu: %s", i, fault.text);
    }
}

static void texts_stay_clean(void **state)
{
    struct corv_rule_pack *pack = NULL;
    struct corv_fault fault = {0};

    (void)state;
    if (corv_rule_pack_read(corv_embedded_rules, &pack, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    for (size_t i = 0; i < pack->rules_count; i++) {
        const struct corv_rule *r = &pack->rules[i];

        if (strchr(r->text, '%') || r->text[strlen(r->text) - 1] != '.')
            fail_msg("%s: %s", r->id, r->text);
        if (r->severity == CORV_SEV_WARNING && r->mode == CORV_RULE_ENFORCE)
            fail_msg("%s: a warning has nothing to enforce", r->id);
    }
    corv_rule_pack_free(pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_pack_is_read),
        cmocka_unit_test(a_bad_pack_is_refused_with_a_reason),
        cmocka_unit_test(texts_stay_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
