/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/reference.h"

#include <jansson.h>
#include <stdlib.h>

#include "daemon/base/digest.h"
#include "schemas/store_files.h"

#define FORMAT    1
#define JSON_MOST (16u << 20)

static int compare(struct corv_view a, const char *b)
{
    size_t n = strlen(b);
    int order = memcmp(a.p ? a.p : "", b, a.n < n ? a.n : n);

    return order ? order : (a.n > n) - (a.n < n);
}

const struct corv_instance *corv_reference_by_code(
    const struct corv_reference *r, struct corv_view code)
{
    size_t low = 0, high = r->instances_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(code, r->instances[mid].code);

        if (order == 0)
            return &r->instances[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct corv_instance *corv_reference_by_oin(
    const struct corv_reference *r, struct corv_view oin, int day)
{
    const struct corv_instance *found = NULL;

    for (size_t i = 0; oin.n && i < r->instances_count; i++)
        if (corv_view_is(oin, r->instances[i].oin)) {
            if (corv_instance_valid(&r->instances[i], day))
                return &r->instances[i];
            found = &r->instances[i];
        }
    return found;
}

bool corv_instance_valid(const struct corv_instance *i, int day)
{
    return day >= i->from && (i->until == 0 || day <= i->until);
}

bool corv_reference_role_known(const struct corv_reference *r, struct corv_view name, int day)
{
    for (size_t i = 0; i < r->roles_count; i++)
        if (corv_view_is(name, r->roles[i].name) && day >= r->roles[i].from &&
            (r->roles[i].until == 0 || day <= r->roles[i].until))
            return true;
    return false;
}

/* ---- from JSON --------------------------------------------------------------------------------
 */

static const char *member(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static int day(const json_t *o, const char *key)
{
    return (int)json_integer_value(json_object_get(o, key));
}

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct corv_instance *)a)->code, ((const struct corv_instance *)b)->code);
}

static corv_rc read_instances(const json_t *list, struct corv_reference *r)
{
    const json_t *one;
    size_t i;

    if (json_array_size(list) == 0 || json_array_size(list) > CORV_REFERENCE_INSTANCES_MAX)
        return CORV_E_INVALID;
    r->instances = calloc(json_array_size(list), sizeof *r->instances);
    if (!r->instances)
        return CORV_E_NOMEM;
    json_array_foreach(list, i, one)
    {
        r->instances[i] = (struct corv_instance){member(one, "code"), member(one, "name"),
            member(one, "oin"), day(one, "from"), day(one, "until")};
        if (!*r->instances[i].code)
            return CORV_E_INVALID;
        r->instances_count++;
    }
    qsort(r->instances, r->instances_count, sizeof *r->instances, by_code);
    for (i = 1; i < r->instances_count; i++)
        if (strcmp(r->instances[i - 1].code, r->instances[i].code) == 0)
            return CORV_E_INVALID;
    return CORV_OK;
}

static corv_rc read_roles(const json_t *list, struct corv_reference *r)
{
    const json_t *one;
    size_t i;

    if (json_array_size(list) > CORV_REFERENCE_ROLES_MAX)
        return CORV_E_INVALID;
    r->roles = calloc(json_array_size(list) + 1, sizeof *r->roles);
    if (!r->roles)
        return CORV_E_NOMEM;
    json_array_foreach(list, i, one)
    {
        r->roles[i] = (struct corv_reference_role){
            member(one, "code"), member(one, "name"), day(one, "from"), day(one, "until")};
        r->roles_count++;
    }
    return CORV_OK;
}

corv_rc corv_reference_read(
    struct corv_view text, struct corv_reference **out, struct corv_fault *fault)
{
    struct corv_reference *r = calloc(1, sizeof *r);
    corv_rc rc = r ? CORV_E_INVALID : CORV_E_NOMEM;

    *out = NULL;
    if (r)
        r->json = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if (r && r->json && day(r->json, "format") == FORMAT) {
        r->source = member(r->json, "source");
        r->source_hash = member(r->json, "sha256");
        r->edition = member(r->json, "edition");
        r->imported_at = member(r->json, "imported_at");
        r->imported_by = member(r->json, "imported_by");
        rc = read_instances(json_object_get(r->json, "instances"), r);
        if (rc == CORV_OK)
            rc = read_roles(json_object_get(r->json, "roles"), r);
    }
    if (rc == CORV_OK) {
        *out = r;
        return CORV_OK;
    }
    corv_reference_free(r);
    return CORV_FAIL(fault, rc, CORV_FAULT_SETTINGS, "reference.unreadable",
        "De geïmporteerde referentielijst is niet te lezen.");
}

void corv_reference_free(struct corv_reference *r)
{
    if (!r)
        return;
    free(r->instances);
    free(r->roles);
    json_decref(r->json);
    free(r);
}

/* The file named in state_dir/reference/current. */
static corv_rc current(const char *state_dir, char path[CORV_STORE_PATH])
{
    char folder[CORV_STORE_PATH], name[CORV_DIGEST_TEXT + 8];
    struct corv_buf hash;
    corv_rc rc = corv_store_path(folder, state_dir, "reference", NULL);

    corv_buf_init(&hash, 4096);
    if (rc == CORV_OK)
        rc = corv_store_path(path, folder, "current", NULL);
    if (rc == CORV_OK)
        rc = corv_store_slurp(path, 200, &hash);
    if (rc == CORV_OK && (hash.n < CORV_DIGEST_TEXT - 1 ||
                             strspn(hash.p, "0123456789abcdef") != CORV_DIGEST_TEXT - 1))
        rc = CORV_E_INVALID;
    if (rc == CORV_OK) {
        memcpy(name, hash.p, CORV_DIGEST_TEXT - 1);
        memcpy(name + CORV_DIGEST_TEXT - 1, ".json", 6);
        rc = corv_store_path(path, folder, name, NULL);
    }
    corv_buf_free(&hash);
    return rc;
}

corv_rc corv_reference_load(
    const char *state_dir, struct corv_reference **out, struct corv_fault *fault)
{
    char path[CORV_STORE_PATH];
    struct corv_buf text;
    corv_rc rc = current(state_dir, path);

    *out = NULL;
    if (rc == CORV_E_NOTFOUND)
        return rc;
    corv_buf_init(&text, JSON_MOST);
    if (rc == CORV_OK)
        rc = corv_store_slurp(path, JSON_MOST - 1, &text);
    if (rc == CORV_OK)
        rc = corv_reference_read(corv_buf_view(&text), out, fault);
    else
        rc = CORV_FAIL(fault, rc == CORV_E_NOTFOUND ? CORV_E_INVALID : rc, CORV_FAULT_SETTINGS,
            "reference.unreadable", "De geïmporteerde referentielijst is niet te lezen.");
    corv_buf_free(&text);
    return rc;
}
