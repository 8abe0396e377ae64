/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/reader.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>
#include <libxml/xmlerror.h>
#include <stdint.h>
#include <stdlib.h>

#include "schemas/bytes_check.h"
#include "schemas/xml_error.h"
#include "schemas/xml_path.h"
#include "schemas/xml_scan.h"
#include "schemas/xml_tree.h"

#define NS_W3C      "http://www.w3.org/" /* so begin both of these, and none of the standard's own */
#define NS_XINCLUDE NS_W3C "2001/XInclude"
#define NS_XOP      NS_W3C "2004/08/xop/include"

/* Above this libxml2 needs XML_PARSE_HUGE, for one CDATA section of base64; below it its own
 * limits stay in force besides ours. */
#define HUGE_FROM ((size_t)10 * 1000 * 1000)

/* White space in an attachment: indented lines are ordinary, megabytes of nothing are not. */
#define BLANKS_FREE ((size_t)64 * 1024)

/* White space between two tags waits here until the second one tells whether it is a value. */
#define BLANKS_MOST 256

struct reader {
    struct corv_view text;
    size_t at;       /* next byte for the parser */
    size_t approved; /* it may have the bytes before this */
    const struct corv_read_limits *limits;
    struct corv_document *d;
    struct corv_findings *findings;
    xmlParserCtxtPtr ctxt;
    struct corv_tree tree;
    corv_rc rc;        /* not CORV_OK: stop, feed nothing more */
    size_t text_here;  /* bytes of the current text */
    size_t text_total; /* bytes of all texts */
    unsigned pieces;   /* callbacks with text */
    char blanks[BLANKS_MOST];
    size_t blanks_count;   /* white space so far, and nothing else since the last tag */
    xmlNodePtr attachment; /* the one we are in, or NULL */
    struct corv_base64 base64;
    int attachment_line;
    size_t attachments_cap;
};

int corv_node_line(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->parent;
    return node ? (int)(intptr_t)node->_private : 0;
}

bool corv_node_is(const xmlNode *node, const char *ns, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           (char)node->name[0] == name[0] && /* nearly always this says no */
           strcmp((const char *)node->name, name) == 0 &&
           strcmp((const char *)node->ns->href, ns) == 0;
}

const struct corv_attachment *corv_document_attachment(
    const struct corv_document *d, const xmlNode *node)
{
    for (size_t i = 0; i < d->attachments_count; i++)
        if (d->attachments[i].node == node)
            return &d->attachments[i];
    return NULL;
}

/* After this the parser gets no more input and no callback of ours does anything. */
static void stop(struct reader *r, corv_rc rc)
{
    if (r->rc == CORV_OK)
        r->rc = rc;
    r->ctxt->disableSAX = 1;
}

static void refuse_at(struct reader *r, const xmlNode *node, enum corv_layer layer,
    const char *code, const char *sentence)
{
    struct corv_finding one = {.layer = layer, .actor = CORV_ACT_LEVERANCIER};

    if (r->rc != CORV_OK)
        return;
    one.line = r->ctxt->input ? r->ctxt->input->line : 0;
    (void)strncpy(one.code, code, sizeof one.code - 1);
    (void)strncpy(one.text, sentence, sizeof one.text - 1);
    corv_node_path(node, NULL, one.path, sizeof one.path);
    corv_findings_add(r->findings, &one);
    stop(r, CORV_E_INVALID);
}

static void refuse(struct reader *r, enum corv_layer layer, const char *code, const char *sentence)
{
    refuse_at(r, r->tree.node, layer, code, sentence);
}

static struct reader *reader_of(void *ctx)
{
    return ((xmlParserCtxtPtr)ctx)->_private;
}

static int next_bytes(void *context, char *buffer, int len)
{
    struct reader *r = context;
    size_t n = r->approved - r->at;

    if (r->rc != CORV_OK || len <= 0)
        return 0;
    if (n > (size_t)len)
        n = (size_t)len;
    memcpy(buffer, r->text.p + r->at, n);
    r->at += n;
    return (int)n;
}

