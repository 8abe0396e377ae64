/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/schema_set.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <libxml/xmlschemastypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/embedded.h"
#include "schemas/xml_memory.h"

/* Base of every name in a bundle; no protocol that libxml2 knows. */
#define BASE "corv:///"

extern const struct corv_embedded corv_embedded_xsd[];

struct corv_schemas {
    xmlSchemaPtr compiled[CORV_FAMILY_COUNT]; /* owned; families may share one */
};

/* The one table from family to the file to begin with, for our own schemas. */
static const char *const own_entry[CORV_FAMILY_COUNT] = {
    [CORV_FAMILY_JR] = "corv.xsd",
    [CORV_FAMILY_VT] = "corv.xsd",
    [CORV_FAMILY_VV] = "corv.xsd",
    [CORV_FAMILY_GM] = "corv.xsd",
    [CORV_FAMILY_STUF] = "corv.xsd",
    [CORV_FAMILY_OWN] = "kennisgeving.xsd",
};

/* What this thread is compiling; NULL outside corv_schemas_compile, when nothing loads. */
static _Thread_local const struct corv_schema_bundle *loading;

static const struct corv_schema_file *file_of(const struct corv_schema_bundle *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->files[i].name, name) == 0)
            return &b->files[i];
    return NULL;
}

/* libxml2's only way to more input in this process. */
static xmlParserInputPtr load(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
    const struct corv_schema_file *file = NULL;
    xmlParserInputBufferPtr buffer;
    xmlParserInputPtr input;

    (void)id;
    if (loading && url && strncmp(url, BASE, sizeof BASE - 1) == 0)
        file = file_of(loading, url + sizeof BASE - 1);
    if (!file && loading && url && strncmp(url, BASE, sizeof BASE - 1) == 0) {
        /* a name with a space or an accent comes back escaped */
        char *name = xmlURIUnescapeString(url + sizeof BASE - 1, 0, NULL);

        file = name ? file_of(loading, name) : NULL;
        xmlFree(name);
    }
    if (!file || file->bytes.n > INT32_MAX)
        return NULL;
    buffer =
        xmlParserInputBufferCreateMem(file->bytes.p, (int)file->bytes.n, XML_CHAR_ENCODING_NONE);
    if (!buffer)
        return NULL;
    input = xmlNewIOInputStream(ctxt, buffer, XML_CHAR_ENCODING_NONE);
    if (!input) {
        xmlFreeParserInputBuffer(buffer);
        return NULL;
    }
    input->filename = (const char *)xmlStrdup((const xmlChar *)url);
    return input;
}

void corv_schemas_init(void)
{
    corv_xml_memory_init();
    xmlInitParser();
    (void)xmlSchemaInitTypes();
    xmlSetExternalEntityLoader(load);
}

struct compiling {
    const char *entry;
    struct corv_fault *fault;
};

/* The first error is the cause; file and line are ours or the publisher's, no message. */
static void compile_error(void *data, xmlErrorPtr error)
{
    struct compiling *c = data;
    const char *file = error->file ? error->file : c->entry;

    if (error->level < XML_ERR_ERROR)
        return;
    if (strncmp(file, BASE, sizeof BASE - 1) == 0)
        file += sizeof BASE - 1;
    (void)CORV_FAIL(c->fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "schema.compile",
        "Het schema %s is niet te gebruiken (regel %d, libxml2-code %d).", file, error->line,
        error->code);
}

static corv_rc compile_entry(const char *entry, xmlSchemaPtr *out, struct corv_fault *fault)
{
    char url[256];
    struct compiling compiling = {entry, fault};
    xmlSchemaParserCtxtPtr ctxt;
    xmlStructuredErrorFunc before = xmlStructuredError; /* of this thread */
    void *before_data = xmlStructuredErrorContext;

    if (snprintf(url, sizeof url, BASE "%s", entry) >= (int)sizeof url)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "schema.compile",
            "De naam van een schemabestand is te lang.");
    ctxt = xmlSchemaNewParserCtxt(url);
    if (!ctxt)
        return CORV_FAIL(fault, CORV_E_NOMEM, CORV_FAULT_BUG, "schema.memory",
            "Geen geheugen om de schema's te lezen.");
    xmlSchemaSetParserStructuredErrors(ctxt, compile_error, &compiling);
    xmlSetStructuredErrorFunc(&compiling, compile_error); /* for the XML parser inside */
    *out = xmlSchemaParse(ctxt);
    xmlSetStructuredErrorFunc(before_data, before);
    xmlSchemaFreeParserCtxt(ctxt);
    xmlResetLastError();
    if (!*out)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "schema.compile",
            "Het schema %s is niet te gebruiken.", entry);
    return CORV_OK;
}

