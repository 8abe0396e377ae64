/* SPDX-License-Identifier: EUPL-1.2 */
/* manifest.json: a struct corv_schema_set as text and back. Test: tests/unit/test_import_store.c */
#ifndef CORV_SCHEMAS_STORE_MANIFEST_H
#define CORV_SCHEMAS_STORE_MANIFEST_H

#include "daemon/base/view.h"
#include "schemas/store.h"

/* To be freed with free(); NULL when memory is gone. */
char *corv_manifest_write(const struct corv_schema_set *set);
CORV_MUST_CHECK corv_rc corv_manifest_read(
    struct corv_view json, struct corv_schema_set **out, struct corv_fault *fault);
/* 20260131 as "2026-01-31", 0 as "". Returns out. */
char *corv_manifest_day(int day, char out[16]);

#endif