static void note_kind(struct reader *r, const xmlNode *node)
{
    const xmlNode *up = node->parent;

    if (r->d->kind != CORV_KIND_UNKNOWN || !node->ns || !up)
        return;
    if (up->type == XML_DOCUMENT_NODE || corv_node_is(up, CORV_NS_SOAP, "Body"))
        r->d->kind = corv_kind_of(
            corv_view_str((const char *)node->ns->href), corv_view_str((const char *)node->name));
}

static void keep_text(struct reader *r, struct corv_view text)
{
    if (!corv_tree_text(&r->tree, text))
        stop(r, CORV_E_NOMEM);
}

static void keep_blanks(struct reader *r)
{
    size_t n = r->blanks_count;

    r->blanks_count = 0;
    if (n)
        keep_text(r, corv_view_of(r->blanks, n));
}

/* Between elements it is how the text was laid out; in an element without any it is its value. */
static void end_blanks(struct reader *r)
{
    const xmlNode *before = r->tree.node->last;

    if (before && before->type == XML_ELEMENT_NODE)
        r->blanks_count = 0;
    keep_blanks(r);
}

static void begin_attachment(struct reader *r, xmlNodePtr node)
{
    r->attachment = node;
    r->base64 = (struct corv_base64){0};
    r->attachment_line = 0;
}

static void refuse_included(struct reader *r, const xmlNode *node, const char *uri)
{
    if (strcmp(uri, NS_XINCLUDE) == 0)
        refuse(r, CORV_LAYER_SECURITY, "security.xinclude",
            "Het bericht bevat een XInclude-verwijzing; die worden niet aangenomen.");
    else if (strcmp(uri, NS_XOP) == 0)
        refuse_at(r, node->parent, CORV_LAYER_SCHEMA, "schema.xop-include",
            "Een bijlage verwijst naar een los deel (xop:Include) dat niet is meegekomen.");
}

static void error_met(void *ctx, xmlErrorPtr error)
{
    struct reader *r = reader_of(ctx);
    struct corv_finding one;

    if (r->rc != CORV_OK || error->level < XML_ERR_ERROR)
        return;
    if (error->code == XML_ERR_NO_MEMORY) {
        stop(r, CORV_E_NOMEM);
        return;
    }
    corv_xml_error_finding(error, &one);
    corv_findings_add(r->findings, &one);
    stop(r, CORV_E_INVALID);
}

/* As libxml2 would have said it. */
static void refuse_id(struct reader *r)
{
    xmlError wrong = {.domain = XML_FROM_DTD,
        .code = XML_DTD_XMLID_VALUE,
        .level = XML_ERR_ERROR,
        .line = r->ctxt->input->line,
        .int2 = r->ctxt->input->col};

    error_met(r->ctxt, &wrong);
}

static void element_opened(void *ctx, const xmlChar *localname, const xmlChar *prefix,
    const xmlChar *uri, int nb_namespaces, const xmlChar **namespaces, int nb_attributes,
    int nb_defaulted, const xmlChar **attributes)
{
    struct reader *r = reader_of(ctx);
    const struct corv_tag tag = {
        localname, prefix, uri, nb_namespaces, namespaces, nb_attributes, attributes};

    (void)nb_defaulted; /* there is no DTD that could say so */
    if (r->rc != CORV_OK)
        return;
    r->blanks_count = 0;
    if (!corv_tree_open(&r->tree, r->ctxt, &tag)) {
        stop(r, CORV_E_NOMEM);
        return;
    }

    xmlNodePtr node = r->tree.node;

    node->_private = (void *)(intptr_t)r->ctxt->input->line;
    r->text_here = 0;
    if (nb_attributes && !corv_tree_enter_id(&r->tree, r->ctxt))
        refuse_id(r);
    note_kind(r, node);
    if (!uri)
        return;
    if (strncmp((const char *)uri, NS_W3C, sizeof NS_W3C - 1) == 0)
        refuse_included(r, node, (const char *)uri);
    else if (!r->attachment && corv_node_is(node, CORV_NS_ZKN, "inhoud"))
        begin_attachment(r, node);
}

