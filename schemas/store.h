/* SPDX-License-Identifier: EUPL-1.2 */
/* The official schema sets that were imported: state_dir/schemas/HASH/ with manifest.json, the
 * files as they are used (files/…) and the zip as published (original.zip). A set never changes;
 * HASH is the SHA-256 of the zip. Which one is in force for a kind, a partner and a day is said by
 * the configuration, as a list of choices; without a choice our own schemas are used, which are
 * always there.
 * Owner: whoever was given a set or a list. Reading: any thread.
 * Test: tests/unit/test_import_store.c */
#ifndef CORV_SCHEMAS_STORE_H
#define CORV_SCHEMAS_STORE_H

#include <stdint.h>

#include "daemon/base/digest.h"
#include "daemon/base/fault.h"
#include "schemas/kind.h"

struct corv_schemas;

struct corv_set_repair {
    char *file;
    char *what; /* "backslash" or "include" */
    int line;
};

struct corv_set_file {
    char *path; /* below files/, with slashes */
    char hash[CORV_DIGEST_TEXT];
    size_t size;
};

struct corv_schema_set {
    char hash[CORV_DIGEST_TEXT]; /* of the zip as published */
    char *name;                  /* unique in the store */
    char *version;               /* "1.0.9", or "" when the file name does not say */
    char *source;                /* name of the zip */
    char *imported_at;           /* ISO 8601 */
    char *imported_by;
    int published;                  /* YYYYMMDD from the file name, 0 unknown */
    int from;                       /* YYYYMMDD: not in force before; 0: no such day */
    uint32_t kinds;                 /* bit per enum corv_kind that the set can judge */
    char *entry[CORV_FAMILY_COUNT]; /* file to begin with, NULL: not in this set */
    struct corv_set_repair *repairs;
    size_t repairs_count;
    struct corv_set_file *files;
    size_t files_count;
};

struct corv_schema_store {
    struct corv_schema_set **sets; /* owned, oldest import first */
    size_t count;
};

void corv_schema_set_free(struct corv_schema_set *s); /* accepts NULL */

/* What is in the store; a set whose manifest cannot be read makes it fail, so that nothing is
 * silently missing. An absent folder is an empty store. */
CORV_MUST_CHECK corv_rc corv_schema_store_read(
    const char *state_dir, struct corv_schema_store *out, struct corv_fault *fault);
void corv_schema_store_free(struct corv_schema_store *s);
/* By name, by hash or by the beginning of the hash (at least 6 digits) when only one fits. */
const struct corv_schema_set *corv_schema_store_find(
    const struct corv_schema_store *s, const char *name);
/* Reads the files, compares them with the manifest's hashes and compiles them. */
CORV_MUST_CHECK corv_rc corv_schema_set_compile(const char *state_dir,
    const struct corv_schema_set *set, struct corv_schemas **out, struct corv_fault *fault);

/* One line of the configuration. */
struct corv_schema_choice {
    const char *set;   /* name or beginning of the hash; "eigen": our own */
    uint32_t kinds;    /* bits; 0: all the set can judge */
    const char *party; /* id of the sending party; NULL: all */
    int from;          /* YYYYMMDD, 0: since ever; the day of the set when that is later */
    int until;         /* last day, 0: open */
};
#define CORV_SCHEMA_OWN "eigen"

/* The choice in force: one for the party goes before one for all, then the latest from, then the
 * last in the list. NULL: our own schemas. Pure. */
const struct corv_schema_choice *corv_schema_choose(const struct corv_schema_choice *choices,
    size_t count, enum corv_kind kind, const char *party, int day);

#endif
