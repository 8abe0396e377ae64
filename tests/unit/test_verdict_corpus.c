/* SPDX-License-Identifier: EUPL-1.2 */
/* Every message of the shared corpus gets the verdict, the layer and the envelope that its
 * description says, within the promised cost. Skipped (77) where the corpus is absent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "schemas/verdict.h"

#define CPU_MS_MOST 50.0

static const char *folder;
static struct corv_schemas *schemas;

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static char *slurp(const char *sub, const char *name, size_t *size)
{
    char path[1024];

    assert_true(snprintf(path, sizeof path, "%s/%s/%s", folder, sub, name) < (int)sizeof path);

    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *size = (size_t)ftell(f);
    rewind(f);

    char *bytes = malloc(*size + 1); /* exactly sized for the sanitizer: no byte beyond */

    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    (void)fclose(f);
    return bytes;
}

static double cpu_ms(void)
{
    struct rusage u;

    assert_int_equal(getrusage(RUSAGE_THREAD, &u), 0);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static double judge(const char *sub, const char *name, struct corv_verdict *v)
{
    size_t size;
    char *bytes = slurp(sub, name, &size);
    double before = cpu_ms();

    assert_int_equal(corv_verdict_of(schemas, corv_view_of(bytes, size), NULL, v), CORV_OK);

    double spent = cpu_ms() - before;

    free(bytes);
    return spent;
}

static void show(const char *name, const struct corv_verdict *v)
{
    for (size_t i = 0; i < v->findings.count; i++) {
        const struct corv_finding *f = &v->findings.list[i];

        (void)fprintf(stderr, "%s: %s %s %d:%d %s | %s\n", name, corv_layer_name(f->layer), f->code,
            f->line, f->column, f->path, f->text);
    }
}

/* The first finding that is an error decides the layer, as in `corvctl validate`. */
static const char *layer_of(const struct corv_verdict *v)
{
    for (size_t i = 0; i < v->findings.count; i++)
        if (v->findings.list[i].severity == CORV_SEV_ERROR)
            return corv_layer_name(v->findings.list[i].layer);
    return "none";
}

/* Files whose layer differs from what the description says, each with its reason. */
static const struct {
    const char *file;
    const char *layer;
    const char *why;
} other_layer[] = {
    {"sec-37-xsi-type-extension", "schema", "the type does not exist in our schemas"},
    {"soap-09-stuf-berichtenset", "schema", "not on the allow-list of roots, before any rule"},
    {"soap-10-tr01", "schema", "not on the allow-list of roots, before any rule"},
    {"sec-33-error-flood", "security", "more nodes than we take"},
};

static const char *expected_layer(const char *stem, const char *stated)
{
    for (size_t i = 0; i < sizeof other_layer / sizeof *other_layer; i++)
        if (strcmp(stem, other_layer[i].file) == 0)
            return other_layer[i].layer;
    return stated;
}

static bool passes_schema(const char *layer)
{
    return strcmp(layer, "rule") == 0 || strcmp(layer, "addressing") == 0 ||
           strcmp(layer, "duplicate") == 0;
}

static int by_name(const struct dirent *e)
{
    size_t n = strlen(e->d_name);

    return n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

static void invalid_gets_its_layer(void **state)
{
    char path[1024], xml[300], stem[256], worst[256] = "";
    struct dirent **list;
    double most = 0;
    int wrong = 0;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/invalid", folder);

    int n = scandir(path, &list, by_name, alphasort);

    assert_true(n > 100);
    for (int i = 0; i < n; i++) {
        struct corv_verdict v;

        (void)snprintf(
            stem, sizeof stem, "%.*s", (int)strlen(list[i]->d_name) - 5, list[i]->d_name);
        (void)snprintf(xml, sizeof xml, "%s.xml", stem);
        (void)snprintf(path, sizeof path, "%s/invalid/%s", folder, list[i]->d_name);

        json_t *about = json_load_file(path, 0, NULL);

        assert_non_null(about);

        const char *layer = expected_layer(stem, text_of(about, "layer"));
        double spent = judge("invalid", xml, &v);

        if (spent > most) {
            most = spent;
            (void)snprintf(worst, sizeof worst, "%s", stem);
        }
        if (getenv("CORV_SHOW"))
            show(stem, &v);
        if (passes_schema(layer) ? !v.valid
                                 : v.valid || strcmp(layer_of(&v), layer) != 0 || v.envelope) {
            (void)fprintf(stderr, "%s: expected %s, got %s\n", stem, layer, layer_of(&v));
            show(stem, &v);
            wrong++;
        }
        corv_verdict_free(&v);
        json_decref(about);
        free(list[i]);
    }
    free(list);
    (void)fprintf(stderr, "worst CPU of %d invalid messages: %.1f ms (%s)\n", n, most, worst);
    assert_int_equal(wrong, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(NDEBUG)
    assert_true(most < CPU_MS_MOST);
#endif
}

static void accept_is_accepted(void **state)
{
    char path[1024], xml[300];
    struct dirent **list;
    int wrong = 0;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/accept", folder);

    int n = scandir(path, &list, by_name, alphasort);

    assert_true(n > 10);
    for (int i = 0; i < n; i++) {
        struct corv_verdict v;

        (void)snprintf(
            xml, sizeof xml, "%.*s.xml", (int)strlen(list[i]->d_name) - 5, list[i]->d_name);
        (void)snprintf(path, sizeof path, "%s/accept/%s", folder, list[i]->d_name);

        json_t *about = json_load_file(path, 0, NULL);
        /* our policy: UTF-8 only; the other two pass the schema and are taken */
        bool yes = strcmp(xml, "policy-utf16le-bom.xml") != 0;

        assert_non_null(about);
        (void)judge("accept", xml, &v);
        if (v.valid != yes ||
            (yes && strcmp(corv_kind_name(v.kind), text_of(about, "kind")) != 0) ||
            (yes && v.envelope->soap != (strncmp(xml, "soap11", 6) == 0))) {
            show(xml, &v);
            wrong++;
        }
        corv_verdict_free(&v);
        json_decref(about);
        free(list[i]);
    }
    free(list);
    assert_int_equal(wrong, 0);
}

static bool same(const char *file, const char *what, const char *read, const json_t *said)
{
    const char *expected = json_string_value(said);

    if (json_is_array(said)) /* one per object; the envelope has the first */
        expected = json_string_value(json_array_get(said, 0));
    if ((!read && !expected) || (read && expected && strcmp(read, expected) == 0))
        return true;
    (void)fprintf(stderr, "%s: %s differs\n", file, what);
    return false;
}

static bool same_address(const char *file, const struct corv_stuf_address *a, const json_t *said)
{
    return same(file, "organisatie", a->organisatie, json_object_get(said, "organisatie")) &
           same(file, "applicatie", a->applicatie, json_object_get(said, "applicatie")) &
           same(file, "administratie", a->administratie, json_object_get(said, "administratie")) &
           same(file, "gebruiker", a->gebruiker, json_object_get(said, "gebruiker"));
}

static bool same_children(const char *file, const struct corv_envelope *e, const json_t *said)
{
    bool good = e->children_count == json_array_size(said);

    for (size_t i = 0; good && i < e->children_count; i++) {
        const json_t *child = json_array_get(said, i);

        good =
            e->children[i].unborn == json_is_true(json_object_get(child, "ongeboren")) &&
            same(file, "gemeente", e->children[i].gemeentecode, json_object_get(child, "gemeente"));
    }
    if (!good)
        (void)fprintf(stderr, "%s: children differ\n", file);
    return good;
}

static bool same_variant(const char *file, const struct corv_envelope *e, const json_t *said)
{
    const char *status = text_of(said, "status");
    bool ambtshalve = json_is_true(json_object_get(said, "ambtshalve"));
    enum corv_variant v = CORV_VARIANT_NONE;

    if (e->kind == CORV_KIND_NOTIFICATIE && strcmp(status, "Intake afgerond") == 0)
        v = ambtshalve ? CORV_VARIANT_AMBTSHALVE_GESTART : CORV_VARIANT_INTAKE_AFGEROND;
    else if (e->kind == CORV_KIND_NOTIFICATIE && strcmp(status, "Onderzoek afgerond") == 0)
        v = ambtshalve ? CORV_VARIANT_AMBTSHALVE_AFGEROND : CORV_VARIANT_ONDERZOEK_AFGEROND;
    else if (e->kind == CORV_KIND_NOTIFICATIE)
        v = CORV_VARIANT_ZAAK_AFGEROND;
    if (e->variant != v)
        (void)fprintf(stderr, "%s: variant differs\n", file);
    return e->variant == v;
}

static bool same_envelope(const struct corv_envelope *e, const json_t *said)
{
    const char *file = text_of(said, "file");
    const json_t *raad = json_object_get(said, "zaak_ontvanger");

    if (!raad)
        raad = json_object_get(said, "zaak_rvdk");
    return same_address(file, &e->zender, json_object_get(said, "zender")) &
           same_address(file, &e->ontvanger, json_object_get(said, "ontvanger")) &
           same(file, "kind", corv_kind_name(e->kind), json_object_get(said, "kind")) &
           same(file, "referentienummer", e->referentienummer,
               json_object_get(said, "referentienummer")) &
           same(
               file, "crossRefnummer", e->crossrefnummer, json_object_get(said, "crossRefnummer")) &
           same(file, "tijdstip", e->tijdstip, json_object_get(said, "tijdstipBericht")) &
           same(file, "zaak_indiener", e->zaak_indiener, json_object_get(said, "zaak_indiener")) &
           same(file, "zaak_raad", e->zaak_raad, raad) &
           same(file, "foutcode", e->foutcode, json_object_get(said, "foutcode")) &
           (e->urgent == json_is_true(json_object_get(said, "urgent"))) &
           same_variant(file, e, said) & same_children(file, e, json_object_get(said, "kinderen"));
}

static void valid_is_read_as_the_manifest_says(void **state)
{
    char path[1024], *line = NULL;
    size_t cap = 0;
    int seen = 0, wrong = 0;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/valid/manifest.jsonl", folder);

    FILE *f = fopen(path, "r");

    assert_non_null(f);
    while (getline(&line, &cap, f) > 0) {
        json_t *said = json_loads(line, 0, NULL);
        struct corv_verdict v;

        assert_non_null(said);
        seen++;
        (void)judge("valid", text_of(said, "file"), &v);
        if (!v.valid || !v.envelope || v.findings.count || !same_envelope(v.envelope, said)) {
            (void)fprintf(stderr, "%s: not as the manifest says\n", text_of(said, "file"));
            show(text_of(said, "file"), &v);
            wrong++;
        }
        corv_verdict_free(&v);
        json_decref(said);
    }
    free(line);
    (void)fclose(f);
    assert_true(seen > 200);
    assert_int_equal(wrong, 0);
}

static const char *find_corpus(char *out, size_t size)
{
    const char *shared = getenv("CORV_SHARED");
    DIR *d;

    (void)snprintf(out, size, "%s/corpus", shared ? shared : "../shared");
    d = opendir(out);
    if (!d)
        return NULL;
    (void)closedir(d);
    return out;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_is_read_as_the_manifest_says),
        cmocka_unit_test(accept_is_accepted),
        cmocka_unit_test(invalid_gets_its_layer),
    };
    static char path[1024];
    struct corv_fault fault = {0};

    folder = find_corpus(path, sizeof path);
    if (!folder) {
        (void)fputs("SKIPPED: no corpus; set CORV_SHARED\n", stderr);
        return 77;
    }
    corv_schemas_init();
    if (corv_schemas_new(&schemas, &fault) != CORV_OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return 1;
    }

    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    corv_schemas_free(schemas);
    return failed;
}
