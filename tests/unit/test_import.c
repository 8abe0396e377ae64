/* SPDX-License-Identifier: EUPL-1.2 */
/* Importing sets made of our own schemas: what is accepted, what is refused, and that what is
 * refused leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "daemon/base/embedded.h"
#include "schemas/import.h"
#include "schemas/verdict.h"

#include "test_import_support.h"
#include "test_rule_messages.h"

#define FILES_MOST 40
#define ALL_KINDS  (((1u << CORV_KIND_KENNISGEVING) - 1) & ~1u)

extern const struct corv_embedded corv_embedded_xsd[];

struct set {
    struct entry entries[FILES_MOST];
    char names[FILES_MOST][120];
    char *texts[FILES_MOST];
    size_t count;
};

/* Our own schemas, under folder, with one text replaced everywhere by another. */
static void own_set(struct set *s, const char *folder, const char *from, const char *to)
{
    *s = (struct set){0};
    for (const struct corv_embedded *e = corv_embedded_xsd; e->name; e++) {
        size_t n = s->count++, room = e->size * 2 + 1, at = 0;
        const char *p = (const char *)e->bytes, *end = p + e->size;

        s->texts[n] = malloc(room);
        assert_non_null(s->texts[n]);
        while (p < end)
            if (from && strncmp(p, from, strlen(from)) == 0) {
                at += (size_t)snprintf(s->texts[n] + at, room - at, "%s", to);
                p += strlen(from);
            } else {
                s->texts[n][at++] = *p++;
            }
        s->texts[n][at] = '\0';
        (void)snprintf(s->names[n], sizeof s->names[n], "%s%s", folder, e->name);
        s->entries[n] = (struct entry){s->names[n], s->texts[n], at};
    }
}

static void drop_set(struct set *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->texts[i]);
}

static corv_rc import_as(const char *state, const struct entry *entries, const char *source,
    const char *name, struct corv_schema_set **set, bool *already, struct corv_fault *fault)
{
    size_t size;
    char *zip = make_zip(entries, &size);
    struct corv_import_request r = {.state_dir = state,
        .source = source,
        .zip = corv_view_of(zip, size),
        .name = name,
        .by = "proef",
        .from = 20270101};
    corv_rc rc;

    *fault = (struct corv_fault){0};
    rc = corv_schemas_import(&r, set, already, fault);
    free(zip);
    return rc;
}

#define SOURCE "StUF-koppelvlak_Jeugdzorg_-_versie_1.2.3_20270102_-_schemas_(normatieve_versie).zip"

