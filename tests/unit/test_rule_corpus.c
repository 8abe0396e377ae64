/* SPDX-License-Identifier: EUPL-1.2 */
/* The pack against the shared corpus: no error in any message that is valid or must be accepted,
 * and in every message of layer rule an error of the rule it was made for.
 * Skipped (77) where the corpus is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <glob.h>
#include <time.h>

#include "schemas/reader.h"
#include "schemas/reference_import.h"
#include "schemas/rule.h"
#include "schemas/soap.h"
#include "schemas/verdict.h"

#include "test_import_support.h"

#define TODAY 20261122 /* all messages of the corpus are older */

static char shared[512];
static struct corv_rules *rules;
static struct corv_reference *reference;

/* What a file of layer rule is about. A file that is not here needs some error. */
static const struct {
    const char *file;
    const char *code;
} expected[] = {
    {"rule-01-", "rule.bsn-elfproef"},
    {"rule-03-", "rule.bsn-elfproef"},
    {"rule-04-", "rule.bsn-nullen"},
    {"rule-06-", "rule.bsn-kinderen-gelijk"},
    {"rule-07-", "rule.bsn-kind-ouder"},
    {"rule-09-", "rule.persoon-meer-in-relatie"},
    {"rule-10-", "rule.kind-ontbreekt"},
    {"rule-12-", "rule.indiener-ontbreekt"},
    {"rule-13-", "rule.formulier"},
    {"rule-15-", "rule.kind-identificatie-notificatie"},
    {"rule-16-", "rule.kind-geslacht"},
    {"rule-18-", "rule.geboortedatum-toekomst"},
    {"rule-19-", "rule.datum-onbestaand"},
    {"rule-21-", "rule.datum-onbestaand"},
    {"rule-22-", "rule.datum-onbestaand"},
    {"rule-24-", "rule.tijdstip-toekomst"},
    {"rule-25-", "rule.referentienummer-leeg"},
    {"rule-27-", "rule.ongeboren-datum-verleden"},
    {"rule-28-", "rule.ongeboren-nummer"},
    {"rule-30-", "rule.ongeboren-moeder-rol"},
    {"rule-31-", "rule.ongeboren-moeder-telefoon"},
    {"rule-33-", "rule.ongeboren-datum"},
    {"rule-34-", "rule.notificatie-moeder"},
    {"rule-36-", "rule.clientvolgnummer-dubbel"},
    {"rule-37-", "rule.clientvolgnummer-ontbreekt"},
    {"rule-39-", "rule.kind-zonder-belanghebbende"},
    {"rule-40-", "rule.belanghebbende-dubbel"},
    {"rule-42-", "rule.geinformeerd-ontbreekt"},
    {"rule-43-", "rule.geinformeerd-waarde"},
    {"rule-45-", "rule.indiener-onbereikbaar"},
    {"rule-46-", "rule.kvk-ontbreekt"},
    {"rule-48-", "rule.formulier"},
    {"rule-49-", "rule.formulier"},
    {"rule-51-", "rule.inhoudstype-ontbreekt"},
    {"rule-52-", "rule.inhoudstype-uitvoerbaar"},
    {"rule-54-", "rule.bijlage-leeg"},
    {"rule-55-", "rule.bestandsnaam"},
    {"rule-57-", "rule.bestandsnaam"},
    {"rule-58-", "rule.bestandsnaam"},
    {"rule-60-", "rule.urgentie-dubbel"},
    {"rule-61-", "rule.zaakdatum-toekomst"},
    {"rule-63-", "rule.ambtshalve-met-vto"},
    {"rule-64-", "rule.notificatie-instantie"},
    {"rule-66-", "rule.instantie-beeindigd"},
    {"rule-67-", "rule.notificatie-zaaknummer"},
    {"rule-69-", "rule.maatregel-einde"},
    {"rule-70-", "rule.extra-hoofdletters"},
    {"rule-72-", "rule.toezicht-alleen-einde"},
    {"rule-73-", "rule.signaaltype"},
    {"rule-75-", "rule.vervolgactie-organisatie"},
    {"rule-76-", "rule.sash-ontbreekt"},
    {"rule-78-", "rule.incident-na-melding"},
    {"rule-79-", "rule.gm-status-soort"},
    {"rule-81-", "rule.gm-vraag-soort"},
    {"rule-82-", "rule.verzoeken-verschillen"},
    {"rule-85-", "rule.foutcode"},
    {"rule-87-", "rule.entiteittype"},
    {"rule-88-", "rule.bijlage-base64"},
};

/* What no rule about one message can see. */
static const struct {
    const char *file;
    const char *reason;
} elsewhere[] = {
    {"rule-84-", "whether a referentienummer was ever sent is known to the store"},
};

