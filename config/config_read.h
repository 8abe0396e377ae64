/* SPDX-License-Identifier: EUPL-1.2 */
/* Inside config/: turning text into values (config_values.c), and judging the whole
 * (config_check.c). Test: tests/unit/test_config.c */
#ifndef CORV_CONFIG_CONFIG_READ_H
#define CORV_CONFIG_CONFIG_READ_H

#include "config/config.h"
#include "config/raw.h"
#include "config/settings.h"

struct corv_reader {
    struct corv_arena *arena;
    struct corv_findings *findings;
    const char *folder; /* with a slash at the end: what relative paths start from */
    bool nomem;         /* seen at the end, so that one missing byte is not reported as a fault */
};

/* Where a value comes from: its row, the item or section it stands in (NULL: absent), its text. */
struct corv_cell {
    const struct corv_setting_row *row;
    const struct corv_tree *item;
    const char *text;
};

void corv_take_text(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_name(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_file(struct corv_reader *r, struct corv_cell cell, const char **out);
/* *out, when it is credential:NAME, becomes the path of that file. */
void corv_take_credential(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_path(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_address(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_oin(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_level(struct corv_reader *r, struct corv_cell cell, const char **out);
void corv_take_bool(struct corv_reader *r, struct corv_cell cell, bool *out);
void corv_take_number(struct corv_reader *r, struct corv_cell cell, unsigned *out); /* auto: 0 */
void corv_take_bytes(struct corv_reader *r, struct corv_cell cell, uint64_t *out);
void corv_take_date(struct corv_reader *r, struct corv_cell cell, int *out);

/* The parties, mandates, routes and adapters (config_lists.c). */
corv_rc corv_read_lists(struct corv_reader *r, struct corv_config *c, const struct raw_config *raw,
    const struct corv_tree *root);
/* What only the whole can tell (config_check.c). */
void corv_config_check(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings);
void corv_config_check_parties(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings);
void corv_config_check_routes(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings);
/* The n-th item of a list; NULL when there is none. */
const struct corv_tree *corv_tree_item(const struct corv_tree *root, const char *list, unsigned n);

/* Numbers of the rows of settings.def: CORV_ROW_listen_port and so on. */
enum corv_setting_number {
#define CORV_TOP(key, ...)             CORV_ROW_top_##key,
#define CORV_LISTEN(key, ...)          CORV_ROW_listen_##key,
#define CORV_ADMIN(key, ...)           CORV_ROW_admin_##key,
#define CORV_LIMITS(key, ...)          CORV_ROW_limits_##key,
#define CORV_DELIVERY(key, ...)        CORV_ROW_delivery_##key,
#define CORV_RETENTION(key, ...)       CORV_ROW_retention_##key,
#define CORV_ALARMS(key, ...)          CORV_ROW_alarms_##key,
#define CORV_ADAPTER(key, ...)         CORV_ROW_adapter_##key,
#define CORV_ADAPTER_SETTING(key, ...) CORV_ROW_setting_##key,
#define CORV_PARTY(key, ...)           CORV_ROW_party_##key,
#define CORV_PARTY_ROLE(key, ...)      CORV_ROW_role_##key,
#define CORV_SCHEMA(key, ...)          CORV_ROW_schema_##key,
#define CORV_RULE(key, ...)            CORV_ROW_rule_##key,
#define CORV_MANDATE(key, ...)         CORV_ROW_mandate_##key,
#define CORV_ROUTE(key, ...)           CORV_ROW_route_##key,
#include "config/settings.def"
};
#define CORV_CELL(place, key, node, value)                                                         \
    ((struct corv_cell){&corv_settings[CORV_ROW_##place##_##key], (node), (value)})

#endif
