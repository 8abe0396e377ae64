/* SPDX-License-Identifier: EUPL-1.2 */
/* All schemas that can be in force, compiled: our own and every official set a choice names. Made
 * at start-up and at each reload, aside from the one in use; when one set cannot be used the whole
 * is refused and the old one stays. Immutable then, shared by all workers; several versions can be
 * in force at once, per kind, partner and day.
 * Owner: whoever called _new. Test: tests/unit/test_import_store.c */
#ifndef CORV_SCHEMAS_STORE_SHELF_H
#define CORV_SCHEMAS_STORE_SHELF_H

#include "schemas/store.h"

struct corv_schema_shelf;

/* choices are copied. Without choices the store is not even looked at. CORV_E_INVALID: a set that
 * is not there, cannot be used or cannot judge a kind it is chosen for; the fault says which. */
CORV_MUST_CHECK corv_rc corv_schema_shelf_new(const char *state_dir,
    const struct corv_schema_choice *choices, size_t count, struct corv_schema_shelf **out,
    struct corv_fault *fault);
void corv_schema_shelf_free(struct corv_schema_shelf *s); /* accepts NULL */

/* Borrowed from the shelf; never NULL. */
const struct corv_schemas *corv_schema_shelf_pick(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day);
/* Name and version of the set that would be picked, for explanations: "eigen", "". */
const char *corv_schema_shelf_name(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day);
/* Its hash: of an official set that of the zip, of our own that of the files in the binary. */
const char *corv_schema_shelf_hash(
    const struct corv_schema_shelf *s, enum corv_kind kind, const char *party, int day);

#endif
