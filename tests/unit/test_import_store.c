/* SPDX-License-Identifier: EUPL-1.2 */
/* The store of imported sets, the choice between them, and the shelf of what is compiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "daemon/base/embedded.h"
#include "schemas/import.h"
#include "schemas/store_manifest.h"
#include "schemas/store_shelf.h"
#include "schemas/verdict.h"

#include "test_import_support.h"
#include "test_rule_messages.h"

#define KIND(k) (1u << CORV_KIND_##k)

extern const struct corv_embedded corv_embedded_xsd[];

static char *folder;
static struct corv_schema_set *old, *new;

/* Two versions: in the new one a case number has at most 6 characters less, so it refuses VTO. */
static struct corv_schema_set *take_in(const char *name, bool strict, int from)
{
    struct entry entries[40] = {{0}};
    struct corv_import_request r = {
        .state_dir = folder, .source = "x.zip", .name = name, .from = from};
    struct corv_schema_set *set = NULL;
    struct corv_fault fault = {0};
    char *zip, *changed = NULL;
    size_t n = 0, size;
    bool already;

    for (const struct corv_embedded *e = corv_embedded_xsd; e->name; e++, n++) {
        entries[n] = (struct entry){e->name, (const char *)e->bytes, e->size};
        if (strict && !changed && strcmp(e->name, "zkn0310-waarden.xsd") == 0) {
            char *at;

            changed = strndup((const char *)e->bytes, e->size);
            assert_non_null(changed);
            at = strstr(changed, "minLength value=\"5\"");
            assert_non_null(at);
            at[17] = '9';
            entries[n].bytes = changed;
        }
    }
    zip = make_zip(entries, &size);
    r.zip = corv_view_of(zip, size);
    if (corv_schemas_import(&r, &set, &already, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    free(zip);
    free(changed);
    return set;
}

static bool judges_valid(const struct corv_schemas *schemas)
{
    struct corv_verdict v;
    bool valid;

    assert_int_equal(corv_verdict_of(schemas, corv_view_str(VTO), NULL, &v), CORV_OK);
    valid = v.valid;
    corv_verdict_free(&v);
    return valid;
}

static void the_store_gives_back_what_was_put_in(void **state)
{
    struct corv_schema_store store;
    struct corv_fault fault = {0};
    char part[CORV_DIGEST_TEXT];

    (void)state;
    assert_int_equal(corv_schema_store_read(folder, &store, &fault), CORV_OK);
    assert_int_equal(store.count, 2);
    assert_string_equal(store.sets[0]->name, "oud");
    assert_string_equal(store.sets[1]->name, "nieuw");
    assert_int_equal(store.sets[1]->from, 20270101);
    assert_int_equal(store.sets[0]->kinds, old->kinds);
    assert_string_equal(store.sets[0]->entry[CORV_FAMILY_VT], old->entry[CORV_FAMILY_VT]);
    assert_ptr_equal(corv_schema_store_find(&store, "nieuw"), store.sets[1]);
    assert_ptr_equal(corv_schema_store_find(&store, new->hash), store.sets[1]);
    (void)snprintf(part, sizeof part, "%.8s", old->hash);
    assert_ptr_equal(corv_schema_store_find(&store, part), store.sets[0]);
    part[5] = '\0';
    assert_null(corv_schema_store_find(&store, part));
    assert_null(corv_schema_store_find(&store, "geen"));
    corv_schema_store_free(&store);
    assert_int_equal(corv_schema_store_read("/tmp/is-er-niet", &store, &fault), CORV_OK);
    assert_int_equal(store.count, 0);
}

static void a_file_that_changed_is_noticed(void **state)
{
    char path[CORV_STORE_PATH], top[CORV_STORE_PATH];
    struct corv_schemas *schemas = NULL;
    struct corv_fault fault = {0};
    struct corv_buf before;

    (void)state;
    corv_buf_init(&before, 1 << 20);
    assert_int_equal(corv_store_path(top, folder, "schemas", old->hash), CORV_OK);
    assert_int_equal(corv_store_path(path, top, "files", old->files[0].path), CORV_OK);
    assert_int_equal(corv_store_slurp(path, 1 << 20, &before), CORV_OK);
    assert_int_equal(corv_store_replace(path, corv_view_str("<iets/>")), CORV_OK);
    assert_int_not_equal(corv_schema_set_compile(folder, old, &schemas, &fault), CORV_OK);
    assert_string_equal(fault.code, "schemas.changed");
    assert_null(schemas);
    assert_int_equal(unlink(path), 0);
    assert_int_not_equal(corv_schema_set_compile(folder, old, &schemas, &fault), CORV_OK);
    assert_int_equal(corv_store_write(path, corv_buf_view(&before)), CORV_OK);
    assert_int_equal(corv_schema_set_compile(folder, old, &schemas, &fault), CORV_OK);
    corv_schemas_free(schemas);
    corv_buf_free(&before);
}

static void a_manifest_that_is_wrong_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "{}", "[]", "{\"format\":2}", "{\"format\":1,\"sha256\":\"x\",\"name\":\"n\"}", NULL};
    char *good = corv_manifest_write(old);
    struct corv_schema_set *set = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_non_null(good);
    for (int i = 0; texts[i]; i++)
        assert_int_equal(corv_manifest_read(corv_view_str(texts[i]), &set, &fault), CORV_E_INVALID);
    for (size_t n = 0; n + 1 < strlen(good); n += 7)
        assert_int_equal(corv_manifest_read(corv_view_of(good, n), &set, &fault), CORV_E_INVALID);
    assert_int_equal(corv_manifest_read(corv_view_str(good), &set, &fault), CORV_OK);
    assert_int_equal(set->files_count, old->files_count);
    corv_schema_set_free(set);
    free(good);
}

