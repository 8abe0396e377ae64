/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/store_manifest.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define FORMAT     1
#define FILES_MOST 2000

static const char *const families[CORV_FAMILY_COUNT] = {[CORV_FAMILY_JR] = "jr",
    [CORV_FAMILY_VT] = "vt",
    [CORV_FAMILY_VV] = "vv",
    [CORV_FAMILY_GM] = "gm",
    [CORV_FAMILY_STUF] = "stuf"};

char *corv_manifest_day(int day, char out[16])
{
    out[0] = '\0';
    if (day)
        (void)snprintf(out, 16, "%04d-%02d-%02d", day / 10000, day / 100 % 100, day % 100);
    return out;
}

static int day_of(const char *text)
{
    int y, m, d;
    char *end;

    if (!text || strlen(text) != 10)
        return 0;
    y = (int)strtol(text, &end, 10);
    m = *end == '-' ? (int)strtol(end + 1, &end, 10) : 0;
    d = *end == '-' ? (int)strtol(end + 1, &end, 10) : 0;
    return *end == '\0' ? y * 10000 + m * 100 + d : 0;
}

static json_t *kinds_json(uint32_t kinds)
{
    json_t *list = json_array();

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        if (kinds >> k & 1)
            (void)json_array_append_new(list, json_string(corv_kind_name((enum corv_kind)k)));
    return list;
}

static json_t *entries_json(const struct corv_schema_set *set)
{
    json_t *o = json_object();

    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        if (families[f] && set->entry[f])
            (void)json_object_set_new(o, families[f], json_string(set->entry[f]));
    return o;
}

static json_t *repairs_json(const struct corv_schema_set *set)
{
    json_t *list = json_array();

    for (size_t i = 0; i < set->repairs_count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:i, s:s}", "file", set->repairs[i].file, "line",
                      set->repairs[i].line, "what", set->repairs[i].what));
    return list;
}

static json_t *files_json(const struct corv_schema_set *set)
{
    json_t *list = json_array();

    for (size_t i = 0; i < set->files_count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:I}", "path", set->files[i].path, "sha256",
                      set->files[i].hash, "size", (json_int_t)set->files[i].size));
    return list;
}

char *corv_manifest_write(const struct corv_schema_set *s)
{
    char published[16], from[16], *text;
    json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}",
        "format", FORMAT, "sha256", s->hash, "name", s->name, "version", s->version, "source",
        s->source, "published", corv_manifest_day(s->published, published), "from",
        corv_manifest_day(s->from, from), "imported_at", s->imported_at, "imported_by",
        s->imported_by, "kinds", kinds_json(s->kinds), "entry", entries_json(s), "repairs",
        repairs_json(s), "files", files_json(s));

    text = o ? json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(o);
    return text;
}

/* ---- and back ------------------------------------------------------------------------------- */

static const char *member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static bool copy_hash(const json_t *o, char out[CORV_DIGEST_TEXT])
{
    const char *text = member(o, "sha256");

    if (strlen(text) != CORV_DIGEST_TEXT - 1 ||
        strspn(text, "0123456789abcdef") != CORV_DIGEST_TEXT - 1)
        return false;
    memcpy(out, text, CORV_DIGEST_TEXT);
    return true;
}

static corv_rc read_kinds(const json_t *o, struct corv_schema_set *s)
{
    const json_t *list = json_object_get(o, "kinds"), *entries = json_object_get(o, "entry");
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one) s->kinds |= 1u << corv_kind_by_name(json_string_value(one));
    s->kinds &= ~(1u << CORV_KIND_UNKNOWN);
    for (int f = 0; f < CORV_FAMILY_COUNT; f++) {
        const char *path = families[f] ? member(entries, families[f]) : "";

        if (*path && !(s->entry[f] = strdup(path)))
            return CORV_E_NOMEM;
    }
    return s->kinds ? CORV_OK : CORV_E_INVALID;
}

static corv_rc read_repairs(const json_t *list, struct corv_schema_set *s)
{
    const json_t *one;
    size_t i;

    if (json_array_size(list) > FILES_MOST)
        return CORV_E_INVALID;
    s->repairs = calloc(json_array_size(list) + 1, sizeof *s->repairs);
    if (!s->repairs)
        return CORV_E_NOMEM;
    json_array_foreach(list, i, one)
    {
        struct corv_set_repair *r = &s->repairs[s->repairs_count++];

        r->file = strdup(member(one, "file"));
        r->what = strdup(member(one, "what"));
        r->line = (int)json_integer_value(json_object_get(one, "line"));
        if (!r->file || !r->what)
            return CORV_E_NOMEM;
    }
    return CORV_OK;
}

static corv_rc read_files(const json_t *list, struct corv_schema_set *s)
{
    const json_t *one;
    size_t i;

    if (json_array_size(list) > FILES_MOST || json_array_size(list) == 0)
        return CORV_E_INVALID;
    s->files = calloc(json_array_size(list), sizeof *s->files);
    if (!s->files)
        return CORV_E_NOMEM;
    json_array_foreach(list, i, one)
    {
        struct corv_set_file *f = &s->files[s->files_count++];

        f->path = strdup(member(one, "path"));
        f->size = (size_t)json_integer_value(json_object_get(one, "size"));
        if (!f->path)
            return CORV_E_NOMEM;
        if (!*f->path || !copy_hash(one, f->hash))
            return CORV_E_INVALID;
    }
    return CORV_OK;
}

static corv_rc read_set(const json_t *o, struct corv_schema_set *s)
{
    corv_rc rc;

    if (json_integer_value(json_object_get(o, "format")) != FORMAT || !copy_hash(o, s->hash) ||
        !*member(o, "name"))
        return CORV_E_INVALID;
    s->name = strdup(member(o, "name"));
    s->version = strdup(member(o, "version"));
    s->source = strdup(member(o, "source"));
    s->imported_at = strdup(member(o, "imported_at"));
    s->imported_by = strdup(member(o, "imported_by"));
    s->published = day_of(member(o, "published"));
    s->from = day_of(member(o, "from"));
    if (!s->name || !s->version || !s->source || !s->imported_at || !s->imported_by)
        return CORV_E_NOMEM;
    rc = read_kinds(o, s);
    if (rc == CORV_OK)
        rc = read_repairs(json_object_get(o, "repairs"), s);
    return rc == CORV_OK ? read_files(json_object_get(o, "files"), s) : rc;
}

corv_rc corv_manifest_read(
    struct corv_view text, struct corv_schema_set **out, struct corv_fault *fault)
{
    json_t *o = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    struct corv_schema_set *s = calloc(1, sizeof *s);
    corv_rc rc = s ? CORV_E_INVALID : CORV_E_NOMEM;

    *out = NULL;
    if (o && s)
        rc = read_set(o, s);
    json_decref(o);
    if (rc == CORV_OK) {
        *out = s;
        return CORV_OK;
    }
    corv_schema_set_free(s);
    return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "schemas.manifest",
        "De beschrijving van een geïmporteerde schemaset is niet te lezen.");
}

void corv_schema_set_free(struct corv_schema_set *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->repairs_count; i++) {
        free(s->repairs[i].file);
        free(s->repairs[i].what);
    }
    for (size_t i = 0; i < s->files_count; i++)
        free(s->files[i].path);
    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        free(s->entry[f]);
    free(s->repairs);
    free(s->files);
    free(s->name);
    free(s->version);
    free(s->source);
    free(s->imported_at);
    free(s->imported_by);
    free(s);
}
