/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_path.h"

#include <stdio.h>

#include "schemas/kind.h"
#include "schemas/vocabulary.h"

#define NAME_MOST 48 /* verantwoordelijkVoorZichtOpDeVeiligheidBelegdBij */

#define STEP_TEXT (CORV_NAME_TEXT + 16)

#define VIEW(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct {
    struct corv_view ns;
    struct corv_view prefix;
} prefixes[] = {
    {VIEW(CORV_NS_JZ), VIEW("JZ")},
    {VIEW(CORV_NS_ZKN), VIEW("ZKN")},
    {VIEW(CORV_NS_BG), VIEW("BG")},
    {VIEW(CORV_NS_STUF), VIEW("StUF")},
    {VIEW(CORV_NS_SOAP), VIEW("soap")},
    {VIEW(CORV_NS_XSI), VIEW("xsi")},
    {VIEW("http://www.w3.org/2005/05/xmlmime"), VIEW("xmime")},
    {VIEW(CORV_NS_KENNISGEVING), VIEW("k")},
};

static struct corv_view prefix_of(struct corv_view ns)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (corv_view_eq(ns, prefixes[i].ns))
            return prefixes[i].prefix;
    return corv_view_of("?", ns.n ? 1 : 0);
}

const char *corv_prefix_ns(struct corv_view prefix)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (corv_view_eq(prefix, prefixes[i].prefix))
            return prefixes[i].ns.p;
    return NULL;
}

/* The rules ask for hundreds of names per message, so nothing is formatted here. */
char *corv_name_text(struct corv_view ns, struct corv_view name, char out[CORV_NAME_TEXT])
{
    struct corv_view prefix = prefix_of(ns);
    size_t n = prefix.n;

    memcpy(out, prefix.p, n);
    if (n)
        out[n++] = ':';
    if (name.n > NAME_MOST || !corv_vocabulary_has(name))
        name = corv_view_of("?", 1);
    memcpy(out + n, name.p, name.n);
    out[n + name.n] = '\0';
    return out;
}

char *corv_node_name(const xmlNode *node, char out[CORV_NAME_TEXT])
{
    const char *ns = node->ns ? (const char *)node->ns->href : NULL;

    return corv_name_text(corv_view_str(ns), corv_view_str((const char *)node->name), out);
}

char *corv_clark_name(struct corv_view clark, char out[CORV_NAME_TEXT])
{
    struct corv_view ns = {"", 0}, name = clark;

    if (clark.n && clark.p[0] == '{') {
        const char *close = memrchr(clark.p, '}', clark.n);

        if (close) {
            ns = corv_view_of(clark.p + 1, (size_t)(close - clark.p) - 1);
            name = corv_view_of(close + 1, clark.n - ns.n - 2);
        }
    }
    return corv_name_text(ns, name, out);
}

/* Names of one document are mostly the same words; those of two namespaces seldom are. */
static bool same_name(const xmlNode *a, const xmlNode *b)
{
    return a->type == XML_ELEMENT_NODE && (a->name == b->name || xmlStrEqual(a->name, b->name)) &&
           (a->ns == b->ns || xmlStrEqual(a->ns ? a->ns->href : NULL, b->ns ? b->ns->href : NULL));
}

/* 1.. among the siblings of that name, 0 when it is the only one. */
static unsigned position(const xmlNode *node)
{
    unsigned before = 0;

    for (const xmlNode *n = node->prev; n; n = n->prev)
        before += same_name(n, node);
    for (const xmlNode *n = node->next; n && before == 0; n = n->next)
        if (same_name(n, node))
            return 1;
    return before ? before + 1 : 0;
}

/* The message is the top, also inside a SOAP envelope. */
static bool is_top(const xmlNode *node)
{
    const xmlNode *up = node->parent;

    return !up || up->type != XML_ELEMENT_NODE ||
           (up->ns && xmlStrEqual(up->ns->href, BAD_CAST CORV_NS_SOAP) &&
               !(node->ns && xmlStrEqual(node->ns->href, BAD_CAST CORV_NS_SOAP)));
}

/* /name[2] or /@name; how long it is. */
static size_t step_text(const xmlNode *node, char out[STEP_TEXT])
{
    char digits[12];
    size_t n, count = 0;

    out[0] = '/';
    (void)corv_node_name(node, out + 1);
    n = strlen(out);
    for (unsigned k = position(node); k; k /= 10)
        digits[count++] = (char)('0' + k % 10);
    if (!count)
        return n;
    out[n++] = '[';
    while (count)
        out[n++] = digits[--count];
    out[n++] = ']';
    return n;
}

/* In front of what is there; false when that and "..." would not fit. */
static bool put_before(char *tail, size_t *start, const char *step, size_t n)
{
    bool fits = n + 3 <= *start;

    if (!fits) {
        step = "...";
        n = 3;
    }
    *start -= n;
    memcpy(tail + *start, step, n);
    return fits;
}

void corv_node_path(const xmlNode *node, const char *attribute, char *out, size_t size)
{
    char tail[255], step[STEP_TEXT];
    size_t start = sizeof tail;

    while (node && node->type != XML_ELEMENT_NODE)
        node = node->parent;
    if (node && attribute) {
        int n = snprintf(step, sizeof step, "/@%s", attribute);

        if (n > 0 && (size_t)n < sizeof step)
            (void)put_before(tail, &start, step, (size_t)n);
    }
    while (node && put_before(tail, &start, step, step_text(node, step)))
        node = is_top(node) ? NULL : node->parent;
    if (size) {
        size_t n = sizeof tail - start < size ? sizeof tail - start : size - 1;

        memcpy(out, tail + start, n);
        out[n] = '\0';
    }
}
