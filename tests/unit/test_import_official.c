/* SPDX-License-Identifier: EUPL-1.2 */
/* The sets as VNG publishes them, taken in and set against the corpus: every valid message passes
 * the set of its family, every message that breaks the schema is refused, as with our own
 * schemas. Skipped (77) where the published material is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <glob.h>

#include "schemas/import.h"
#include "schemas/verdict.h"

#include "test_import_support.h"

#define FAMILY(f) (1u << CORV_FAMILY_##f)

static char shared[512];
static char *folder;

static char *slurp(const char *path, size_t *size)
{
    struct corv_buf b;

    corv_buf_init(&b, 64u << 20);
    assert_int_equal(corv_store_slurp(path, 64u << 20, &b), CORV_OK);
    return corv_buf_take(&b, size);
}

static unsigned families_of(const struct corv_schema_set *set)
{
    unsigned families = 0;

    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        families |= set->entry[f] ? 1u << f : 0;
    return families;
}

/* Messages of the corpus that match; how many the set refused. Own and official must agree. */
static size_t compare(const struct corv_schemas *official, const struct corv_schemas *own,
    const struct corv_schema_set *set, const char *pattern, size_t *seen)
{
    char path[600];
    size_t refused = 0;
    glob_t g;

    (void)snprintf(path, sizeof path, "%s/corpus/%s", shared, pattern);
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    for (size_t i = 0; i < g.gl_pathc; i++) {
        struct corv_verdict a, b;
        size_t size;
        char *bytes = slurp(g.gl_pathv[i], &size);

        assert_int_equal(corv_verdict_of(own, corv_view_of(bytes, size), NULL, &b), CORV_OK);
        if (b.kind != CORV_KIND_UNKNOWN && set->kinds >> b.kind & 1) {
            assert_int_equal(
                corv_verdict_of(official, corv_view_of(bytes, size), NULL, &a), CORV_OK);
            if (a.valid != b.valid)
                fail_msg("%s: %s says %d, our own %d", g.gl_pathv[i], set->name, a.valid, b.valid);
            refused += !a.valid;
            ++*seen;
            corv_verdict_free(&a);
        }
        corv_verdict_free(&b);
        free(bytes);
    }
    globfree(&g);
    return refused;
}

static void take_in(const char *pattern, const char *name, unsigned families, size_t repairs)
{
    char path[600];
    struct corv_import_request r = {.state_dir = folder};
    struct corv_schema_set *set = NULL;
    struct corv_schemas *official = NULL, *own = NULL;
    struct corv_fault fault = {0};
    size_t size, valid = 0, broken = 0;
    char *zip;
    bool already;
    glob_t g;

    (void)snprintf(path, sizeof path, "%s/standard/%s", shared, pattern);
    assert_int_equal(glob(path, 0, NULL, &g), 0);
    zip = slurp(g.gl_pathv[0], &size);
    r.zip = corv_view_of(zip, size);
    r.source = strrchr(g.gl_pathv[0], '/') + 1;
    if (corv_schemas_import(&r, &set, &already, &fault) != CORV_OK)
        fail_msg("%s: %s", r.source, fault.text);
    assert_string_equal(set->name, name);
    assert_int_equal(families_of(set), families);
    assert_int_equal(set->repairs_count, repairs);
    assert_int_equal(corv_schema_set_compile(folder, set, &official, &fault), CORV_OK);
    assert_int_equal(corv_schemas_new(&own, &fault), CORV_OK);
    if (strstr(name, "1.0.9")) { /* an older version is allowed to differ */
        assert_int_equal(compare(official, own, set, "valid/*.xml", &valid), 0);
        assert_true(valid >= 60);
        (void)compare(official, own, set, "invalid/schema-*.xml", &broken);
    }
    print_message("%s: %zu valid and %zu broken messages agree\n", name, valid, broken);
    corv_schemas_free(official);
    corv_schemas_free(own);
    corv_schema_set_free(set);
    free(zip);
    globfree(&g);
}

static void the_normative_sets(void **state)
{
    const unsigned all = FAMILY(JR) | FAMILY(VT) | FAMILY(VV) | FAMILY(GM) | FAMILY(STUF);

    (void)state;
    take_in("*20251215*normatie*.zip", "normatief-1.0.9-20251215", all, 15);
    take_in("*20250801*normatie*.zip", "normatief-1.0.9-20250801", all, 15);
}

static void the_resolved_sets(void **state)
{
    (void)state;
    take_in("*_jrberichten*.zip", "jr-1.0.9-20251013", FAMILY(JR) | FAMILY(STUF), 0);
    take_in("*_vtberichten*.zip", "vt-1.0.9-20251013", FAMILY(JR) | FAMILY(VT) | FAMILY(STUF), 0);
    take_in("*_vvberichten*.zip", "vv-1.0.9-20251013", FAMILY(VV) | FAMILY(STUF), 0);
    take_in("*_gmberichten*.zip", "gm-1.0.9-20251013", FAMILY(GM) | FAMILY(STUF), 0);
    take_in("*1.0.7*.zip", "resolved-1.0.7-20200916", FAMILY(JR) | FAMILY(VT) | FAMILY(STUF), 0);
}

static void what_is_no_schema_set_is_refused(void **state)
{
    static const char *const patterns[] = {"*Referentie*.zip", "Testset*.zip"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char path[600];
        struct corv_import_request r = {.state_dir = folder, .source = "x.zip"};
        struct corv_schema_set *set = NULL;
        struct corv_fault fault = {0};
        size_t size;
        char *zip;
        bool already;
        glob_t g;

        (void)snprintf(path, sizeof path, "%s/standard/%s", shared, patterns[i]);
        assert_int_equal(glob(path, 0, NULL, &g), 0);
        zip = slurp(g.gl_pathv[0], &size);
        r.zip = corv_view_of(zip, size);
        assert_int_equal(corv_schemas_import(&r, &set, &already, &fault), CORV_E_INVALID);
        assert_string_equal(fault.code, "import.no-messages");
        free(zip);
        globfree(&g);
    }
}

static int set_up(void **state)
{
    (void)state;
    corv_schemas_init();
    folder = make_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    drop_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_normative_sets),
        cmocka_unit_test(the_resolved_sets),
        cmocka_unit_test(what_is_no_schema_set_is_refused),
    };
    const char *set = getenv("CORV_SHARED");

    (void)snprintf(shared, sizeof shared, "%s", set ? set : "../shared");
    if (access(shared, R_OK) != 0) {
        (void)fprintf(stderr, "SKIPPED: no published material in %s (CORV_SHARED)\n", shared);
        return 77;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