static corv_rc keep_attachment(struct reader *r)
{
    struct corv_document *d = r->d;

    if (d->attachments_count == r->attachments_cap) {
        size_t cap = r->attachments_cap ? r->attachments_cap * 2 : 8;
        struct corv_attachment *list = realloc(d->attachments, cap * sizeof *list);

        if (!list)
            return CORV_E_NOMEM;
        d->attachments = list;
        r->attachments_cap = cap;
    }
    d->attachments[d->attachments_count++] = (struct corv_attachment){
        .node = r->attachment,
        .base64 = r->base64,
        .line = r->attachment_line ? r->attachment_line : corv_node_line(r->attachment),
    };
    return CORV_OK;
}

/* The stand-in says to the schema what the original would have said: something, nothing but
 * white space, or not base64. An empty element stays empty, for xsi:nil. */
static void end_attachment(struct reader *r)
{
    const struct corv_base64 *b = &r->base64;
    const char *standin = !corv_base64_valid(b)     ? "A"
                          : b->chars                ? "AAAA"
                          : b->blanks || b->strange ? " "
                                                    : "";

    if (b->blanks > BLANKS_FREE && b->blanks / 2 > b->chars) {
        refuse(r, CORV_LAYER_SECURITY, "security.attachment-blanks",
            "Een bijlage bestaat bijna helemaal uit witruimte.");
        return;
    }
    if (*standin)
        keep_text(r, corv_view_str(standin));
    if (keep_attachment(r) != CORV_OK)
        stop(r, CORV_E_NOMEM);
    r->attachment = NULL;
}

static void element_closed(
    void *ctx, const xmlChar *localname, const xmlChar *prefix, const xmlChar *uri)
{
    struct reader *r = reader_of(ctx);

    (void)localname;
    (void)prefix;
    (void)uri;
    if (r->rc == CORV_OK && r->attachment && r->tree.node == r->attachment)
        end_attachment(r);
    if (r->rc != CORV_OK)
        return;
    end_blanks(r);
    r->text_here = 0;
    corv_tree_close(&r->tree);
}

static void attachment_text(struct reader *r, struct corv_view piece)
{
    size_t wrong = corv_base64_add(&r->base64, piece);
    int line = r->ctxt->input->line;

    if (wrong == piece.n || r->attachment_line)
        return;
    for (size_t i = wrong; i < piece.n; i++) /* the parser has counted the whole piece */
        if (piece.p[i] == '\n')
            line--;
    r->attachment_line = line;
}

static void note_overlong(struct reader *r)
{
    struct corv_document *d = r->d;

    if (d->overlong_count && d->overlong[d->overlong_count - 1].node == r->tree.node)
        return;
    if (d->overlong_count < CORV_OVERLONG_MAX)
        d->overlong[d->overlong_count++] =
            (struct corv_overlong){r->tree.node, corv_node_line(r->tree.node)};
}

/* False when this is more than white space, or too much of it to wait with. */
static bool wait_with(struct reader *r, const xmlChar *p, size_t n)
{
    if (r->text_here != r->blanks_count + n || r->text_here > sizeof r->blanks)
        return false;
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\n' && p[i] != '\t' && p[i] != '\r')
            return false;
    memcpy(r->blanks + r->blanks_count, p, n);
    r->blanks_count += n;
    return true;
}

static void ordinary_text(struct reader *r, const xmlChar *p, int len)
{
    if (++r->pieces > r->limits->nodes) {
        refuse(r, CORV_LAYER_SECURITY, "security.nodes",
            "Het bericht bestaat uit te veel onderdelen.");
        return;
    }
    r->text_here += (size_t)len;
    if (r->text_here > r->limits->text_bytes) {
        keep_blanks(r);
        note_overlong(r);
        return;
    }
    r->text_total += (size_t)len;
    if (r->text_total > r->limits->text_total) {
        refuse(r, CORV_LAYER_SECURITY, "security.text-size",
            "Het bericht bevat samen te veel tekst buiten de bijlagen.");
        return;
    }
    if (wait_with(r, p, (size_t)len))
        return;
    keep_blanks(r);
    keep_text(r, corv_view_of(p, (size_t)len));
}

static void text_read(void *ctx, const xmlChar *p, int len)
{
    struct reader *r = reader_of(ctx);

    if (r->rc != CORV_OK || len <= 0)
        return;
    if (r->attachment && r->tree.node == r->attachment)
        attachment_text(r, corv_view_of(p, (size_t)len));
    else
        ordinary_text(r, p, len);
}

