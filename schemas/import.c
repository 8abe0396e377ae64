/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/import.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "schemas/import_roots.h"
#include "schemas/import_zip.h"
#include "schemas/repair.h"
#include "schemas/rule_date.h"
#include "schemas/schema_set.h"
#include "schemas/store_files.h"
#include "schemas/store_manifest.h"

#define NAME_MOST 60

/* The normative set has 70 files, 2 MB together, the largest 200 KB, packed 25 to 1. */
static const struct corv_archive_limits limits = {
    .entries = 1000, .entry_bytes = 8u << 20, .total_bytes = 64u << 20, .ratio = 200};

struct import {
    const struct corv_import_request *request;
    struct corv_fault *fault;
    struct corv_archive archive;
    struct corv_repairs repairs;
    struct corv_roots roots;
    struct corv_schema_set *set;
};

static corv_rc no_memory(struct import *im)
{
    return CORV_FAIL(
        im->fault, CORV_E_NOMEM, CORV_FAULT_BUG, "import.memory", "Er is te weinig geheugen.");
}

static bool wanted(const char *name)
{
    static const char *const kept[] = {".xsd", ".xml", ".wsdl", ".txt"};
    size_t n = strlen(name);

    if (strncmp(name, "__MACOSX/", 9) == 0)
        return false;
    for (size_t i = 0; i < 4; i++) {
        size_t k = strlen(kept[i]);

        if (n > k && strcmp(name + n - k, kept[i]) == 0)
            return true;
    }
    return false;
}

/* ---- what the file name says ------------------------------------------------------------------
 */

/* "1.0.9" in out, or "". */
static void version_of(const char *source, char out[16])
{
    out[0] = '\0';
    for (const char *p = source; *p; p++) {
        size_t n = strspn(p, "0123456789.");

        if (n >= 5 && n < 16 && isdigit((unsigned char)*p) && p[n - 1] != '.') {
            unsigned dots = 0;

            for (size_t i = 0; i < n; i++)
                dots += p[i] == '.';
            if (dots == 2) {
                (void)snprintf(out, 16, "%.*s", (int)n, p);
                return;
            }
        }
        p += n ? n - 1 : 0;
    }
}

/* The eight digits that are a date, YYYYMMDD, or 0. */
static int published_of(const char *source)
{
    for (const char *p = source; *p; p++) {
        size_t n = strspn(p, "0123456789");

        if (n == 8 && corv_rule_date_read(corv_view_of(p, 8), 'V').valid)
            return (int)strtol(p, NULL, 10);
        p += n ? n - 1 : 0;
    }
    return 0;
}

static const char *sort_of(const char *source)
{
    static const char *const families[] = {"jr", "vt", "vv", "gm"};
    char word[16];

    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(word, sizeof word, "_%sberichten", families[i]);
        if (strstr(source, word))
            return families[i];
    }
    return strstr(source, "normatie")   ? "normatief"
           : strstr(source, "resolved") ? "resolved"
                                        : "set";
}

static char *name_of(const struct corv_import_request *r, const char *version, int published)
{
    char name[NAME_MOST + 1], day[16] = "";

    if (r->name)
        return strdup(r->name);
    if (published)
        (void)snprintf(day, sizeof day, "-%08d", published);
    (void)snprintf(
        name, sizeof name, "%s%s%s%s", sort_of(r->source), *version ? "-" : "", version, day);
    return strdup(name);
}

static bool name_fits(const char *name)
{
    size_t n = strlen(name);

    return n > 0 && n <= NAME_MOST &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n;
}

/* ---- judging the set ----------------------------------------------------------------------------
 */

static corv_rc find_roots(struct import *im)
{
    struct corv_fault why = {0};
    size_t before = im->repairs.count;
    corv_rc rc = corv_roots_find(&im->archive, &im->roots, &why);

    if (rc == CORV_OK && im->roots.failed) {
        rc = corv_repair_includes(&im->archive, &im->repairs, im->fault);
        if (rc == CORV_OK && im->repairs.count > before) {
            why = (struct corv_fault){0};
            rc = corv_roots_find(&im->archive, &im->roots, &why);
        }
    }
    if (rc == CORV_E_NOMEM)
        return no_memory(im);
    if (rc != CORV_OK || im->roots.kinds)
        return rc;
    if (why.text[0])
        return CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.compile",
            "Deze schema's zijn niet te gebruiken. %.180s", why.text);
    return CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.no-messages",
        "In deze zip staan geen schema's van berichten die corvd kent.");
}

