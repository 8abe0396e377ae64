/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/xml.h"

#include <libxml/parser.h>
#include <stdio.h>

#include "schemas/kind.h"

static void quiet(void *ctx, const xmlError *error)
{
    (void)ctx, (void)error;
}

static xmlDocPtr read_memory(struct corv_view xml)
{
    xmlDocPtr doc = NULL;

    if (xml.n == 0 || xml.n > PARTNER_XML_MAX)
        return NULL;
    xmlSetStructuredErrorFunc(NULL, (xmlStructuredErrorFunc)quiet);
    doc = xmlReadMemory(xml.p, (int)xml.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
    xmlSetStructuredErrorFunc(NULL, NULL);
    if (doc && doc->intSubset) { /* nobody in this chain sends a DOCTYPE in good faith */
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

static bool is_element(const xmlNode *n, const char *ns, const char *name)
{
    return n->type == XML_ELEMENT_NODE && n->ns && strcmp((const char *)n->ns->href, ns) == 0 &&
           (!name || strcmp((const char *)n->name, name) == 0);
}

/* The node after n in the order of the document; NULL at the end. */
static const xmlNode *next_of(const xmlNode *n)
{
    if (n->children && n->type == XML_ELEMENT_NODE)
        return n->children;
    while (n && !n->next)
        n = n->parent && n->parent->type == XML_ELEMENT_NODE ? n->parent : NULL;
    return n ? n->next : NULL;
}

static bool wanted(const xmlNode *n, const char *ns, const char *parent, const char *name)
{
    return is_element(n, ns, name) && (!parent || (n->parent && is_element(n->parent, ns, parent)));
}

bool partner_xml_text(struct corv_view xml, const char *ns, const char *parent, const char *name,
    char *out, size_t size)
{
    xmlDocPtr doc = read_memory(xml);
    const xmlNode *n = doc ? xmlDocGetRootElement(doc) : NULL;
    xmlChar *text = NULL;

    out[0] = '\0';
    while (n && !wanted(n, ns, parent, name))
        n = next_of(n);
    text = n ? xmlNodeGetContent(n) : NULL;
    if (text)
        (void)snprintf(out, size, "%s", (const char *)text);
    xmlFree(text);
    xmlFreeDoc(doc);
    return n != NULL;
}

/* "Bv03Bericht": two letters, two digits, and that word. */
static bool names_a_message(const xmlNode *n)
{
    const char *name = (const char *)n->name;

    return is_element(n, CORV_NS_STUF, NULL) && strlen(name) == 11 && name[0] >= 'A' &&
           name[0] <= 'Z' && strcmp(name + 4, "Bericht") == 0;
}

bool partner_xml_stuf_root(struct corv_view xml, char *out, size_t size)
{
    xmlDocPtr doc = read_memory(xml);
    const xmlNode *n = doc ? xmlDocGetRootElement(doc) : NULL;

    out[0] = '\0';
    while (n && !names_a_message(n))
        n = next_of(n);
    if (n)
        (void)snprintf(out, size, "%s", (const char *)n->name);
    xmlFreeDoc(doc);
    return out[0] != '\0';
}
