/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_tree.h"

#include <libxml/parserInternals.h>
#include <libxml/valid.h>
#include <string.h>

#define LINE_MOST 65535 /* libxml2 keeps no more */

/* ---- namespaces -------------------------------------------------------------------------------
 */

static bool declare(struct corv_tree *t, const xmlChar *prefix, const xmlChar *uri, xmlNsPtr *last)
{
    xmlNsPtr ns = corv_room_take(t->room, sizeof *ns);

    if (!ns)
        return false;
    *ns = (xmlNs){.type = XML_LOCAL_NAMESPACE, .href = uri, .prefix = prefix, ._private = t->scope};
    t->scope = ns;
    if (*last)
        (*last)->next = ns;
    else
        t->node->nsDef = ns;
    *last = ns;
    return true;
}

static bool declare_all(struct corv_tree *t, const struct corv_tag *tag)
{
    xmlNsPtr last = NULL;

    for (int i = 0; i < tag->declared_count; i++)
        if (!declare(t, tag->declared[2 * i], tag->declared[2 * i + 1], &last))
            return false;
    return true;
}

/* Words of one dictionary: the same prefix has the same address. xml alone is never declared. */
static xmlNsPtr namespace_of(
    const struct corv_tree *t, const xmlParserCtxt *ctxt, const xmlChar *prefix)
{
    xmlNsPtr ns = t->scope;

    while (ns && ns->prefix != prefix)
        ns = ns->_private;
    return ns || prefix != ctxt->str_xml ? ns : xmlSearchNs(ctxt->myDoc, t->node, prefix);
}

/* ---- texts ------------------------------------------------------------------------------------
 */

/* A text and its bytes in one piece; how they get there is the caller's. */
static xmlNodePtr new_text(struct corv_tree *t, xmlNodePtr parent, size_t n)
{
    xmlNodePtr text = corv_room_take(t->room, sizeof *text + n + 1);

    if (!text)
        return NULL;
    *text = (xmlNode){.type = XML_TEXT_NODE,
        .name = xmlStringText,
        .parent = parent,
        .doc = parent->doc,
        .content = (xmlChar *)(text + 1)};
    text->content[n] = '\0';
    return text;
}

/* An ampersand is all that the parser leaves as a reference in a value, and it makes a copy of its
 * own then, with its end marked. How long it became. */
static size_t copy_value(xmlChar *to, const xmlChar *from, size_t n)
{
    static const char reference[] = "&#38;";
    const size_t more = sizeof reference - 2;
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        to[k++] = from[i];
        if (from[i] == '&' && n - i > more && memcmp(from + i, reference, more + 1) == 0)
            i += more;
    }
    to[k] = '\0';
    return k;
}

static void hang(xmlNodePtr parent, xmlNodePtr text)
{
    text->prev = parent->last;
    if (parent->last)
        parent->last->next = text;
    else
        parent->children = text;
    parent->last = text;
}

static bool grow_text(struct corv_tree *t, struct corv_view more)
{
    xmlNodePtr text = t->node->last;

    if (t->text_used + more.n > t->text_room) {
        size_t room = 2 * (t->text_used + more.n);
        xmlChar *bytes = corv_room_take(t->room, room + 1);

        if (!bytes)
            return false;
        memcpy(bytes, text->content, t->text_used);
        text->content = bytes;
        t->text_room = room;
    }
    memcpy(text->content + t->text_used, more.p, more.n);
    t->text_used += more.n;
    text->content[t->text_used] = '\0';
    return true;
}

bool corv_tree_text(struct corv_tree *t, struct corv_view text)
{
    xmlNodePtr node;

    if (t->node->last && t->node->last->type == XML_TEXT_NODE)
        return grow_text(t, text);
    node = new_text(t, t->node, text.n);
    if (!node)
        return false;
    memcpy(node->content, text.p, text.n);
    hang(t->node, node);
    t->text_used = t->text_room = text.n;
    return true;
}

/* ---- elements ---------------------------------------------------------------------------------
 */

static bool add_attribute(
    struct corv_tree *t, const xmlParserCtxt *ctxt, const xmlChar **said, xmlAttrPtr *last)
{
    xmlAttrPtr a = corv_room_take(t->room, sizeof *a);
    size_t n = (size_t)(said[4] - said[3]);

    if (!a)
        return false;
    *a = (xmlAttr){.type = XML_ATTRIBUTE_NODE,
        .name = said[0],
        .parent = t->node,
        .prev = *last,
        .doc = ctxt->myDoc,
        .ns = said[1] ? namespace_of(t, ctxt, said[1]) : NULL};
    a->children = a->last = new_text(t, (xmlNodePtr)a, n);
    if (!a->children)
        return false;
    if (said[4][0] == '\0')
        (void)copy_value(a->children->content, said[3], n);
    else
        memcpy(a->children->content, said[3], n);
    if (*last)
        (*last)->next = a;
    else
        t->node->properties = a;
    *last = a;
    return true;
}

static xmlNodePtr new_element(
    struct corv_tree *t, const xmlParserCtxt *ctxt, const struct corv_tag *tag)
{
    xmlNodePtr node = corv_room_take(t->room, sizeof *node);
    int line = ctxt->input->line;

    if (!node)
        return NULL;
    *node = (xmlNode){.type = XML_ELEMENT_NODE,
        .name = tag->name,
        .parent = t->node ? t->node : (xmlNodePtr)ctxt->myDoc,
        .doc = ctxt->myDoc,
        .line = (unsigned short)(line < LINE_MOST ? line : LINE_MOST)};
    if (t->node)
        hang(t->node, node);
    else
        t->root = node;
    return node;
}

bool corv_tree_open(struct corv_tree *t, xmlParserCtxtPtr ctxt, const struct corv_tag *tag)
{
    xmlNodePtr node = new_element(t, ctxt, tag);
    xmlAttrPtr last = NULL;

    if (!node)
        return false;
    t->node = node;
    if (tag->declared_count && !declare_all(t, tag))
        return false;
    if (tag->uri)
        node->ns = namespace_of(t, ctxt, tag->prefix);
    for (int i = 0; i < tag->attributes_count; i++)
        if (!add_attribute(t, ctxt, tag->attributes + (ptrdiff_t)5 * i, &last))
            return false;
    return true;
}

bool corv_tree_enter_id(struct corv_tree *t, xmlParserCtxtPtr ctxt)
{
    xmlAttrPtr a = t->node->properties;

    while (a &&
           !(a->ns && a->ns->prefix[0] == 'x' && strcmp((const char *)a->ns->prefix, "xml") == 0 &&
               strcmp((const char *)a->name, "id") == 0))
        a = a->next;
    if (!a)
        return true;
    if (xmlValidateNCName(a->children->content, 1) != 0)
        return false;
    (void)xmlAddID(&ctxt->vctxt, ctxt->myDoc, a->children->content, a);
    return true;
}

void corv_tree_close(struct corv_tree *t)
{
    for (xmlNsPtr ns = t->node->nsDef; ns; ns = ns->next)
        t->scope = t->scope->_private;
    t->node = t->node->parent->type == XML_ELEMENT_NODE ? t->node->parent : NULL;
}

void corv_tree_hang(xmlDocPtr doc, xmlNodePtr root)
{
    if (doc)
        doc->children = doc->last = root;
}