/* The whole of it as it will be used. */
static corv_rc smoke_test(struct import *im)
{
    struct corv_schema_file *files = calloc(im->archive.count + 1, sizeof *files);
    struct corv_schema_bundle bundle = {.files = files, .count = im->archive.count};
    struct corv_schemas *schemas = NULL;
    corv_rc rc;

    if (!files)
        return no_memory(im);
    for (size_t i = 0; i < im->archive.count; i++)
        files[i] = (struct corv_schema_file){im->archive.files[i].name,
            corv_view_of(im->archive.files[i].bytes, im->archive.files[i].size)};
    memcpy(bundle.entry, im->roots.entry, sizeof bundle.entry);
    rc = corv_schemas_compile(&bundle, &schemas, im->fault);
    corv_schemas_free(schemas);
    free(files);
    return rc;
}

static corv_rc unpack(struct import *im)
{
    corv_rc rc = corv_archive_read(im->request->zip, wanted, &limits, &im->archive, im->fault);

    if (rc == CORV_OK && im->archive.count == 0)
        rc = CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.no-messages",
            "In deze zip staan geen schema's van berichten die corvd kent.");
    return rc == CORV_OK ? corv_repair_backslashes(&im->archive, &im->repairs, im->fault) : rc;
}

/* ---- the manifest
 * --------------------------------------------------------------------------------- */

static corv_rc list_repairs(struct import *im)
{
    struct corv_schema_set *s = im->set;

    s->repairs = calloc(im->repairs.count + 1, sizeof *s->repairs);
    if (!s->repairs)
        return no_memory(im);
    for (size_t i = 0; i < im->repairs.count; i++) {
        struct corv_set_repair *r = &s->repairs[s->repairs_count++];

        *r = (struct corv_set_repair){strdup(im->repairs.list[i].file),
            strdup(im->repairs.list[i].what), im->repairs.list[i].line};
        if (!r->file || !r->what)
            return no_memory(im);
    }
    return CORV_OK;
}

static corv_rc list_files(struct import *im)
{
    struct corv_schema_set *s = im->set;

    s->files = calloc(im->archive.count + 1, sizeof *s->files);
    if (!s->files)
        return no_memory(im);
    for (size_t i = 0; i < im->archive.count; i++) {
        const struct corv_archive_file *from = &im->archive.files[i];
        struct corv_view bytes = corv_view_of(from->bytes, from->size);
        struct corv_set_file *f = &s->files[s->files_count++];
        struct corv_digest digest;

        f->path = strdup(from->name);
        f->size = from->size;
        if (!f->path || corv_digest_of(&bytes, 1, &digest) != CORV_OK)
            return no_memory(im);
        (void)corv_digest_text(&digest, f->hash);
    }
    return CORV_OK;
}

static corv_rc describe(struct import *im, const char *hash)
{
    const struct corv_import_request *r = im->request;
    char version[16], now[CORV_TIME_TEXT];
    struct corv_schema_set *s = calloc(1, sizeof *s);
    corv_rc rc;

    im->set = s;
    if (!s)
        return no_memory(im);
    version_of(r->source, version);
    memcpy(s->hash, hash, sizeof s->hash);
    s->published = published_of(r->source);
    s->version = strdup(version);
    s->name = name_of(r, version, s->published);
    s->source = strdup(r->source);
    s->imported_at = strdup(corv_clock_text(corv_clock_us(), now));
    s->imported_by = strdup(r->by ? r->by : "");
    s->from = r->from;
    s->kinds = im->roots.kinds;
    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        if (im->roots.entry[f] && !(s->entry[f] = strdup(im->roots.entry[f])))
            return no_memory(im);
    if (!s->version || !s->name || !s->source || !s->imported_at || !s->imported_by)
        return no_memory(im);
    rc = list_repairs(im);
    return rc == CORV_OK ? list_files(im) : rc;
}

/* ---- storing
 * ---------------------------------------------------------------------------------------- */

static corv_rc not_written(struct import *im, corv_rc rc)
{
    return CORV_FAIL(im->fault, rc, CORV_FAULT_STORE, "import.write",
        "De schemaset kon niet worden opgeslagen in %.120s.", im->request->state_dir);
}