static void the_choice_goes_by_party_then_date_then_order(void **state)
{
    const struct corv_schema_choice c[] = {
        {"a", 0, NULL, 0, 0},
        {"b", KIND(VTO), NULL, 20260101, 20261231},
        {"c", KIND(VTO), "politie", 20250101, 0},
        {"d", KIND(VTO) | KIND(BV01), NULL, 20260101, 0},
    };

    (void)state;
    assert_null(corv_schema_choose(c, 0, CORV_KIND_VTO, NULL, 20260601));
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VCOB, "x", 20260601), &c[0]);
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VTO, "x", 20251231), &c[0]);
    assert_ptr_equal(corv_schema_choose(c, 3, CORV_KIND_VTO, "x", 20260101), &c[1]);
    assert_ptr_equal(corv_schema_choose(c, 3, CORV_KIND_VTO, "x", 20261231), &c[1]);
    assert_ptr_equal(corv_schema_choose(c, 3, CORV_KIND_VTO, "x", 20270101), &c[0]);
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VTO, "x", 20260601), &c[3]);
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VTO, "politie", 20260601), &c[2]);
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VTO, NULL, 20260601), &c[3]);
    assert_ptr_equal(corv_schema_choose(c, 4, CORV_KIND_VTO, "politie", 20241231), &c[0]);
}

static void two_versions_are_in_force_at_once(void **state)
{
    const struct corv_schema_choice c[] = {
        {"oud", 0, NULL, 0, 0},
        {"nieuw", KIND(VTO), "voorloper", 0, 0}, /* not before the day of the set itself */
        {CORV_SCHEMA_OWN, KIND(BV01), NULL, 0, 0},
        {"nieuw", 0, NULL, 20280101, 0},
    };
    struct corv_schema_shelf *shelf = NULL;
    struct corv_fault fault = {0};
    const struct corv_schemas *then, *now;

    (void)state;
    if (corv_schema_shelf_new(folder, c, 4, &shelf, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    then = corv_schema_shelf_pick(shelf, CORV_KIND_VTO, "ander", 20270601);
    now = corv_schema_shelf_pick(shelf, CORV_KIND_VTO, "voorloper", 20270601);
    assert_ptr_not_equal(then, now);
    assert_true(judges_valid(then));
    assert_false(judges_valid(now));
    assert_ptr_equal(corv_schema_shelf_pick(shelf, CORV_KIND_VTO, "voorloper", 20261231), then);
    assert_ptr_equal(corv_schema_shelf_pick(shelf, CORV_KIND_VTO, "ander", 20280101), now);
    assert_string_equal(corv_schema_shelf_name(shelf, CORV_KIND_VTO, "ander", 20280101), "nieuw");
    assert_string_equal(corv_schema_shelf_name(shelf, CORV_KIND_BV01, "x", 20270601), "eigen");
    assert_ptr_not_equal(corv_schema_shelf_pick(shelf, CORV_KIND_BV01, "x", 20270601), then);
    corv_schema_shelf_free(shelf);
}

static void a_shelf_with_a_hole_is_refused(void **state)
{
    static const struct {
        struct corv_schema_choice choice;
        const char *code;
    } rows[] = {
        {{"geen", 0, NULL, 0, 0}, "schemas.unknown"},
        {{"oud", 1u << CORV_KIND_KENNISGEVING, NULL, 0, 0}, "schemas.kinds"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct corv_schema_choice c[] = {{"oud", 0, NULL, 0, 0}, rows[i].choice};
        struct corv_schema_shelf *shelf = NULL;
        struct corv_fault fault = {0};

        assert_int_equal(corv_schema_shelf_new(folder, c, 2, &shelf, &fault), CORV_E_INVALID);
        assert_string_equal(fault.code, rows[i].code);
        assert_null(shelf);
    }
}

static void without_choices_our_own_are_used(void **state)
{
    struct corv_schema_shelf *shelf = NULL;
    struct corv_fault fault = {0};

    (void)state;
    assert_int_equal(corv_schema_shelf_new("/tmp/is-er-niet", NULL, 0, &shelf, &fault), CORV_OK);
    assert_true(judges_valid(corv_schema_shelf_pick(shelf, CORV_KIND_VTO, NULL, 20260101)));
    assert_string_equal(
        corv_schema_shelf_name(shelf, CORV_KIND_VTO, NULL, 20260101), CORV_SCHEMA_OWN);
    corv_schema_shelf_free(shelf);
}

static int set_up(void **state)
{
    (void)state;
    corv_schemas_init();
    folder = make_folder();
    old = take_in("oud", false, 0);
    new = take_in("nieuw", true, 20270101);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_schema_set_free(old);
    corv_schema_set_free(new);
    drop_folder(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_gives_back_what_was_put_in),
        cmocka_unit_test(a_file_that_changed_is_noticed),
        cmocka_unit_test(a_manifest_that_is_wrong_is_refused),
        cmocka_unit_test(the_choice_goes_by_party_then_date_then_order),
        cmocka_unit_test(two_versions_are_in_force_at_once),
        cmocka_unit_test(a_shelf_with_a_hole_is_refused),
        cmocka_unit_test(without_choices_our_own_are_used),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
