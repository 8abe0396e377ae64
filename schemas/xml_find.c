/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_find.h"

#include <stdlib.h>

#include "schemas/kind.h"

static const char *namespace_of(struct corv_view prefix)
{
    if (corv_view_is(prefix, "ZKN"))
        return CORV_NS_ZKN;
    if (corv_view_is(prefix, "StUF"))
        return CORV_NS_STUF;
    if (corv_view_is(prefix, "BG"))
        return CORV_NS_BG;
    return CORV_NS_JZ;
}

static bool is_step(const xmlNode *node, struct corv_view step)
{
    const char *colon = memchr(step.p, ':', step.n);
    struct corv_view prefix = {step.p, colon ? (size_t)(colon - step.p) : 0};
    struct corv_view name = {step.p + prefix.n + 1, step.n - prefix.n - 1};

    return colon && name.n && node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           name.p[0] == (char)node->name[0] && /* most siblings differ here */
           corv_view_is(name, (const char *)node->name) &&
           strcmp((const char *)node->ns->href, namespace_of(prefix)) == 0;
}

/* The first match at or after the sibling from. */
static const xmlNode *walk(const xmlNode *from, const char *path)
{
    size_t n = strcspn(path, "/");

    for (; from; from = from->next) {
        const xmlNode *hit = from;

        if (!is_step(from, corv_view_of(path, n)))
            continue;
        if (path[n] == '/')
            hit = walk(from->children, path + n + 1);
        if (hit)
            return hit;
    }
    return NULL;
}

/* On from found, which the same path led to: first among its siblings, then further up. So a
 * loop over all matches stays linear. */
static const xmlNode *resume(const xmlNode *node, const char *path, const xmlNode *found)
{
    const char *slash = strchr(path, '/');
    const xmlNode *at = found, *hit;

    while (at && at->parent != node)
        at = at->parent;
    if (!at)
        return NULL;
    if (slash) {
        hit = resume(at, slash + 1, found);
        if (hit)
            return hit;
    }
    return walk(at->next, path);
}

const xmlNode *corv_find(const xmlNode *node, const char *path)
{
    return node ? walk(node->children, path) : NULL;
}

const xmlNode *corv_find_next(const xmlNode *node, const char *path, const xmlNode *found)
{
    return node && found ? resume(node, path, found) : NULL;
}

#define EXTRA "StUF:extraElementen/StUF:extraElement"

static bool is_named(const xmlNode *extra, const char *naam)
{
    for (const xmlAttr *a = extra->properties; a; a = a->next)
        if (!a->ns && strcmp((const char *)a->name, "naam") == 0)
            return a->children && a->children->content && !a->children->next &&
                   strcmp((const char *)a->children->content, naam) == 0;
    return false;
}

static const xmlNode *named_from(const xmlNode *node, const char *naam, const xmlNode *at)
{
    while (at && !is_named(at, naam))
        at = corv_find_next(node, EXTRA, at);
    return at;
}

const xmlNode *corv_find_extra(const xmlNode *node, const char *naam)
{
    return named_from(node, naam, corv_find(node, EXTRA));
}

const xmlNode *corv_find_extra_next(const xmlNode *node, const char *naam, const xmlNode *found)
{
    return named_from(node, naam, corv_find_next(node, EXTRA, found));
}

bool corv_node_nil(const xmlNode *node)
{
    for (const xmlAttr *a = node->properties; a; a = a->next)
        if (a->ns && strcmp((const char *)a->name, "nil") == 0 &&
            strcmp((const char *)a->ns->href, CORV_NS_XSI) == 0 && a->children &&
            a->children->content) {
            struct corv_view v = corv_view_str((const char *)a->children->content);

            while (v.n && strchr(" \t\r\n", v.p[0]))
                v = corv_view_of(v.p + 1, v.n - 1);
            return v.n && (v.p[0] == '1' || v.p[0] == 't');
        }
    return false;
}

struct corv_view corv_node_view(const xmlNode *node)
{
    if (!node || corv_node_nil(node))
        return corv_view_of("", 0);
    for (const xmlNode *n = node->children; n; n = n->next)
        if (n->type == XML_TEXT_NODE)
            return corv_view_str((const char *)n->content);
    return corv_view_of("", 0);
}

corv_rc corv_node_text(const xmlNode *node, char **out)
{
    size_t total = 0, at = 0;
    char *text;

    *out = NULL;
    if (!node || corv_node_nil(node))
        return CORV_OK;
    for (const xmlNode *n = node->children; n; n = n->next)
        if (n->content && (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE))
            total += strlen((const char *)n->content);
    text = malloc(total + 1);
    if (!text)
        return CORV_E_NOMEM;
    for (const xmlNode *n = node->children; n; n = n->next)
        if (n->content && (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)) {
            size_t len = strlen((const char *)n->content);

            memcpy(text + at, n->content, len);
            at += len;
        }
    text[at] = '\0';
    *out = text;
    return CORV_OK;
}
