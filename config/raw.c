/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/raw.h"

#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/text.h"

/* An empty section ("limits:" with everything below it commented out) is as good as none. */
#define MAYBE (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER_NULL_STR)

static const cyaml_schema_value_t text_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

/* clang-format off */
#define FIELD_SCALAR(of, key) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_OPTIONAL, of, key, 0, CYAML_UNLIMITED),
#define FIELD_TEXT     FIELD_SCALAR
#define FIELD_NAME     FIELD_SCALAR
#define FIELD_FILE     FIELD_SCALAR
#define FIELD_PATH     FIELD_SCALAR
#define FIELD_ADDRESS  FIELD_SCALAR
#define FIELD_OIN      FIELD_SCALAR
#define FIELD_LEVEL    FIELD_SCALAR
#define FIELD_BOOL     FIELD_SCALAR
#define FIELD_NUMBER   FIELD_SCALAR
#define FIELD_BYTES    FIELD_SCALAR
#define FIELD_DATE     FIELD_SCALAR
#define FIELD_TEXTS(of, key) CYAML_FIELD_SEQUENCE(#key, MAYBE, of, key, &text_value, 0, CYAML_UNLIMITED),
#define FIELD(of, key, type, ...) FIELD_##type(of, key)
#define GROUP(key, fields) CYAML_FIELD_MAPPING_PTR(#key, MAYBE, struct raw_config, key, fields)
#define LIST(of, key, value) CYAML_FIELD_SEQUENCE(#key, MAYBE, of, key, &(value), 0, CYAML_UNLIMITED)
#define ITEM(of, fields) {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, of, fields)}

