/* SPDX-License-Identifier: EUPL-1.2 */
/* The file as libcyaml delivers it: the shape is right, every scalar is still text. Text, because
 * libcyaml stops at the first wrong number and an operator wants to hear of all of them at once;
 * config_read.c turns the text into values by the rows of settings.def.
 * Owner: the arena. Thread: one at a time. Test: tests/unit/test_config.c */
#ifndef CORV_CONFIG_RAW_H
#define CORV_CONFIG_RAW_H

#include <stdint.h>

#include "config/tree.h"

#define RAW_TEXT(key)    char *key;
#define RAW_NAME(key)    char *key;
#define RAW_FILE(key)    char *key;
#define RAW_PATH(key)    char *key;
#define RAW_ADDRESS(key) char *key;
#define RAW_OIN(key)     char *key;
#define RAW_LEVEL(key)   char *key;
#define RAW_BOOL(key)    char *key;
#define RAW_NUMBER(key)  char *key;
#define RAW_BYTES(key)   char *key;
#define RAW_DATE(key)    char *key;
#define RAW_TEXTS(key)                                                                             \
    char **key;                                                                                    \
    uint32_t key##_count;
#define RAW_MEMBER(key, type, ...) RAW_##type(key)

/* clang-format off */
struct raw_listen {
#define CORV_LISTEN(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_admin {
#define CORV_ADMIN(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_limits {
#define CORV_LIMITS(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_delivery {
#define CORV_DELIVERY(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_retention {
#define CORV_RETENTION(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_alarms {
#define CORV_ALARMS(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_setting {
#define CORV_ADAPTER_SETTING(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_adapter {
#define CORV_ADAPTER(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
    struct raw_setting *settings;
    uint32_t settings_count;
};
struct raw_role {
#define CORV_PARTY_ROLE(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_party {
#define CORV_PARTY(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
    struct raw_role *roles;
    uint32_t roles_count;
};
struct raw_schema {
#define CORV_SCHEMA(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_rule {
#define CORV_RULE(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_mandate {
#define CORV_MANDATE(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_route {
#define CORV_ROUTE(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
};
struct raw_config {
#define CORV_TOP(...) RAW_MEMBER(__VA_ARGS__)
#include "config/settings.def"
    struct raw_listen *listen; /* sections: NULL when absent */
    struct raw_admin *admin;
    struct raw_limits *limits;
    struct raw_delivery *delivery;
    struct raw_retention *retention;
    struct raw_alarms *alarms;
    struct raw_adapter *adapters;
    uint32_t adapters_count;
    struct raw_party *parties;
    uint32_t parties_count;
    struct raw_mandate *mandates;
    uint32_t mandates_count;
    struct raw_schema *schemas;
    uint32_t schemas_count;
    struct raw_rule *rules;
    uint32_t rules_count;
    struct raw_route *routes;
    uint32_t routes_count;
};
/* clang-format on */

/* Names every unknown key and every list or group that should be another shape. CORV_E_INVALID
 * only for the latter: with unknown keys the rest can still be read and judged. */
CORV_MUST_CHECK corv_rc corv_raw_shape(const struct corv_tree *root, struct corv_findings *f);
/* For a file whose shape is right. *out is never NULL on CORV_OK. */
CORV_MUST_CHECK corv_rc corv_raw_load(struct corv_arena *a, struct corv_view bytes,
    const struct raw_config **out, struct corv_findings *f);

#endif