/* An earlier family with the same entry, or -1. */
static int same_entry(const struct corv_schema_bundle *b, int family)
{
    for (int f = 0; f < family; f++)
        if (b->entry[f] && strcmp(b->entry[f], b->entry[family]) == 0)
            return f;
    return -1;
}

corv_rc corv_schemas_compile(
    const struct corv_schema_bundle *bundle, struct corv_schemas **out, struct corv_fault *fault)
{
    struct corv_fault unused = {0};
    struct corv_schemas *s = calloc(1, sizeof *s);
    corv_rc rc = CORV_OK;

    *out = NULL;
    if (!s)
        return CORV_FAIL(fault, CORV_E_NOMEM, CORV_FAULT_BUG, "schema.memory",
            "Geen geheugen om de schema's te lezen.");
    corv_xml_memory_clear();
    loading = bundle;
    for (int f = 0; f < CORV_FAMILY_COUNT && rc == CORV_OK; f++) {
        if (!bundle->entry[f])
            continue;

        int earlier = same_entry(bundle, f);

        if (earlier >= 0)
            s->compiled[f] = s->compiled[earlier];
        else
            rc = compile_entry(bundle->entry[f], &s->compiled[f], fault ? fault : &unused);
    }
    loading = NULL;
    if (corv_xml_memory_failed()) { /* what libxml2 made may lack something */
        rc = CORV_E_NOMEM;
        if (fault)
            *fault = (struct corv_fault){0};
        (void)CORV_FAIL(
            fault, rc, CORV_FAULT_BUG, "schema.memory", "Geen geheugen om de schema's te lezen.");
    }
    if (rc != CORV_OK) {
        corv_schemas_free(s);
        return rc;
    }
    *out = s;
    return CORV_OK;
}

corv_rc corv_schemas_new(struct corv_schemas **out, struct corv_fault *fault)
{
    struct corv_schema_bundle bundle = {0};
    struct corv_schema_file *files;
    corv_rc rc;

    *out = NULL;
    while (corv_embedded_xsd[bundle.count].name)
        bundle.count++;
    files = calloc(bundle.count + 1, sizeof *files);
    if (!files)
        return CORV_FAIL(fault, CORV_E_NOMEM, CORV_FAULT_BUG, "schema.memory",
            "Geen geheugen om de schema's te lezen.");
    for (size_t i = 0; i < bundle.count; i++)
        files[i] = (struct corv_schema_file){corv_embedded_xsd[i].name,
            corv_view_of(corv_embedded_xsd[i].bytes, corv_embedded_xsd[i].size)};
    bundle.files = files;
    memcpy(bundle.entry, own_entry, sizeof bundle.entry);
    rc = corv_schemas_compile(&bundle, out, fault);
    free(files);
    return rc;
}

xmlSchemaPtr corv_schemas_for(const struct corv_schemas *s, enum corv_family family)
{
    return (int)family >= 0 && family < CORV_FAMILY_COUNT ? s->compiled[family] : NULL;
}

void corv_schemas_free(struct corv_schemas *s)
{
    if (!s)
        return;
    for (int f = 0; f < CORV_FAMILY_COUNT; f++) {
        for (int later = f + 1; later < CORV_FAMILY_COUNT; later++)
            if (s->compiled[later] == s->compiled[f])
                s->compiled[later] = NULL;
        if (s->compiled[f])
            xmlSchemaFree(s->compiled[f]);
    }
    free(s);
}
