/* SPDX-License-Identifier: EUPL-1.2 */
/* Schemas compiled from memory: a bundle of named files and, per family of messages, the file to
 * begin with. Includes and imports find each other by path inside the bundle; everything else is
 * refused, by a loader that knows neither files nor network. The result is immutable and is
 * shared by all workers. Other bundles (the official sets, as imported) become struct
 * corv_schemas in the same way, and the configuration chooses one per partner.
 * Compile on one thread at a time is not needed; compiling may run besides validating.
 * Test: tests/unit/test_verdict_schemas.c */
#ifndef CORV_SCHEMAS_SCHEMA_SET_H
#define CORV_SCHEMAS_SCHEMA_SET_H

#include <libxml/xmlschemas.h>

#include "schemas/kind.h"
#include "schemas/verdict.h"

struct corv_schema_file {
    const char *name; /* path in the bundle, with slashes: "jr/msg.xsd" */
    struct corv_view bytes;
};

struct corv_schema_bundle {
    const struct corv_schema_file *files; /* borrowed for the call */
    size_t count;
    const char *entry[CORV_FAMILY_COUNT]; /* NULL: the bundle does not know that family */
};

CORV_MUST_CHECK corv_rc corv_schemas_compile(
    const struct corv_schema_bundle *bundle, struct corv_schemas **out, struct corv_fault *fault);

/* The compiled schema for a family; NULL when the set has none. Borrowed from the set. */
xmlSchemaPtr corv_schemas_for(const struct corv_schemas *s, enum corv_family family);

#endif
