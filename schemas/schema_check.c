/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/schema_check.h"

#include <stdio.h>

#include "schemas/findings_text.h"
#include "schemas/xml_scan.h"

/* libxml2 sometimes says one defect twice; so many errors in all, then the walk is cut. */
#define ERRORS_MOST ((size_t)4 * CORV_FINDINGS_MAX)

struct cut {
    xmlNodePtr node;
    xmlNodePtr next;
    xmlNodePtr children;
};

struct check {
    const struct corv_document *d;
    struct corv_findings *findings;
    struct corv_subject last;
    size_t errors;
    bool told[CORV_OVERLONG_MAX]; /* the schema refused this overlong text itself */
    bool no_memory;
    struct cut cuts[CORV_SCAN_DEPTH_MAX + 2];
    size_t cuts_count;
};

/* libxml2 knows no way to stop a validation. Its walk goes by the pointers of the tree, so what
 * lies after the place it stands at is taken off, and put back when it is done. */
static void cut_walk(struct check *c, xmlNodePtr node)
{
    bool here = true;

    if (c->cuts_count)
        return;
    for (xmlNodePtr n = node; n && n->type == XML_ELEMENT_NODE; n = n->parent) {
        if (c->cuts_count == sizeof c->cuts / sizeof *c->cuts)
            return;
        c->cuts[c->cuts_count++] = (struct cut){n, n->next, n->children};
        n->next = NULL;
        if (here)
            n->children = NULL;
        here = false;
    }
}

static void mend_walk(struct check *c)
{
    for (size_t i = 0; i < c->cuts_count; i++) {
        c->cuts[i].node->next = c->cuts[i].next;
        c->cuts[i].node->children = c->cuts[i].children;
    }
}

/* A broken attachment carries a stand-in; the finding tells of the original. */
static void tell_attachment(const struct corv_attachment *a, struct corv_finding *one)
{
    one->line = a->line;
    one->actor = CORV_ACT_LEVERANCIER;
    (void)snprintf(one->code, sizeof one->code, "schema.base64");
    (void)snprintf(one->text, sizeof one->text, "De bijlage in ZKN:inhoud is geen geldige base64.");
}

static void note_told(struct check *c, const struct corv_subject *subject)
{
    for (size_t i = 0; subject->value && i < c->d->overlong_count; i++)
        if (c->d->overlong[i].node == subject->node)
            c->told[i] = true;
}

static void error_met(void *data, xmlErrorPtr error)
{
    struct check *c = data;
    struct corv_finding one;
    struct corv_subject subject;
    const struct corv_attachment *attachment;

    if (error->code == XML_ERR_NO_MEMORY)
        c->no_memory = true;
    if (error->level < XML_ERR_ERROR || c->cuts_count)
        return;
    c->errors++;
    corv_schema_finding(error, &one, &subject);
    if (!corv_subject_same(&subject, &c->last)) {
        attachment = subject.value && !subject.attribute[0]
                         ? corv_document_attachment(c->d, subject.node)
                         : NULL;
        if (attachment && !corv_base64_valid(&attachment->base64))
            tell_attachment(attachment, &one);
        note_told(c, &subject);
        corv_findings_add(c->findings, &one);
    }
    c->last = subject;
    if (c->findings->count >= CORV_FINDINGS_MAX || c->errors >= ERRORS_MOST)
        cut_walk(c, error->node);
}

static corv_rc validate(xmlSchemaPtr schema, xmlNodePtr message, struct check *c)
{
    xmlSchemaValidCtxtPtr ctxt = xmlSchemaNewValidCtxt(schema);
    int said;

    if (!ctxt)
        return CORV_E_NOMEM;
    xmlSchemaSetValidStructuredErrors(ctxt, error_met, c);
    said = xmlSchemaValidateOneElement(ctxt, message);
    xmlSchemaFreeValidCtxt(ctxt);
    xmlResetLastError(); /* its text quotes the message */
    mend_walk(c);
    if (c->no_memory)
        return CORV_E_NOMEM;
    if (said < 0 && c->errors == 0)
        corv_findings_addf(c->findings, CORV_LAYER_SCHEMA, CORV_ACT_LEVERANCIER, "schema.internal",
            corv_node_line(message), NULL, "Het schema kon dit bericht niet beoordelen.");
    return said == 0 ? CORV_OK : CORV_E_INVALID;
}

/* Texts that no schema bound stopped, only our limit. */
static corv_rc add_overlong(const struct check *c)
{
    corv_rc rc = CORV_OK;
    char path[256];

    for (size_t i = 0; i < c->d->overlong_count; i++) {
        rc = CORV_E_INVALID;
        if (c->told[i])
            continue;
        corv_node_path(c->d->overlong[i].node, NULL, path, sizeof path);
        corv_findings_addf(c->findings, CORV_LAYER_SECURITY, CORV_ACT_LEVERANCIER,
            "security.text-size", c->d->overlong[i].line, path,
            "Een tekst is langer dan wordt aangenomen.");
    }
    return rc;
}

corv_rc corv_schema_check(xmlSchemaPtr schema, const struct corv_document *d, xmlNodePtr message,
    struct corv_findings *findings)
{
    struct check c = {.d = d, .findings = findings};
    corv_rc rc = validate(schema, message, &c);

    if (rc == CORV_E_NOMEM)
        return rc;
    if (add_overlong(&c) != CORV_OK)
        rc = CORV_E_INVALID;
    return rc;
}
