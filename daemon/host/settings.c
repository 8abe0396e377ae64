/* SPDX-License-Identifier: EUPL-1.2 */
/* The settings of one instance, checked against the adapter's own table. */
#include <stdlib.h>
#include <string.h>

#include "daemon/host/internal.h"

static const struct corv_adapter_setting *row_of(const struct corv_adapter *api, const char *key)
{
    const struct corv_adapter_setting *row = api->settings;

    for (; row && row->key; row++)
        if (strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

/* What a key that was given belongs to; the row "*" takes what has none of its own. */
static const struct corv_adapter_setting *row_or_any(
    const struct corv_adapter *api, const char *key)
{
    const struct corv_adapter_setting *row = row_of(api, key);

    return row ? row : row_of(api, "*");
}

static bool fits(const char *type, const char *value)
{
    if (strcmp(type, "integer") == 0)
        return *value && strlen(value) <= 9 && value[strspn(value, "0123456789")] == '\0';
    if (strcmp(type, "boolean") == 0)
        return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    return true;
}

static corv_rc check_given(
    const struct corv_host_entry *e, const struct corv_adapter *api, struct corv_fault *f)
{
    for (unsigned i = 0; i < e->settings_count; i++) {
        const struct corv_adapter_setting *row = row_or_any(api, e->settings[i].key);

        if (!row)
            return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "adapter.setting",
                "Adapter %s kent de instelling %.60s niet.", e->name, e->settings[i].key);
        if (!fits(row->type, e->settings[i].value))
            return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "adapter.setting",
                "Adapter %s: de waarde van %.60s past niet; verwacht: %s.", e->name,
                e->settings[i].key,
                strcmp(row->type, "boolean") == 0 ? "true of false" : "een heel getal");
    }
    return CORV_OK;
}

static bool given(const struct corv_host_entry *e, const char *key)
{
    for (unsigned i = 0; i < e->settings_count; i++)
        if (strcmp(e->settings[i].key, key) == 0 && e->settings[i].value[0])
            return true;
    return false;
}

static bool offered(const struct corv_host_entry *e, const char *key)
{
    for (unsigned i = 0; i < e->offered_count; i++)
        if (strcmp(e->offered[i].key, key) == 0 && e->offered[i].value)
            return true;
    return false;
}

static corv_rc check_required(
    const struct corv_host_entry *e, const struct corv_adapter *api, struct corv_fault *f)
{
    const struct corv_adapter_setting *row = api->settings;

    for (; row && row->key; row++)
        if (!row->preset && strcmp(row->key, "*") != 0 && !given(e, row->key) &&
            !offered(e, row->key))
            return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "adapter.setting",
                "Adapter %s mist de verplichte instelling %s.", e->name, row->key);
    return CORV_OK;
}

/* Adds key and value; on CORV_E_NOMEM a half one is counted, so that it is freed. */
static corv_rc keep(struct settings *s, const struct corv_host_setting *one)
{
    s->list[s->count].key = strdup(one->key);
    s->list[s->count].value = strdup(one->value);
    s->count++;
    return s->list[s->count - 1].key && s->list[s->count - 1].value ? CORV_OK : CORV_E_NOMEM;
}

corv_rc corv__settings_new(const struct corv_host_entry *e, const struct corv_adapter *api,
    struct settings **out, struct corv_fault *f)
{
    struct settings *s = NULL;
    corv_rc rc = check_given(e, api, f);

    if (rc == CORV_OK)
        rc = check_required(e, api, f);
    if (rc != CORV_OK)
        goto out;
    rc = CORV_E_NOMEM;
    s = calloc(1, sizeof *s);
    if (!s)
        goto out;
    s->list = calloc(e->settings_count + e->offered_count + 1, sizeof *s->list);
    if (!s->list)
        goto out;
    rc = CORV_OK;
    for (unsigned i = 0; i < e->settings_count && rc == CORV_OK; i++)
        rc = keep(s, &e->settings[i]);
    s->given = s->count;
    for (unsigned i = 0; i < e->offered_count && rc == CORV_OK; i++)
        if (e->offered[i].value && row_of(api, e->offered[i].key) && !given(e, e->offered[i].key))
            rc = keep(s, &e->offered[i]);
out:
    if (rc == CORV_E_NOMEM)
        (void)CORV_FAIL(
            f, rc, CORV_FAULT_BUG, "host.memory", "Geen geheugen voor adapter %s.", e->name);
    if (rc == CORV_OK) {
        *out = s;
        s = NULL;
    }
    corv__settings_free(s);
    return rc;
}

void corv__settings_free(struct settings *s)
{
    while (s) {
        struct settings *older = s->older;

        for (unsigned i = 0; s->list && i < s->count; i++) {
            free(s->list[i].key);
            free(s->list[i].value);
        }
        free(s->list);
        free(s);
        s = older;
    }
}

const char *corv__settings_get(
    const struct settings *s, const struct corv_adapter *api, const char *key)
{
    const char *value = NULL;

    for (unsigned i = 0; s && i < s->count && !value; i++)
        if (strcmp(s->list[i].key, key) == 0)
            value = s->list[i].value;
    if (!value || !*value) {
        const struct corv_adapter_setting *row = row_of(api, key);

        value = row ? row->preset : NULL;
    }
    return value && *value ? value : NULL;
}

const char *corv__settings_at(const struct settings *s, uint32_t i, const char **key)
{
    *key = s && i < s->given ? s->list[i].key : NULL;
    return *key ? s->list[i].value : NULL;
}