/* The walk before the parser has refused these two; here stands the second lock. */
static void doctype_met(
    void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    refuse(reader_of(ctx), CORV_LAYER_SECURITY, "security.doctype",
        "Het bericht bevat een DOCTYPE; die worden niet aangenomen.");
}

static void instruction_met(void *ctx, const xmlChar *target, const xmlChar *data)
{
    (void)target;
    (void)data;
    refuse(reader_of(ctx), CORV_LAYER_SECURITY, "security.processing-instruction",
        "Het bericht bevat een processing instruction; die worden niet aangenomen.");
}

static void reference_met(void *ctx, const xmlChar *name)
{
    (void)name;
    refuse(reader_of(ctx), CORV_LAYER_SECURITY, "security.entity",
        "Het bericht verwijst naar een entiteit die niet is toegestaan.");
}

static void set_callbacks(xmlSAXHandlerPtr sax)
{
    xmlSAXHandler own = {
        .initialized = XML_SAX2_MAGIC,
        .startDocument = xmlSAX2StartDocument,
        .endDocument = xmlSAX2EndDocument,
        .setDocumentLocator = xmlSAX2SetDocumentLocator,
        .getEntity = xmlSAX2GetEntity,
        .startElementNs = element_opened,
        .endElementNs = element_closed,
        .characters = text_read,
        .ignorableWhitespace = text_read,
        .cdataBlock = text_read,
        .internalSubset = doctype_met,
        .externalSubset = doctype_met,
        .processingInstruction = instruction_met,
        .reference = reference_met,
        .serror = error_met,
    };

    *sax = own;
}

static corv_rc parse(struct reader *r)
{
    int options = XML_PARSE_NONET;

    if (r->text.n > HUGE_FROM)
        options |= XML_PARSE_HUGE;
    r->ctxt = xmlNewParserCtxt();
    if (!r->ctxt)
        return CORV_E_NOMEM;
    set_callbacks(r->ctxt->sax);
    r->ctxt->_private = r;
    r->tree.room = &r->d->room;
    r->d->xml = xmlCtxtReadIO(r->ctxt, next_bytes, NULL, r, NULL, NULL, options);
    corv_tree_hang(r->d->xml, r->tree.root);

    corv_rc rc = r->rc;

    if (rc == CORV_OK && r->ctxt->errNo == XML_ERR_NO_MEMORY)
        rc = CORV_E_NOMEM;
    if (rc == CORV_OK && (!r->d->xml || !r->ctxt->wellFormed || !r->ctxt->nsWellFormed)) {
        corv_findings_addf(r->findings, CORV_LAYER_WELL_FORMED, CORV_ACT_LEVERANCIER,
            "well-formed.syntax", 0, NULL, "Het bericht is geen welgevormde XML.");
        rc = CORV_E_INVALID;
    }
    return rc;
}

corv_rc corv_document_read(struct corv_view bytes, const struct corv_read_limits *limits,
    struct corv_document *d, struct corv_findings *findings)
{
    struct reader r = {.limits = limits, .d = d, .findings = findings};
    corv_rc rc;

    *d = (struct corv_document){0};
    corv_room_init(&d->room, SIZE_MAX); /* the limits bound it */
    rc = corv_bytes_check(bytes, limits->bytes, &r.text, findings);
    if (rc == CORV_OK)
        rc = corv_xml_scan(r.text, limits, &r.approved, findings);
    if (rc == CORV_OK)
        rc = parse(&r);
    if (r.ctxt) {
        if (r.ctxt->myDoc && r.ctxt->myDoc != d->xml)
            xmlFreeDoc(r.ctxt->myDoc);
        xmlFreeParserCtxt(r.ctxt);
    }
    if (rc != CORV_OK) {
        enum corv_kind kind = d->kind;

        corv_document_free(d);
        d->kind = kind;
    }
    return rc;
}

void corv_document_free(struct corv_document *d)
{
    if (!d)
        return;
    corv_tree_hang(d->xml, NULL);
    xmlFreeDoc(d->xml);
    corv_room_free(&d->room);
    free(d->attachments);
    *d = (struct corv_document){0};
}
