/* SPDX-License-Identifier: EUPL-1.2 */
/* What the verbs that take a published file in have in common. Defined in verb_schemas.c.
 * Test: tests/unit/test_ctl_import.c */
#ifndef CORV_CTL_IMPORT_H
#define CORV_CTL_IMPORT_H

#include "daemon/ctl/ctl.h"
#include "schemas/store.h"

const char *corv_ctl_user(void); /* who runs this, for the books; static */
const char *corv_ctl_base_name(const char *path);
/* --state-dir when it was given, else that of the configuration. On false the user was told. */
bool corv_ctl_state_dir(struct corv_ctl *ctl, const char *given, const char **out);
/* The whole file or a complaint. */
bool corv_ctl_read_whole(
    struct corv_ctl *ctl, const char *path, size_t limit, struct corv_buf *out);

/* A schema set as it is shown: new JSON values, and "jr vt stuf" in out. */
json_t *corv_ctl_set_json(const struct corv_schema_set *s);
json_t *corv_ctl_kinds_json(uint32_t kinds);
char *corv_ctl_families_text(const struct corv_schema_set *s, char *out, size_t size);

#endif
