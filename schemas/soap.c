/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/soap.h"

#include "schemas/xml_path.h"

static corv_rc refuse(
    struct corv_findings *f, const xmlNode *node, const char *code, const char *sentence)
{
    char path[256];

    corv_node_path(node, NULL, path, sizeof path);
    corv_findings_addf(f, CORV_LAYER_SCHEMA, CORV_ACT_LEVERANCIER, code, corv_node_line(node), path,
        "%s", sentence);
    return CORV_E_INVALID;
}

static bool must_understand(const xmlNode *block)
{
    xmlChar *value = xmlGetNsProp(block, BAD_CAST "mustUnderstand", BAD_CAST CORV_NS_SOAP);
    bool must =
        value && strcmp((const char *)value, "0") != 0 && strcmp((const char *)value, "false") != 0;

    xmlFree(value);
    return must;
}

static corv_rc check_header(const xmlNode *header, struct corv_findings *f)
{
    for (const xmlNode *n = header->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && must_understand(n))
            return refuse(f, header, "schema.soap-must-understand",
                "De SOAP-header eist met mustUnderstand iets dat hier niet bekend is.");
    return CORV_OK;
}

/* The children of the envelope: Header at most once and first, then exactly one Body. */
static corv_rc find_body(xmlNodePtr envelope, xmlNodePtr *body, struct corv_findings *f)
{
    bool header = false;

    *body = NULL;
    for (xmlNodePtr n = envelope->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (corv_node_is(n, CORV_NS_SOAP, "Header") && !header && !*body) {
            header = true;
            if (check_header(n, f) != CORV_OK)
                return CORV_E_INVALID;
        } else if (corv_node_is(n, CORV_NS_SOAP, "Body") && !*body) {
            *body = n;
        } else {
            return refuse(f, n, "schema.soap-structure",
                "Een SOAP-envelop bevat hoogstens een Header en daarna precies een Body.");
        }
    }
    if (!*body)
        return refuse(f, envelope, "schema.soap-structure", "De SOAP-envelop heeft geen Body.");
    return CORV_OK;
}

static bool is_blank_text(const xmlNode *n)
{
    const char *p = (const char *)n->content;

    return !p || p[strspn(p, " \t\r\n")] == '\0';
}

static corv_rc find_message(xmlNodePtr body, xmlNodePtr *message, struct corv_findings *f)
{
    for (xmlNodePtr n = body->children; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && !*message)
            *message = n;
        else if (n->type == XML_ELEMENT_NODE || !is_blank_text(n))
            return refuse(f, body, "schema.soap-body",
                "De SOAP-Body moet precies een bericht bevatten en verder niets.");
    }
    if (!*message)
        return refuse(f, body, "schema.soap-body", "De SOAP-Body bevat geen bericht.");
    return CORV_OK;
}

corv_rc corv_soap_message(
    const struct corv_document *d, xmlNodePtr *message, bool *soap, struct corv_findings *findings)
{
    xmlNodePtr root = xmlDocGetRootElement(d->xml), body;
    corv_rc rc;

    *message = NULL;
    *soap = corv_node_is(root, CORV_NS_SOAP, "Envelope");
    if (!*soap) {
        *message = root;
        return CORV_OK;
    }
    rc = find_body(root, &body, findings);
    return rc == CORV_OK ? find_message(body, message, findings) : rc;
}
