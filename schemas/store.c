/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "schemas/schema_set.h"
#include "schemas/store_files.h"
#include "schemas/store_manifest.h"

#define MANIFEST_MOST (4u << 20)
#define FILE_MOST     (32u << 20)
#define SETS_MOST     200

static corv_rc unreadable(struct corv_fault *fault, corv_rc rc)
{
    (void)CORV_FAIL(fault, rc, rc == CORV_E_NOMEM ? CORV_FAULT_BUG : CORV_FAULT_SETTINGS,
        "schemas.store", "De map met geïmporteerde schema's is niet te lezen.");
    return rc;
}

static corv_rc read_manifest(
    const char *folder, struct corv_schema_set **out, struct corv_fault *fault)
{
    char path[CORV_STORE_PATH];
    struct corv_buf text;
    corv_rc rc = corv_store_path(path, folder, "manifest.json", NULL);

    corv_buf_init(&text, MANIFEST_MOST);
    if (rc == CORV_OK)
        rc = corv_store_slurp(path, MANIFEST_MOST, &text);
    rc = rc == CORV_OK ? corv_manifest_read(corv_buf_view(&text), out, fault)
                       : unreadable(fault, rc);
    corv_buf_free(&text);
    return rc;
}

static bool is_hash(const char *name)
{
    return strlen(name) == CORV_DIGEST_TEXT - 1 &&
           strspn(name, "0123456789abcdef") == CORV_DIGEST_TEXT - 1;
}

static corv_rc add_set(
    struct corv_schema_store *s, const char *top, const char *name, struct corv_fault *fault)
{
    char folder[CORV_STORE_PATH];
    struct corv_schema_set *set = NULL, **sets;
    corv_rc rc = corv_store_path(folder, top, name, NULL);

    if (s->count >= SETS_MOST)
        rc = CORV_E_LIMIT;
    rc = rc == CORV_OK ? read_manifest(folder, &set, fault) : unreadable(fault, rc);
    if (rc != CORV_OK)
        return rc;
    if (strcmp(set->hash, name) != 0) {
        corv_schema_set_free(set);
        return unreadable(fault, CORV_E_INVALID);
    }
    sets = realloc(s->sets, (s->count + 1) * sizeof(struct corv_schema_set *));
    if (!sets) {
        corv_schema_set_free(set);
        return unreadable(fault, CORV_E_NOMEM);
    }
    s->sets = sets;
    s->sets[s->count++] = set;
    return CORV_OK;
}

static int by_import(const void *a, const void *b)
{
    const struct corv_schema_set *x = *(struct corv_schema_set *const *)a;
    const struct corv_schema_set *y = *(struct corv_schema_set *const *)b;
    int order = strcmp(x->imported_at, y->imported_at);

    return order ? order : strcmp(x->hash, y->hash);
}

corv_rc corv_schema_store_read(
    const char *state_dir, struct corv_schema_store *out, struct corv_fault *fault)
{
    char top[CORV_STORE_PATH];
    corv_rc rc = corv_store_path(top, state_dir, "schemas", NULL);
    DIR *dir = NULL;

    *out = (struct corv_schema_store){0};
    if (rc != CORV_OK)
        return unreadable(fault, rc);
    dir = opendir(top);
    if (!dir)
        return errno == ENOENT ? CORV_OK : unreadable(fault, CORV_E_IO);
    for (const struct dirent *d; rc == CORV_OK && (d = readdir(dir));)
        if (is_hash(d->d_name)) /* others are imports under way or left behind */
            rc = add_set(out, top, d->d_name, fault);
    (void)closedir(dir);
    if (rc != CORV_OK)
        corv_schema_store_free(out);
    else if (out->count)
        qsort(out->sets, out->count, sizeof(struct corv_schema_set *), by_import);
    return rc;
}

void corv_schema_store_free(struct corv_schema_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++)
        corv_schema_set_free(s->sets[i]);
    free(s->sets);
    *s = (struct corv_schema_store){0};
}

const struct corv_schema_set *corv_schema_store_find(
    const struct corv_schema_store *s, const char *name)
{
    const struct corv_schema_set *found = NULL;
    size_t n = strlen(name);

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->sets[i]->name, name) == 0)
            return s->sets[i];
    for (size_t i = 0; n >= 6 && i < s->count; i++)
        if (strncmp(s->sets[i]->hash, name, n) == 0) {
            if (found)
                return NULL;
            found = s->sets[i];
        }
    return found;
}

/* ---- compiling a stored set ------------------------------------------------------------------ */

static corv_rc load_file(const char *folder, const struct corv_set_file *f, struct corv_buf *out)
{
    char path[CORV_STORE_PATH], hash[CORV_DIGEST_TEXT];
    struct corv_digest digest;
    struct corv_view bytes;
    corv_rc rc = corv_store_path(path, folder, f->path, NULL);

    if (rc == CORV_OK)
        rc = corv_store_slurp(path, FILE_MOST, out);
    if (rc != CORV_OK)
        return rc;
    bytes = corv_buf_view(out);
    rc = corv_digest_of(&bytes, 1, &digest);
    if (rc == CORV_OK && strcmp(corv_digest_text(&digest, hash), f->hash) != 0)
        rc = CORV_E_INVALID;
    return rc;
}

static corv_rc changed(const struct corv_schema_set *set, corv_rc rc, struct corv_fault *fault)
{
    return CORV_FAIL(fault, rc, rc == CORV_E_NOMEM ? CORV_FAULT_BUG : CORV_FAULT_SETTINGS,
        "schemas.changed",
        "De bestanden van schemaset %.60s zijn weg of veranderd; importeer de set opnieuw.",
        set->name);
}

corv_rc corv_schema_set_compile(const char *state_dir, const struct corv_schema_set *set,
    struct corv_schemas **out, struct corv_fault *fault)
{
    char top[CORV_STORE_PATH], folder[CORV_STORE_PATH];
    struct corv_schema_file *files = calloc(set->files_count + 1, sizeof *files);
    struct corv_buf *bytes = calloc(set->files_count + 1, sizeof *bytes);
    struct corv_schema_bundle bundle = {.files = files, .count = set->files_count};
    corv_rc rc = files && bytes ? CORV_OK : CORV_E_NOMEM;

    *out = NULL;
    if (rc == CORV_OK)
        rc = corv_store_path(top, state_dir, "schemas", set->hash);
    if (rc == CORV_OK)
        rc = corv_store_path(folder, top, "files", NULL);
    for (size_t i = 0; i < set->files_count && rc == CORV_OK; i++) {
        corv_buf_init(&bytes[i], FILE_MOST);
        rc = load_file(folder, &set->files[i], &bytes[i]);
        files[i] = (struct corv_schema_file){set->files[i].path, corv_buf_view(&bytes[i])};
    }
    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        bundle.entry[f] = set->entry[f];
    rc = rc == CORV_OK ? corv_schemas_compile(&bundle, out, fault) : changed(set, rc, fault);
    for (size_t i = 0; bytes && i < set->files_count; i++)
        corv_buf_free(&bytes[i]);
    free(bytes);
    free(files);
    return rc;
}
