/* SPDX-License-Identifier: EUPL-1.2 */
/* The published reference lists (Referentielijsten): the instances of the justice chain with
 * their SYSDA code, OIN and end date, and the names of the roles. Imported with corvctl, stored
 * as JSON under state_dir/reference and read from there; immutable then, shared by all threads.
 * Owner: whoever called _read. Test: tests/unit/test_reference.c */
#ifndef CORV_SCHEMAS_REFERENCE_H
#define CORV_SCHEMAS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/fault.h"
#include "daemon/base/view.h"

#define CORV_REFERENCE_INSTANCES_MAX 20000
#define CORV_REFERENCE_ROLES_MAX     2000

struct corv_instance {
    const char *code; /* IDINST, e.g. RC0329 */
    const char *name; /* "" when the list has none */
    const char *oin;  /* 20 digits, or "" */
    int from;         /* first day, YYYYMMDD; 0: since ever */
    int until;        /* last day, YYYYMMDD; 0 = open */
};

struct corv_reference_role {
    const char *code;
    const char *name; /* without the blanks the published list has at the end */
    int from;
    int until;
};

struct corv_reference {
    const char *source;      /* name of the file it came from */
    const char *source_hash; /* SHA-256 of that file, hexadecimal */
    const char *edition;     /* the sheet, e.g. "INS Augustus 2026" */
    const char *imported_at; /* ISO 8601 */
    const char *imported_by;
    struct corv_instance *instances; /* owned, sorted by code */
    size_t instances_count;
    struct corv_reference_role *roles; /* owned */
    size_t roles_count;
    struct json_t *json; /* owned: all strings above */
};

/* NULL when the list does not know it. */
const struct corv_instance *corv_reference_by_code(
    const struct corv_reference *r, struct corv_view code);
/* The instance with that OIN; one that is valid on the day when there is one. */
const struct corv_instance *corv_reference_by_oin(
    const struct corv_reference *r, struct corv_view oin, int day);
bool corv_instance_valid(const struct corv_instance *i, int day);
/* A role with that name, valid on the day. */
bool corv_reference_role_known(const struct corv_reference *r, struct corv_view name, int day);

/* JSON as stored. On CORV_OK *out is owned by the caller. */
CORV_MUST_CHECK corv_rc corv_reference_read(
    struct corv_view json, struct corv_reference **out, struct corv_fault *fault);
/* The list in force under state_dir/reference. CORV_E_NOTFOUND: none was imported yet. */
CORV_MUST_CHECK corv_rc corv_reference_load(
    const char *state_dir, struct corv_reference **out, struct corv_fault *fault);
void corv_reference_free(struct corv_reference *r); /* accepts NULL */

#endif