static corv_rc write_all(struct import *im, const char *folder)
{
    char path[CORV_STORE_PATH], *manifest = corv_manifest_write(im->set);
    corv_rc rc = manifest ? corv_store_path(path, folder, "manifest.json", NULL) : CORV_E_NOMEM;

    if (rc == CORV_OK)
        rc = corv_store_write(path, corv_view_str(manifest));
    free(manifest);
    if (rc == CORV_OK)
        rc = corv_store_path(path, folder, "original.zip", NULL);
    if (rc == CORV_OK)
        rc = corv_store_write(path, im->request->zip);
    for (size_t i = 0; i < im->archive.count && rc == CORV_OK; i++) {
        const struct corv_archive_file *f = &im->archive.files[i];

        rc = corv_store_path(path, folder, "files", f->name);
        if (rc == CORV_OK)
            rc = corv_store_write(path, corv_view_of(f->bytes, f->size));
    }
    return rc;
}

static corv_rc store(struct import *im)
{
    char top[CORV_STORE_PATH], temporary[CORV_STORE_PATH], path[CORV_STORE_PATH];
    corv_rc rc = corv_store_path(top, im->request->state_dir, "schemas", NULL);

    if (rc == CORV_OK)
        rc = corv_store_path(path, top, im->set->hash, NULL);
    if (rc == CORV_OK)
        rc = corv_store_path(temporary, top, ".nieuw-XXXXXX", NULL);
    if (rc == CORV_OK)
        rc = corv_store_folder(top);
    if (rc == CORV_OK && !mkdtemp(temporary))
        rc = CORV_E_IO;
    if (rc != CORV_OK)
        return not_written(im, rc);
    rc = write_all(im, temporary);
    if (rc == CORV_OK)
        rc = corv_store_settle(temporary, path);
    if (rc != CORV_OK)
        corv_store_remove(temporary);
    return rc == CORV_OK ? rc : not_written(im, rc);
}

static corv_rc check_name(struct import *im, const struct corv_schema_store *known)
{
    const char *name = im->set->name;

    if (!name_fits(name) || strcmp(name, CORV_SCHEMA_OWN) == 0)
        return CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.name",
            "De naam van een set heeft 1 tot 60 letters, cijfers, punten, - en _.");
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->sets[i]->name, name) == 0)
            return CORV_FAIL(im->fault, CORV_E_INVALID, CORV_FAULT_SENDER, "import.name",
                "Er is al een andere set met de naam %.60s; geef een naam met --name.", name);
    return CORV_OK;
}

static corv_rc take_in(struct import *im, const char *hash, const struct corv_schema_store *known)
{
    corv_rc rc = unpack(im);

    if (rc == CORV_OK)
        rc = find_roots(im);
    if (rc == CORV_OK)
        rc = smoke_test(im);
    if (rc == CORV_OK)
        rc = describe(im, hash);
    if (rc == CORV_OK)
        rc = check_name(im, known);
    return rc == CORV_OK ? store(im) : rc;
}

/* The set with that hash moves from the store to the caller. */
static struct corv_schema_set *take_known(struct corv_schema_store *known, const char *hash)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->sets[i]->hash, hash) == 0) {
            struct corv_schema_set *set = known->sets[i];

            known->sets[i] = NULL;
            return set;
        }
    return NULL;
}

corv_rc corv_schemas_import(const struct corv_import_request *request, struct corv_schema_set **set,
    bool *already, struct corv_fault *fault)
{
    struct import im = {.request = request, .fault = fault};
    struct corv_schema_store known = {0};
    struct corv_digest digest;
    char hash[CORV_DIGEST_TEXT];
    corv_rc rc = corv_digest_of(&request->zip, 1, &digest);

    *set = NULL;
    *already = false;
    if (rc != CORV_OK)
        return no_memory(&im);
    rc = corv_schema_store_read(request->state_dir, &known, fault);
    if (rc != CORV_OK)
        return rc;
    *set = take_known(&known, corv_digest_text(&digest, hash));
    *already = *set != NULL;
    if (!*already)
        rc = take_in(&im, hash, &known);
    if (rc == CORV_OK && !*already) {
        *set = im.set;
        im.set = NULL;
    }
    corv_schema_set_free(im.set);
    corv_repairs_free(&im.repairs);
    corv_archive_free(&im.archive);
    corv_schema_store_free(&known);
    return rc;
}
