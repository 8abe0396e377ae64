/* SPDX-License-Identifier: EUPL-1.2 */
/* Fo01 and Fo03: each row of the table as the golden file says, valid by our own verdict, and many
 * findings cut at a whole one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "daemon/stuf_fault.h"
#include "golden.h"
#include "schemas/verdict.h"

static struct corv_schemas *schemas;
static const struct corv_id id = {{2}};

static struct corv_stuf_fault example(const char *code, bool waits)
{
    return (struct corv_stuf_fault){.waits = waits,
        .own_oin = "00000099999000900000",
        .own_application = "corvd",
        .org = "00000099999000106000",
        .app = "jza & co",
        .adm = "",
        .crossref = "REF<1>",
        .id = &id,
        .now_us = 1767222000000000,
        .code = code};
}

static void is_valid(const struct corv_buf *b, bool waits)
{
    struct corv_verdict v;

    assert_int_equal(corv_verdict_of(schemas, corv_buf_view(b), NULL, &v), CORV_OK);
    if (!v.valid)
        fail_msg("not valid: %s %s\n%s", v.findings.list[0].code, v.findings.list[0].text, b->p);
    assert_int_equal(v.kind, waits ? CORV_KIND_FO03 : CORV_KIND_FO01);
    corv_verdict_free(&v);
}

static void every_code_as_a_fault(void **state)
{
    struct corv_buf all;

    (void)state;
    corv_buf_init(&all, 4u << 20);
    for (size_t i = 0; corv_code_at(i); i++)
        for (int waits = 0; waits < 2; waits++) {
            const struct corv_answer *a = corv_answer_get(corv_code_at(i)->answer);
            struct corv_stuf_fault f = example(corv_code_at(i)->code, waits);
            struct corv_buf b;
            corv_rc rc = corv_stuf_fault_write(&f, &b);

            assert_int_equal(rc, a->stuf[0] ? CORV_OK : CORV_E_STATE);
            if (rc == CORV_OK) {
                is_valid(&b, waits);
                /* the sentence and what to do next both fit */
                assert_non_null(strstr(b.p, corv_next_text(a->next)));
                const char *body = strstr(b.p, "<StUF:body>");
                assert_int_equal(corv_buf_addf(&all, "%s %s %s", waits ? "Fo03" : "Fo01",
                                     corv_code_at(i)->code, body),
                    CORV_OK);
            }
            corv_buf_free(&b);
        }
    same_as_golden("faults.txt", &all);
    corv_buf_free(&all);
}

static void the_whole_of_one(void **state)
{
    struct corv_findings f;
    struct corv_stuf_fault fault = example("message.internal", true);
    struct corv_buf b;

    (void)state;
    corv_findings_init(&f);
    corv_findings_addf(&f, CORV_LAYER_SCHEMA, CORV_ACT_BEHANDELAAR, "schema.pattern", 31,
        "/JZ:vtoDi01/BG:inp.bsn", "De waarde van BG:inp.bsn heeft niet de juiste vorm.");

    struct corv_finding rule = {.layer = CORV_LAYER_RULE,
        .actor = CORV_ACT_LEVERANCIER,
        .code = "rule.clientvolgnummer-dubbel",
        .text = "Een clientvolgnummer staat er twee keer.",
        .article = "koppelvlak A3.2"};

    corv_findings_add(&f, &rule);
    rule.severity = CORV_SEV_WARNING;
    corv_findings_add(&f, &rule); /* a warning is no reason for a refusal */
    fault.a = &f;
    assert_int_equal(corv_stuf_fault_write(&fault, &b), CORV_OK);
    is_valid(&b, true);
    same_as_golden("fo03.xml", &b);
    corv_buf_free(&b);
    corv_findings_free(&f);
}

/* A message that could not be read has no reference and nobody to answer to. */
static void a_fault_about_nothing_readable(void **state)
{
    struct corv_stuf_fault f = example("well-formed.truncated", true);
    struct corv_buf b;

    (void)state;
    f.org = f.app = f.adm = f.crossref = NULL;
    assert_int_equal(corv_stuf_fault_write(&f, &b), CORV_OK);
    is_valid(&b, true);
    assert_non_null(strstr(b.p, "<StUF:crossRefnummer></StUF:crossRefnummer>"));
    corv_buf_free(&b);
}