static const cyaml_schema_field_t listen_fields[] = {
#define CORV_LISTEN(...) FIELD(struct raw_listen, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t admin_fields[] = {
#define CORV_ADMIN(...) FIELD(struct raw_admin, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t limits_fields[] = {
#define CORV_LIMITS(...) FIELD(struct raw_limits, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t delivery_fields[] = {
#define CORV_DELIVERY(...) FIELD(struct raw_delivery, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t retention_fields[] = {
#define CORV_RETENTION(...) FIELD(struct raw_retention, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t alarms_fields[] = {
#define CORV_ALARMS(...) FIELD(struct raw_alarms, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_field_t setting_fields[] = {
#define CORV_ADAPTER_SETTING(...) FIELD(struct raw_setting, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t setting_value = ITEM(struct raw_setting, setting_fields);
static const cyaml_schema_field_t adapter_fields[] = {
#define CORV_ADAPTER(...) FIELD(struct raw_adapter, __VA_ARGS__)
#include "config/settings.def"
    LIST(struct raw_adapter, settings, setting_value),
    CYAML_FIELD_END};
static const cyaml_schema_value_t adapter_value = ITEM(struct raw_adapter, adapter_fields);
static const cyaml_schema_field_t role_fields[] = {
#define CORV_PARTY_ROLE(...) FIELD(struct raw_role, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t role_value = ITEM(struct raw_role, role_fields);
static const cyaml_schema_field_t party_fields[] = {
#define CORV_PARTY(...) FIELD(struct raw_party, __VA_ARGS__)
#include "config/settings.def"
    LIST(struct raw_party, roles, role_value),
    CYAML_FIELD_END};
static const cyaml_schema_value_t party_value = ITEM(struct raw_party, party_fields);
static const cyaml_schema_field_t schema_fields[] = {
#define CORV_SCHEMA(...) FIELD(struct raw_schema, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t schema_value = ITEM(struct raw_schema, schema_fields);
static const cyaml_schema_field_t rule_fields[] = {
#define CORV_RULE(...) FIELD(struct raw_rule, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t rule_value = ITEM(struct raw_rule, rule_fields);
static const cyaml_schema_field_t mandate_fields[] = {
#define CORV_MANDATE(...) FIELD(struct raw_mandate, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t mandate_value = ITEM(struct raw_mandate, mandate_fields);
static const cyaml_schema_field_t route_fields[] = {
#define CORV_ROUTE(...) FIELD(struct raw_route, __VA_ARGS__)
#include "config/settings.def"
    CYAML_FIELD_END};
static const cyaml_schema_value_t route_value = ITEM(struct raw_route, route_fields);
static const cyaml_schema_field_t top_fields[] = {
#define CORV_TOP(...) FIELD(struct raw_config, __VA_ARGS__)
#include "config/settings.def"
    GROUP(listen, listen_fields),
    GROUP(admin, admin_fields),
    GROUP(limits, limits_fields),
    GROUP(delivery, delivery_fields),
    GROUP(retention, retention_fields),
    GROUP(alarms, alarms_fields),
    LIST(struct raw_config, adapters, adapter_value),
    LIST(struct raw_config, parties, party_value),
    LIST(struct raw_config, mandates, mandate_value),
    LIST(struct raw_config, schemas, schema_value),
    LIST(struct raw_config, rules, rule_value),
    LIST(struct raw_config, routes, route_value),
    CYAML_FIELD_END};
static const cyaml_schema_value_t top_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_config, top_fields)};
/* clang-format on */

/* ---- the shape, everything at once ---- */

static const cyaml_schema_field_t *field_of(const cyaml_schema_value_t *map, const char *key)
{
    for (const cyaml_schema_field_t *f = map->mapping.fields; f->key; f++)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

static void unknown_key(
    const struct corv_tree *node, const cyaml_schema_value_t *map, struct corv_findings *findings)
{
    const char *names[CORV_TREE_KEYS];
    unsigned count = 0;

    for (const cyaml_schema_field_t *f = map->mapping.fields; f->key && count < CORV_TREE_KEYS; f++)
        names[count++] = f->key;

    const char *near = corv_text_nearest(node->key, names, count);
    struct corv_tree place =
        *node->parent; /* the unknown word itself may be a secret gone astray */

    place.line = node->line;
    place.column = node->column;
    if (near)
        corv_tree_error(findings, &place, "config.unknown-key",
            "Deze instelling bestaat hier niet; bedoelt u '%s'?", near);
    else
        corv_tree_error(findings, &place, "config.unknown-key",
            "Deze instelling bestaat hier niet; docs/settings.md noemt alle instellingen.");
}

static bool shape_is(const struct corv_tree *node, const cyaml_schema_value_t *value)
{
    bool empty = node->kind == CORV_TREE_SCALAR && corv_text_is_null(node->text);

    switch (value->type) {
    case CYAML_MAPPING:
        return node->kind == CORV_TREE_MAP ||
               (empty &&
                   (value->flags & CYAML_FLAG_POINTER_NULL_STR) == CYAML_FLAG_POINTER_NULL_STR);
    case CYAML_SEQUENCE:
        return node->kind == CORV_TREE_LIST || empty;
    default:
        return node->kind == CORV_TREE_SCALAR;
    }
}

static const char *shape_name(const cyaml_schema_value_t *value)
{
    switch (value->type) {
    case CYAML_MAPPING:
        return "een groep instellingen (naam: waarde)";
    case CYAML_SEQUENCE:
        return "een lijst, ook als het er een is: [waarde]";
    default:
        return "een enkele waarde";
    }
}

/* Depth is bounded by the schema, which has no loops. */
static bool shape_of(const struct corv_tree *node, const cyaml_schema_value_t *value,
    struct corv_findings *findings) // NOLINT(misc-no-recursion)
{
    bool good = true;

    if (!shape_is(node, value)) {
        corv_tree_error(
            findings, node, "config.shape", "Hier hoort %s te staan.", shape_name(value));
        return false;
    }
    for (const struct corv_tree *c = node->first; c; c = c->next) {
        const cyaml_schema_value_t *inner =
            value->type == CYAML_SEQUENCE ? value->sequence.entry : NULL;

        if (!inner) {
            const cyaml_schema_field_t *f = field_of(value, c->key);

            if (!f) {
                unknown_key(c, value, findings);
                continue;
            }
            inner = &f->value;
        }
        good = shape_of(c, inner, findings) && good;
    }
    return good;
}

corv_rc corv_raw_shape(const struct corv_tree *root, struct corv_findings *f)
{
    return !root || shape_of(root, &top_value, f) ? CORV_OK : CORV_E_INVALID;
}

/* ---- the values, by libcyaml ---- */

/* libcyaml tells its reasons through its log, with "(line: 3, column: 5)" in the sentence. */
__attribute__((format(printf, 3, 0))) static void heard(
    cyaml_log_t level, void *ctx, const char *fmt, va_list ap)
{
    struct corv_findings *findings = ctx;
    struct corv_tree here = {0};
    char said[512];

    (void)level;
    (void)vsnprintf(said, sizeof said, fmt, ap);

    const char *line = strstr(said, "line: ");
    const char *column = strstr(said, "column: ");

    if (!line || findings->errors)
        return;
    here.line = (int)strtol(line + strlen("line: "), NULL, 10);
    here.column = column ? (int)strtol(column + strlen("column: "), NULL, 10) : 0;
    corv_tree_error(findings, &here, "config.value", "Deze instelling kan corvd niet lezen.");
}

corv_rc corv_raw_load(struct corv_arena *a, struct corv_view bytes, const struct raw_config **out,
    struct corv_findings *f)
{
    static const struct raw_config nothing;
    struct corv_findings own;
    const cyaml_config_t how = {
        .log_fn = heard,
        .log_ctx = &own,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = corv_arena_resize,
        .mem_ctx = a,
        .flags = CYAML_CFG_IGNORE_UNKNOWN_KEYS | CYAML_CFG_NO_ALIAS,
    };
    cyaml_data_t *data = NULL;

    corv_findings_init(&own);
    cyaml_err_t err =
        cyaml_load_data((const uint8_t *)bytes.p, bytes.n, &how, &top_value, &data, NULL);

    for (size_t i = 0; i < own.count; i++)
        corv_findings_add(f, &own.list[i]);
    if (err != CYAML_OK && err != CYAML_ERR_OOM && own.count == 0)
        corv_tree_error(f, NULL, "config.value", "libcyaml kan het bestand niet lezen: %s.",
            cyaml_strerror(err));
    corv_findings_free(&own);
    if (err == CYAML_ERR_OOM)
        return CORV_E_NOMEM;
    *out = data ? data : &nothing;
    return err == CYAML_OK ? CORV_OK : CORV_E_INVALID;
}