static char *slurp(const char *path, size_t *size)
{
    struct corv_buf b;

    corv_buf_init(&b, 64u << 20);
    assert_int_equal(corv_store_slurp(path, 64u << 20, &b), CORV_OK);
    return corv_buf_take(&b, size);
}

static double spent_ms;

/* False when the reader refuses the file. */
static bool judge(const char *path, struct corv_findings *findings)
{
    struct corv_rule_input in = {.today = TODAY, .reference = reference};
    struct corv_document d;
    struct timespec before, after;
    size_t size;
    bool soap, read;
    char *bytes = slurp(path, &size);

    corv_findings_init(findings);
    read = corv_document_read(corv_view_of(bytes, size), &corv_read_limits_default, &d, findings) ==
               CORV_OK &&
           corv_soap_message(&d, &in.message, &soap, findings) == CORV_OK;
    if (read) {
        in.document = &d;
        in.kind = corv_kind_of(corv_view_str((const char *)in.message->ns->href),
            corv_view_str((const char *)in.message->name));
        assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before), 0);
        assert_int_equal(corv_rules_apply(rules, &in, findings), CORV_OK);
        assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after), 0);
        spent_ms += (double)(after.tv_sec - before.tv_sec) * 1e3 +
                    (double)(after.tv_nsec - before.tv_nsec) / 1e6;
    }
    corv_document_free(&d);
    free(bytes);
    return read;
}

static size_t none_has_an_error(const char *pattern)
{
    char path[600];
    size_t read = 0;
    glob_t g;

    (void)snprintf(path, sizeof path, "%s/corpus/%s", shared, pattern);
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct corv_findings f;
        bool ok = judge(g.gl_pathv[i], &f);

        if (ok && f.errors)
            fail_msg("%s: %s at %s", g.gl_pathv[i], f.list[0].code, f.list[0].path);
        read += ok;
        corv_findings_free(&f);
    }
    globfree(&g);
    return read;
}

static void what_is_valid_has_no_error(void **state)
{
    size_t read;

    (void)state;
    spent_ms = 0;
    read = none_has_an_error("valid/*.xml");
    print_message(
        "%zu valid messages, %.0f us of rules each\n", read, spent_ms * 1e3 / (double)read);
    assert_true(read >= 200);
    read = none_has_an_error("accept/*.xml"); /* one is UTF-16, which the reader refuses */
    assert_true(read >= 10);
}

static const char *code_of(const char *name)
{
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strncmp(name, expected[i].file, strlen(expected[i].file)) == 0)
            return expected[i].code;
    return NULL;
}

static bool is_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strncmp(name, elsewhere[i].file, strlen(elsewhere[i].file)) == 0)
            return true;
    return false;
}

static void what_breaks_a_rule_is_found_by_that_rule(void **state)
{
    char path[600];
    size_t found = 0;
    glob_t g;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/corpus/invalid/rule-*.xml", shared);
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        const char *name = strrchr(g.gl_pathv[i], '/') + 1, *code = code_of(name);
        struct corv_findings f;
        bool met = false;

        assert_true(judge(g.gl_pathv[i], &f));
        for (size_t k = 0; k < f.count; k++)
            met = met || (f.list[k].severity == CORV_SEV_ERROR &&
                             (!code || strcmp(f.list[k].code, code) == 0));
        if (!met && !is_elsewhere(name))
            fail_msg("%s: %s was not found", name, code ? code : "an error");
        found += met;
        corv_findings_free(&f);
    }
    print_message("%zu of %zu messages of layer rule\n", found, (size_t)g.gl_pathc);
    assert_true(found + sizeof elsewhere / sizeof *elsewhere >= g.gl_pathc);
    globfree(&g);
}

static int set_up(void **state)
{
    struct corv_reference_request r = {.source = "x.zip"};
    struct corv_fault fault = {0};
    char *folder = make_folder(), path[600], *zip;
    bool already;
    glob_t g;

    (void)state;
    corv_schemas_init();
    if (corv_rules_new(NULL, &rules, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    (void)snprintf(path, sizeof path, "%s/standard/*Referentie*.zip", shared);
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    r.state_dir = folder;
    zip = slurp(g.gl_pathv[0], &r.file.n);
    r.file.p = zip;
    if (corv_reference_import(&r, &reference, &already, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    free(zip);
    globfree(&g);
    drop_folder(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_reference_free(reference);
    corv_rules_free(rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_valid_has_no_error),
        cmocka_unit_test(what_breaks_a_rule_is_found_by_that_rule),
    };
    const char *set = getenv("CORV_SHARED");

    (void)snprintf(shared, sizeof shared, "%s", set ? set : "../shared");
    if (access(shared, R_OK) != 0) {
        (void)fprintf(stderr, "SKIPPED: no corpus in %s (CORV_SHARED)\n", shared);
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
