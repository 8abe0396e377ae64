/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/import_roots.h"

#include <libxml/xmlschemas.h>
#include <stdlib.h>

#include "schemas/schema_set.h"

#define TRIED_MOST 40 /* entry files */

struct candidate {
    const char *name;
    uint32_t named;    /* roots of ours that its text defines */
    uint32_t declared; /* roots it gives when compiled; 0: does not compile */
};

static bool is_schema(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".xsd") == 0;
}

/* The kinds whose root is defined in the text itself: <element name="vtoDi01">. */
static uint32_t named_in(const struct corv_archive_file *file)
{
    uint32_t kinds = 0;

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING; k++) {
        const char *name = corv_kind_name((enum corv_kind)k), *at = file->bytes;
        size_t n = strlen(name);

        while ((at = strstr(at, name))) {
            if (at >= file->bytes + 6 && strncmp(at - 6, "name=", 5) == 0 && at[n] == at[-1])
                kinds |= 1u << k;
            at += n;
        }
    }
    return kinds;
}

/* A file of messages is called …_msg_…; a file that defines a root of ours counts as one too. */
static size_t list_candidates(const struct corv_archive *a, struct candidate *list)
{
    size_t count = 0;

    for (size_t i = 0; i < a->count && count < TRIED_MOST; i++) {
        const struct corv_archive_file *f = &a->files[i];
        uint32_t named;

        if (!is_schema(f->name))
            continue;
        named = named_in(f);
        if (named || strstr(f->name, "_msg_"))
            list[count++] = (struct candidate){f->name, named, 0};
    }
    return count;
}

static void listen(void *data, xmlErrorPtr error)
{
    bool *unknown = data;

    if (error->code == XML_SCHEMAV_CVC_ELT_1)
        *unknown = true;
}

/* An empty element of that name: every schema complains, but only one that does not know the
 * root says so. */
static bool declares(xmlSchemaPtr schema, enum corv_kind kind)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST corv_kind_name(kind), NULL) : NULL;
    xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(schema);
    bool unknown = !root || !ctxt;

    if (!unknown) {
        (void)xmlDocSetRootElement(doc, root);
        xmlSetNs(root, xmlNewNs(root, BAD_CAST corv_kind_ns(kind), BAD_CAST "n"));
        xmlSchemaSetValidStructuredErrors(ctxt, listen, &unknown);
        unknown = xmlSchemaValidateDoc(ctxt, doc) < 0 || unknown;
    }
    xmlSchemaFreeValidCtxt(ctxt);
    xmlFreeDoc(doc);
    return !unknown;
}

static corv_rc try_candidate(
    const struct corv_schema_bundle *files, struct candidate *c, struct corv_fault *fault)
{
    struct corv_schema_bundle bundle = *files;
    struct corv_schemas *schemas = NULL;
    corv_rc rc;

    bundle.entry[CORV_FAMILY_JR] = c->name; /* any family will do for a try */
    rc = corv_schemas_compile(&bundle, &schemas, fault);
    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING && rc == CORV_OK; k++)
        if (declares(corv_schemas_for(schemas, CORV_FAMILY_JR), (enum corv_kind)k))
            c->declared |= 1u << k;
    corv_schemas_free(schemas);
    return rc == CORV_E_NOMEM ? rc : CORV_OK;
}

static uint32_t family_kinds(enum corv_family family)
{
    uint32_t kinds = 0;

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING; k++)
        if (corv_kind_family((enum corv_kind)k) == family)
            kinds |= 1u << k;
    return kinds;
}

/* For each family the file that knows most of its kinds; then the one that knows most at all, so
 * that families share one compiled schema where they can. */
static void choose(const struct candidate *list, size_t count, struct corv_roots *out)
{
    for (int f = CORV_FAMILY_JR; f <= CORV_FAMILY_STUF; f++) {
        uint32_t own = family_kinds((enum corv_family)f);
        const struct candidate *best = NULL;
        int most = 0;

        for (size_t i = 0; i < count; i++) {
            int knows = __builtin_popcount(list[i].declared & own);
            int score = knows * 100 + __builtin_popcount(list[i].declared);

            if (knows && score > most) {
                best = &list[i];
                most = score;
            }
        }
        if (best) {
            out->entry[f] = best->name;
            out->kinds |= best->declared & own;
        }
    }
}

corv_rc corv_roots_find(
    const struct corv_archive *a, struct corv_roots *out, struct corv_fault *fault)
{
    struct candidate list[TRIED_MOST];
    size_t count = list_candidates(a, list);
    struct corv_schema_file *files = calloc(a->count + 1, sizeof *files);
    struct corv_schema_bundle bundle = {.files = files};
    uint32_t named = 0;
    corv_rc rc = files ? CORV_OK : CORV_E_NOMEM;

    *out = (struct corv_roots){0};
    for (size_t i = 0; i < a->count && files; i++)
        if (is_schema(a->files[i].name))
            files[bundle.count++] = (struct corv_schema_file){
                a->files[i].name, corv_view_of(a->files[i].bytes, a->files[i].size)};
    for (size_t i = 0; i < count && rc == CORV_OK; i++) {
        rc = try_candidate(&bundle, &list[i], fault);
        out->failed += list[i].declared == 0;
        named |= list[i].named;
    }
    free(files);
    if (rc != CORV_OK)
        return rc;
    choose(list, count, out);
    if (named & ~out->kinds) /* a root stands in the files but no entry gives it */
        out->kinds = 0;
    return CORV_OK;
}