static void a_set_is_taken_in_and_judges_messages(void **state)
{
    char *folder = make_folder();
    struct corv_schema_set *set = NULL, *again = NULL;
    struct corv_schemas *schemas = NULL;
    struct corv_fault fault;
    struct corv_verdict v;
    struct set s;
    bool already;

    (void)state;
    own_set(&s, "set/xsd/", NULL, NULL);
    if (import_as(folder, s.entries, SOURCE, NULL, &set, &already, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    assert_false(already);
    assert_string_equal(set->name, "normatief-1.2.3-20270102");
    assert_string_equal(set->version, "1.2.3");
    assert_int_equal(set->published, 20270102);
    assert_int_equal(set->from, 20270101);
    assert_string_equal(set->imported_by, "proef");
    assert_int_equal(set->kinds, ALL_KINDS);
    assert_int_equal(set->repairs_count, 0);
    assert_int_equal(set->files_count, s.count);
    assert_int_equal(corv_schema_set_compile(folder, set, &schemas, &fault), CORV_OK);
    assert_int_equal(corv_verdict_of(schemas, corv_view_str(VTO), NULL, &v), CORV_OK);
    assert_true(v.valid);
    corv_verdict_free(&v);
    assert_int_equal(
        import_as(folder, s.entries, "anders.zip", "anders", &again, &already, &fault), CORV_OK);
    assert_true(already);
    assert_string_equal(again->name, set->name);
    corv_schema_set_free(again);
    corv_schema_set_free(set);
    corv_schemas_free(schemas);
    drop_set(&s);
    drop_folder(folder);
}

static void backslashes_are_repaired_and_told(void **state)
{
    char *folder = make_folder();
    struct corv_schema_set *set = NULL;
    struct corv_schemas *schemas = NULL;
    struct corv_fault fault;
    struct set s;
    bool already;

    (void)state;
    own_set(&s, "a/xsd/", "schemaLocation=\"", "schemaLocation=\"..\\xsd\\");
    if (import_as(folder, s.entries, "x.zip", "x", &set, &already, &fault) != CORV_OK)
        fail_msg("%s", fault.text);
    assert_true(set->repairs_count > 5);
    assert_string_equal(set->repairs[0].what, "backslash");
    assert_true(set->repairs[0].line > 1);
    assert_int_equal(corv_schema_set_compile(folder, set, &schemas, &fault), CORV_OK);
    corv_schemas_free(schemas);
    corv_schema_set_free(set);
    drop_set(&s);
    drop_folder(folder);
}

/* Each set is refused with its code and the state folder stays as empty as it was. */
static void what_is_refused_leaves_nothing(void **state)
{
    static const struct {
        const char *folder, *from, *to, *name, *code;
    } rows[] = {
        {"", "type=\"BG:kind\"", "type=\"BG:geen\"", "x", "import.compile"},
        {"", "</xs:schema>", "", "x", "import.compile"},
        {"", "schemaLocation=\"bg0310.xsd\"", "schemaLocation=\"http://x.example/bg.xsd\"", "x",
            "import.compile"},
        {"", "vtoDi01", "vtoDi09", "eigen", "import.name"},
        {"", NULL, NULL, "naam met spatie", "import.name"},
        {"", NULL, NULL, "", "import.name"},
        {"", NULL, NULL, "../x", "import.name"},
        {"../", NULL, NULL, "x", "import.zip-name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = make_folder();
        struct corv_schema_set *set = NULL;
        struct corv_fault fault;
        struct set s;
        bool already;

        own_set(&s, rows[i].folder, rows[i].from, rows[i].to);
        if (import_as(folder, s.entries, "x.zip", rows[i].name, &set, &already, &fault) !=
            CORV_E_INVALID)
            fail_msg("row %zu was accepted", i);
        if (strcmp(fault.code, rows[i].code) != 0 || fault.cls != CORV_FAULT_SENDER)
            fail_msg("row %zu: %s %s", i, fault.code, fault.text);
        assert_null(set);
        assert_int_equal(count_below(folder), 0);
        drop_set(&s);
        drop_folder(folder);
    }
}

static void no_messages_no_zip_and_no_room_are_refused(void **state)
{
    const struct entry schema[] = {
        {"a_msg_b.xsd",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='x'/>"
            "</xs:schema>",
            0},
        {NULL, NULL, 0}};
    const struct entry text[] = {{"a.doc", "x", 0}, {NULL, NULL, 0}};
    char *folder = make_folder(), file[200];
    struct corv_import_request r = {.state_dir = folder,
        .source = "x",
        .name = "x",
        .zip = corv_view_str("PK maar geen zip, al is het lang genoeg")};
    struct corv_schema_set *set = NULL;
    struct corv_fault fault = {0};
    struct set s;
    bool already;

    (void)state;
    assert_int_equal(import_as(folder, schema, "x", "x", &set, &already, &fault), CORV_E_INVALID);
    assert_string_equal(fault.code, "import.no-messages");
    assert_int_equal(import_as(folder, text, "x", "x", &set, &already, &fault), CORV_E_INVALID);
    assert_string_equal(fault.code, "import.no-messages");
    fault = (struct corv_fault){0};
    assert_int_equal(corv_schemas_import(&r, &set, &already, &fault), CORV_E_INVALID);
    assert_string_equal(fault.code, "import.no-zip");
    assert_int_equal(count_below(folder), 0);

    (void)snprintf(file, sizeof file, "%s/file", folder);
    assert_int_equal(corv_store_write(file, corv_view_str("x")), CORV_OK);
    own_set(&s, "", NULL, NULL);
    assert_int_not_equal(import_as(file, s.entries, "x", "x", &set, &already, &fault), CORV_OK);
    assert_int_not_equal(fault.cls, CORV_FAULT_SENDER);
    drop_set(&s);
    drop_folder(folder);
}

static void a_name_is_given_once(void **state)
{
    char *folder = make_folder();
    struct corv_schema_set *set = NULL, *other = NULL;
    struct corv_fault fault;
    struct set s;
    bool already;

    (void)state;
    own_set(&s, "", NULL, NULL);
    assert_int_equal(import_as(folder, s.entries, "x", "een", &set, &already, &fault), CORV_OK);
    drop_set(&s);
    own_set(&s, "b/", NULL, NULL);
    assert_int_equal(
        import_as(folder, s.entries, "x", "een", &other, &already, &fault), CORV_E_INVALID);
    assert_string_equal(fault.code, "import.name");
    assert_int_equal(import_as(folder, s.entries, "x", "twee", &other, &already, &fault), CORV_OK);
    corv_schema_set_free(set);
    corv_schema_set_free(other);
    drop_set(&s);
    drop_folder(folder);
}

static int set_up(void **state)
{
    (void)state;
    corv_schemas_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_taken_in_and_judges_messages),
        cmocka_unit_test(backslashes_are_repaired_and_told),
        cmocka_unit_test(what_is_refused_leaves_nothing),
        cmocka_unit_test(no_messages_no_zip_and_no_room_are_refused),
        cmocka_unit_test(a_name_is_given_once),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
