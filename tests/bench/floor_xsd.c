/* SPDX-License-Identifier: EUPL-1.2 */
/* The floor under the verdict: libxml2's own parser and schema check on one message, again and
 * again, and beside it the daemon's reader with its bounds and the same schema (schemas/verdict.h).
 *     corv-floor-xsd SCHEMA FILE COUNT
 * Prints one line of JSON: microseconds of CPU per message of each. Exits 1 when the message is not
 * valid. */
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "schemas/verdict.h"

static double cpu_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool raw(xmlSchemaPtr schema, const char *text, size_t n)
{
    xmlDocPtr doc = xmlReadMemory(text, (int)n, NULL, NULL, XML_PARSE_NONET);
    xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(schema);
    bool valid = doc && ctxt && xmlSchemaValidateDoc(ctxt, doc) == 0;

    xmlSchemaFreeValidCtxt(ctxt);
    xmlFreeDoc(doc);
    return valid;
}

static bool ours(const struct corv_schemas *schemas, const char *text, size_t n)
{
    struct corv_verdict v;
    corv_rc rc = corv_verdict_of(schemas, corv_view_of(text, n), NULL, &v);
    bool valid = rc == CORV_OK && v.valid;

    corv_verdict_free(&v);
    return valid;
}

int main(int argc, char **argv)
{
    static char text[1 << 20];
    struct corv_schemas *schemas = NULL;
    xmlSchemaPtr schema = NULL;
    bool good = argc == 4;
    size_t n = 0;

    if (good) {
        FILE *f = fopen(argv[2], "rb");

        n = f ? fread(text, 1, sizeof text, f) : 0;
        if (f)
            (void)fclose(f);
        xmlSchemaParserCtxtPtr reader = xmlSchemaNewParserCtxt(argv[1]);
        /* before corv_schemas_init: from then on nothing is read from files */
        schema = reader ? xmlSchemaParse(reader) : NULL;
        xmlSchemaFreeParserCtxt(reader);
        corv_schemas_init();
        good = n > 0 && schema && corv_schemas_new(&schemas, NULL) == CORV_OK;
    }
    if (!good) {
        (void)fprintf(stderr, "usage: corv-floor-xsd SCHEMA FILE COUNT\n");
        return 2;
    }

    unsigned long count = strtoul(argv[3], NULL, 10);
    double began = cpu_us();

    for (unsigned long i = 0; i < count; i++)
        good = raw(schema, text, n) && good;

    double middle = cpu_us();

    for (unsigned long i = 0; i < count; i++)
        good = ours(schemas, text, n) && good;
    printf("{\"raw_us\":%.2f,\"ours_us\":%.2f}\n", (middle - began) / (double)count,
        (cpu_us() - middle) / (double)count);
    corv_schemas_free(schemas);
    xmlSchemaFree(schema);
    return good ? 0 : 1;
}
