/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of answers: every row complete, every problem+json as the golden file says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/answer.h"
#include "golden.h"

static bool sentence(const char *text)
{
    size_t n = strlen(text);

    return n > 10 && (text[n - 1] == '.' || text[n - 1] == '?') && !strchr(text, '%');
}

static void every_code_is_well_made(void **state)
{
    (void)state;
    for (size_t i = 0; corv_code_at(i); i++) {
        const struct corv_code *row = corv_code_at(i);

        assert_ptr_equal(corv_code_find(row->code), row); /* no code twice */
        assert_true(strlen(row->code) < sizeof((struct corv_finding *)0)->code);
        assert_true(
            strspn(row->code, "abcdefghijklmnopqrstuvwxyz0123456789.-*") == strlen(row->code));
        assert_true(row->answer < CORV_ANSWERS);
        if (!sentence(row->text))
            fail_msg("%s: no sentence: %s", row->code, row->text);
    }
}

static void every_answer_is_well_made(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CORV_ANSWERS; i++) {
        const struct corv_answer *a = corv_answer_get(i);
        bool stuf = a->way == CORV_WAY_ALL || a->way == CORV_WAY_LATER;
        bool used = false;

        assert_true(strlen(a->stuf) <= 7);
        assert_int_equal(stuf, a->stuf[0] != '\0');
        assert_true(!stuf || strcmp(a->plek, "client") == 0 || strcmp(a->plek, "server") == 0);
        assert_int_equal(a->status == 0, a->way == CORV_WAY_LATER);
        assert_true(sentence(corv_next_text(a->next)));
        for (size_t k = 0; corv_code_at(k); k++)
            used = used || corv_code_at(k)->answer == i;
        if (!used)
            fail_msg("no code has the answer %s", a->name);
    }
}

static void unknown_codes_are_ours_and_rules_are_rules(void **state)
{
    (void)state;
    assert_string_equal(corv_code_find("rule.bsn-elfproef")->code, "rule.*");
    assert_string_equal(corv_code_find("nobody.knows")->code, "message.internal");
    assert_string_equal(corv_code_find("")->code, "message.internal");
}

static void add(struct corv_findings *f, enum corv_severity severity, const char *code)
{
    struct corv_finding one = {.severity = severity};

    (void)snprintf(one.code, sizeof one.code, "%s", code);
    corv_findings_add(f, &one);
}

static void the_first_row_decides_not_the_first_finding(void **state)
{
    struct corv_findings a;
    struct corv_findings b;

    (void)state;
    corv_findings_init(&a);
    corv_findings_init(&b);
    assert_null(corv_findings_decisive(NULL, &a));
    add(&a, CORV_SEV_WARNING, "well-formed.utf8");
    assert_null(corv_findings_decisive(&a, &b));
    add(&b, CORV_SEV_ERROR, "addressing.recipient-unknown");
    add(&b, CORV_SEV_ERROR, "addressing.no-mandate");
    add(&b, CORV_SEV_ERROR, "addressing.kind-not-allowed");
    assert_string_equal(corv_findings_decisive(&a, &b)->code, "addressing.no-mandate");
    assert_int_equal(corv_problem_status(&(struct corv_problem){.a = &a, .b = &b}), 403);
    add(&a, CORV_SEV_ERROR, "schema.pattern");
    assert_int_equal(corv_problem_status(&(struct corv_problem){.a = &a, .b = &b}), 422);
    corv_findings_free(&a);
    corv_findings_free(&b);
}

static void every_code_as_a_problem(void **state)
{
    struct corv_buf all;

    (void)state;
    corv_buf_init(&all, 1u << 20);
    for (size_t i = 0; corv_code_at(i); i++) {
        struct corv_problem p = {.code = corv_code_at(i)->code};
        struct corv_buf b;

        if (corv_problem_status(&p) < 400)
            continue;
        corv_problem_write(&b, &p);
        assert_false(b.failed);
        assert_int_equal(corv_buf_add(&all, b.p, b.n), CORV_OK);
        corv_buf_free(&b);
    }
    same_as_golden("problems.txt", &all);
    corv_buf_free(&all);
}

/* Whatever a name in a path was: the object stays JSON. */
static void findings_stay_json(void **state)
{
    struct corv_findings f;
    struct corv_finding one = {.layer = CORV_LAYER_RULE,
        .actor = CORV_ACT_BEHANDELAAR,
        .line = 12,
        .column = 3,
        .code = "rule.bsn-elfproef",
        .path = "/JZ:vtoDi01/\"x\\y\"\n\x7f\xff\xc3",
        .text = "Zin met een \xe2\x82\xac.",
        .article = "testset BSN"};
    struct corv_buf b;

    (void)state;
    corv_findings_init(&f);
    for (int i = 0; i < CORV_FINDINGS_MAX + 3; i++)
        corv_findings_add(&f, &one);
    corv_problem_write(&b, &(struct corv_problem){.code = "message.internal", .id = "x", .a = &f});

    json_t *root = json_loadb(b.p, b.n, 0, NULL);

    assert_non_null(root);
    json_t *said = json_array_get(json_object_get(root, "findings"), 99);
    assert_int_equal(json_array_size(json_object_get(root, "findings")), 100);
    assert_int_equal(json_integer_value(json_object_get(root, "notShown")), 3);
    assert_int_equal(json_integer_value(json_object_get(root, "status")), 422);
    assert_string_equal(json_string_value(json_object_get(root, "stuf")), "StUF055");
    assert_string_equal(json_string_value(json_object_get(root, "who")), "behandelaar");
    assert_string_equal(json_string_value(json_object_get(said, "article")), "testset BSN");
    assert_int_equal(json_integer_value(json_object_get(said, "line")), 12);
    assert_string_equal(json_string_value(json_object_get(said, "path")),
        "/JZ:vtoDi01/\"x\\y\"\n\x7f\xef\xbf\xbd\xef\xbf\xbd");
    json_decref(root);
    corv_buf_free(&b);
    corv_findings_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_well_made),
        cmocka_unit_test(every_answer_is_well_made),
        cmocka_unit_test(unknown_codes_are_ours_and_rules_are_rules),
        cmocka_unit_test(the_first_row_decides_not_the_first_finding),
        cmocka_unit_test(every_code_as_a_problem),
        cmocka_unit_test(findings_stay_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