static size_t characters_of_details(const struct corv_buf *b, char *text, size_t size)
{
    const char *from = strstr(b->p, "<StUF:details>") + strlen("<StUF:details>");
    const char *to = strstr(from, "</StUF:details>");
    size_t n = 0;

    assert_true((size_t)(to - from) < size);
    memcpy(text, from, (size_t)(to - from));
    text[to - from] = '\0';
    for (const char *p = text; *p; p++)
        n += ((unsigned char)*p & 0xc0) != 0x80;
    return n;
}

/* Sentences of every length, of characters of more than one byte: never over the limit, never half
 * a finding, and every error either told or counted. */
static void many_findings_are_cut_at_a_whole_one(void **state)
{
    (void)state;
    for (size_t length = 1; length < 250; length += 7) {
        struct corv_findings f;
        struct corv_finding one = {.code = "schema.value"};
        struct corv_stuf_fault fault = example("message.internal", false);
        char text[8000];
        struct corv_buf b;
        size_t told = 0;
        size_t more = 0;

        corv_findings_init(&f);
        for (size_t i = 0; i + 2 < length; i += 2)
            memcpy(one.text + i, "\xc3\xab", 2);
        for (int i = 0; i < 120; i++)
            corv_findings_add(&f, &one);
        fault.b = &f;
        fault.note = "bericht x";
        assert_int_equal(corv_stuf_fault_write(&fault, &b), CORV_OK);
        is_valid(&b, false);
        assert_true(characters_of_details(&b, text, sizeof text) <= CORV_STUF_DETAILS_MAX);
        for (const char *p = text; (p = strstr(p, "[schema.value; actie: behandelaar]")); p++)
            told++;
        assert_non_null(strstr(text, "\nen nog "));
        more = strtoul(strstr(text, "\nen nog ") + 8, NULL, 10);
        assert_int_equal(told + more, 120);
        assert_true(told >= 2);
        corv_buf_free(&b);
        corv_findings_free(&f);
    }
}

static int open_schemas(void **state)
{
    (void)state;
    corv_schemas_init();
    return corv_schemas_new(&schemas, NULL) == CORV_OK ? 0 : -1;
}

static int close_schemas(void **state)
{
    (void)state;
    corv_schemas_free(schemas);
    return 0;
}

static void a_receipt_is_the_same_each_time(void **state)
{
    const struct corv_stuf_receipt r = {.name = "Bv04",
        .own_oin = "00000099000000009000",
        .own_application = "corvd",
        .org = "00000099000000000001",
        .app = "a & b",
        .adm = "",
        .crossref = "r<1>",
        .id = "0190b4a2-0000-7000-8000-000000000001",
        .stored_us = 1786000000000000};
    struct corv_buf once;
    struct corv_buf again;

    (void)state;
    assert_int_equal(corv_stuf_receipt_write(&r, &once), CORV_OK);
    assert_int_equal(corv_stuf_receipt_write(&r, &again), CORV_OK);
    assert_string_equal(once.p, again.p);
    assert_string_equal(once.p,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<StUF:Bv04Bericht xmlns:StUF=\"http://www.egem.nl/StUF/StUF0301\"><StUF:stuurgegevens>"
        "<StUF:berichtcode>Bv04</StUF:berichtcode><StUF:zender>"
        "<StUF:organisatie>00000099000000009000</StUF:organisatie>"
        "<StUF:applicatie>corvd</StUF:applicatie></StUF:zender><StUF:ontvanger>"
        "<StUF:organisatie>00000099000000000001</StUF:organisatie>"
        "<StUF:applicatie>a &amp; b</StUF:applicatie></StUF:ontvanger>"
        "<StUF:referentienummer>0190b4a2-0000-7000-8000-000000000001</StUF:referentienummer>"
        "<StUF:tijdstipBericht>20260806090640</StUF:tijdstipBericht>"
        "<StUF:crossRefnummer>r&lt;1&gt;</StUF:crossRefnummer>"
        "</StUF:stuurgegevens></StUF:Bv04Bericht>\n");
    corv_buf_free(&once);
    corv_buf_free(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_is_the_same_each_time),
        cmocka_unit_test(every_code_as_a_fault),
        cmocka_unit_test(the_whole_of_one),
        cmocka_unit_test(a_fault_about_nothing_readable),
        cmocka_unit_test(many_findings_are_cut_at_a_whole_one),
    };

    return cmocka_run_group_tests(tests, open_schemas, close_schemas);
}
