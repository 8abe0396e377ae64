/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_pack.h"

#include <fnmatch.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>

#include "schemas/rule_date.h"
#include "schemas/rule_text.h"

#define MOST 2000 /* of anything in a pack */

struct load {
    struct corv_rule_pack *p;
    struct corv_fault *fault;
    const char *file;
    bool head; /* the rulepack element was met */
};

static corv_rc bad(struct load *l, const xmlNode *node, const char *why)
{
    return CORV_FAIL(l->fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "rules.pack", "%s:%ld: %s",
        l->file, node ? xmlGetLineNo(node) : 0L, why);
}

/* Room for one more, zeroed, or NULL. */
static void *add(void **array, size_t *count, size_t size)
{
    if (*count >= MOST)
        return NULL;

    char *grown = realloc(*array, (*count + 1) * size);

    if (!grown)
        return NULL;
    *array = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}

static const char *word(struct load *l, struct corv_view text)
{
    return (const char *)xmlDictLookup(l->p->words, BAD_CAST(text.n ? text.p : ""), (int)text.n);
}

/* The attribute, NULL when absent. */
static const char *attr(struct load *l, const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    const char *kept = value ? word(l, corv_view_str((const char *)value)) : NULL;

    xmlFree(value);
    return kept;
}

/* The text of the element with white space made single; "" when empty. */
static const char *content(struct load *l, const xmlNode *node)
{
    xmlChar *value = xmlNodeGetContent(node);
    const char *kept = NULL;
    size_t n = 0;

    if (!value)
        return "";
    for (const xmlChar *c = value; *c; c++) {
        bool blank = *c == ' ' || *c == '\n' || *c == '\r' || *c == '\t';

        if (!blank)
            value[n++] = *c;
        else if (n && value[n - 1] != ' ')
            value[n++] = ' ';
    }
    kept = word(l, corv_rule_trim(corv_view_of(value, n)));
    xmlFree(value);
    return kept;
}

/* Bits for the names in text that match; 0 when a name matches nothing. */
static uint32_t kinds_of(const char *text)
{
    uint32_t bits = 0;
    char one[80];

    while (text && *text) {
        size_t n = strcspn(text, " ");
        uint32_t met = 0;

        if (n >= sizeof one)
            return 0;
        memcpy(one, text, n);
        one[n] = '\0';
        for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_KENNISGEVING; k++)
            if (fnmatch(one, corv_kind_name((enum corv_kind)k), 0) == 0)
                met |= 1u << k;
        if (!met)
            return 0;
        bits |= met;
        text += n + strspn(text + n, " ");
    }
    return bits;
}

static int index_of(const char *value, const char *const *names, int count)
{
    for (int i = 0; value && i < count; i++)
        if (strcmp(value, names[i]) == 0)
            return i;
    return -1;
}

static corv_rc read_source(struct load *l, const xmlNode *node)
{
    struct corv_rule_source *s = add((void **)&l->p->sources, &l->p->sources_count, sizeof *s);

    if (!s)
        return CORV_E_NOMEM;
    s->id = attr(l, node, "id");
    s->text = content(l, node);
    return s->id && *s->text ? CORV_OK : bad(l, node, "source without id or text");
}

static corv_rc read_list(struct load *l, const xmlNode *node)
{
    struct corv_rule_list *list = add((void **)&l->p->lists, &l->p->lists_count, sizeof *list);

    if (!list)
        return CORV_E_NOMEM;
    list->name = corv_view_str(attr(l, node, "name"));
    for (const xmlNode *n = node->children; n; n = n->next) {
        struct corv_view *item;

        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp((const char *)n->name, "item") != 0)
            return bad(l, n, "unknown element in a list");
        item = add((void **)&list->items, &list->count, sizeof *item);
        if (!item)
            return CORV_E_NOMEM;
        *item = corv_view_str(content(l, n));
    }
    if (!list->name.n || list->count == 0)
        return bad(l, node, "list without name or items");
    return corv_words_of(list->items, list->count, &list->set);
}

static corv_rc read_let(struct load *l, const xmlNode *node)
{
    struct corv_rule_let *let = add((void **)&l->p->lets, &l->p->lets_count, sizeof *let);

    if (!let)
        return CORV_E_NOMEM;
    let->name = attr(l, node, "name");
    let->select = content(l, node);
    let->kinds = kinds_of(attr(l, node, "kinds"));
    return let->name && *let->select && let->kinds
               ? CORV_OK
               : bad(l, node, "let without name, kinds or path");
}

static corv_rc read_each(struct load *l, const xmlNode *node, struct corv_rule *r)
{
    struct corv_rule_each *e = add((void **)&r->each, &r->each_count, sizeof *e);
    const char *kinds = attr(l, node, "kinds");

    if (!e)
        return CORV_E_NOMEM;
    e->select = attr(l, node, "select");
    e->test = attr(l, node, "test");
    e->at = attr(l, node, "at");
    e->kinds = kinds ? kinds_of(kinds) : r->kinds;
    if (!e->select || !e->test)
        return bad(l, node, "each without select or test");
    return e->kinds && (e->kinds & ~r->kinds) == 0 ? CORV_OK
                                                   : bad(l, node, "each with wrong kinds");
}

static corv_rc read_children(struct load *l, const xmlNode *node, struct corv_rule *r)
{
    corv_rc rc = CORV_OK;

    for (const xmlNode *n = node->children; n && rc == CORV_OK; n = n->next) {
        const char *name = (const char *)n->name;

        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp(name, "each") == 0)
            rc = read_each(l, n, r);
        else if (strcmp(name, "text") == 0)
            r->text = content(l, n);
        else if (strcmp(name, "action") == 0)
            r->action = content(l, n);
        else
            rc = bad(l, n, "unknown element in a rule");
    }
    return rc;
}

/* jjjj-mm-dd as YYYYMMDD, 0 when it is no date. */
static int day_of(const char *text)
{
    char day[9];

    if (!text || strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return 0;
    memcpy(day, text, 4);
    memcpy(day + 4, text + 5, 2);
    memcpy(day + 6, text + 8, 3);
    return corv_rule_date_read(corv_view_str(day), 'V').first;
}

static bool known_article(const struct corv_rule_pack *p, const char *article)
{
    for (size_t i = 0; article && i < p->sources_count; i++) {
        size_t n = strlen(p->sources[i].id);

        if (strncmp(article, p->sources[i].id, n) == 0 && (article[n] == ' ' || !article[n]))
            return strlen(article) < sizeof((struct corv_finding *)0)->article;
    }
    return false;
}

static corv_rc check_rule(struct load *l, const xmlNode *node, const struct corv_rule *r)
{
    if (r->from == 0)
        return bad(l, node, "rule without a good from");
    if (r->kinds == 0)
        return bad(l, node, "rule without good kinds");
    if (!known_article(l->p, r->article))
        return bad(l, node, "rule whose article names no known source");
    if (!r->text || !*r->text || strlen(r->text) >= sizeof((struct corv_finding *)0)->text)
        return bad(l, node, "rule without a text that fits");
    if (!r->action || !*r->action)
        return bad(l, node, "rule without an action");
    return r->each_count ? CORV_OK : bad(l, node, "rule without each");
}

static corv_rc read_code(struct load *l, const xmlNode *node, struct corv_rule *r)
{
    char code[sizeof((struct corv_finding *)0)->code];
    const char *id = attr(l, node, "id");
    int n = id ? snprintf(code, sizeof code, "rule.%s", id) : 0;

    if (n <= 5 || (size_t)n >= sizeof code)
        return bad(l, node, "rule without an id that fits");
    if (corv_rule_by_code(l->p, code))
        return bad(l, node, "rule with an id that was used before");
    r->id = id;
    r->code = word(l, corv_view_str(code));
    return CORV_OK;
}

static corv_rc read_rule(struct load *l, const xmlNode *node)
{
    static const char *const severities[] = {"error", "warning"};
    static const char *const modes[] = {"off", "warn", "enforce"};
    static const char *const actors[] = {"behandelaar", "beheerder", "leverancier", "partner"};
    struct corv_rule *r = add((void **)&l->p->rules, &l->p->rules_count, sizeof *r);
    int severity = index_of(attr(l, node, "severity"), severities, 2);
    int mode = index_of(attr(l, node, "mode"), modes, 3);
    int who = index_of(attr(l, node, "who"), actors, 4);
    corv_rc rc;

    if (!r)
        return CORV_E_NOMEM;
    r->code = "";
    rc = read_code(l, node, r);
    if (rc != CORV_OK)
        return rc;
    if (severity < 0 || mode < 0 || who < 0)
        return bad(l, node, "rule without a good severity, mode or who");
    r->severity = severity == 0 ? CORV_SEV_ERROR : CORV_SEV_WARNING;
    r->mode = (enum corv_rule_mode)mode;
    r->who = (enum corv_actor)who;
    r->article = attr(l, node, "article");
    r->kinds_text = attr(l, node, "kinds");
    r->kinds = kinds_of(r->kinds_text);
    r->from = day_of(attr(l, node, "from"));
    rc = read_children(l, node, r);
    return rc == CORV_OK ? check_rule(l, node, r) : rc;
}

static corv_rc read_head(struct load *l, const xmlNode *root)
{
    if (l->head)
        return bad(l, root, "a second rulepack element");
    l->head = true;
    l->p->id = attr(l, root, "id");
    l->p->version = attr(l, root, "version");
    l->p->date = attr(l, root, "date");
    l->p->purpose = attr(l, root, "for");
    if (!l->p->id || !l->p->version || !l->p->purpose || !day_of(l->p->date))
        return bad(l, root, "rulepack without id, version, date or for");
    return CORV_OK;
}

static corv_rc read_root(struct load *l, const xmlNode *root)
{
    static const struct {
        const char *name;
        corv_rc (*read)(struct load *l, const xmlNode *node);
    } parts[] = {
        {"source", read_source}, {"list", read_list}, {"let", read_let}, {"rule", read_rule}};
    corv_rc rc = CORV_OK;

    if (!root || !root->ns || strcmp((const char *)root->ns->href, CORV_RULE_NS) != 0)
        return bad(l, root, "not a rule pack");
    if (strcmp((const char *)root->name, "rulepack") == 0)
        rc = read_head(l, root);
    else if (strcmp((const char *)root->name, "rules") != 0)
        rc = bad(l, root, "not a rule pack");
    for (const xmlNode *n = root->children; n && rc == CORV_OK; n = n->next) {
        size_t i = 0;

        if (n->type != XML_ELEMENT_NODE)
            continue;
        while (i < 4 && strcmp(parts[i].name, (const char *)n->name) != 0)
            i++;
        rc = i < 4 ? parts[i].read(l, n) : bad(l, n, "unknown element");
    }
    return rc;
}

static corv_rc read_file(struct load *l, const struct corv_embedded *file)
{
    xmlDocPtr doc = NULL;
    corv_rc rc;

    l->file = file->name;
    if (file->size > 4u << 20)
        return bad(l, NULL, "file too large");
    doc = xmlReadMemory((const char *)file->bytes, (int)file->size, file->name, NULL,
        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    rc = doc ? read_root(l, xmlDocGetRootElement(doc)) : bad(l, NULL, "not well-formed XML");
    xmlFreeDoc(doc);
    return rc;
}

corv_rc corv_rule_pack_read(
    const struct corv_embedded *files, struct corv_rule_pack **out, struct corv_fault *fault)
{
    struct load l = {.p = calloc(1, sizeof *l.p), .fault = fault, .file = "rules"};
    corv_rc rc = CORV_OK;

    *out = NULL;
    if (l.p)
        l.p->words = xmlDictCreate();
    if (!l.p || !l.p->words)
        rc = CORV_E_NOMEM;
    for (; rc == CORV_OK && files->name; files++)
        rc = read_file(&l, files);
    if (rc == CORV_OK && !l.head)
        rc = bad(&l, NULL, "no rulepack element");
    if (rc == CORV_OK) {
        *out = l.p;
        return CORV_OK;
    }
    corv_rule_pack_free(l.p);
    return rc == CORV_E_NOMEM
               ? CORV_FAIL(fault, rc, CORV_FAULT_BUG, "rules.memory", "no memory for the rules")
               : rc;
}

void corv_rule_pack_free(struct corv_rule_pack *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->rules_count; i++)
        free(p->rules[i].each);
    for (size_t i = 0; i < p->lists_count; i++) {
        corv_words_free(&p->lists[i].set);
        free(p->lists[i].items);
    }
    free(p->rules);
    free(p->lists);
    free(p->lets);
    free(p->sources);
    if (p->words)
        xmlDictFree(p->words);
    free(p);
}

const struct corv_rule_list *corv_rule_list_by_name(
    const struct corv_rule_pack *p, struct corv_view name)
{
    for (size_t i = 0; i < p->lists_count; i++)
        if (corv_view_eq(name, p->lists[i].name))
            return &p->lists[i];
    return NULL;
}

bool corv_rule_in_list(const struct corv_rule_list *l, struct corv_view value)
{
    return corv_words_has(&l->set, value);
}

const struct corv_rule *corv_rule_by_code(const struct corv_rule_pack *p, const char *code)
{
    for (size_t i = 0; i < p->rules_count; i++)
        if (strcmp(p->rules[i].code, code) == 0)
            return &p->rules[i];
    return NULL;
}

const char *corv_rule_mode_name(enum corv_rule_mode mode)
{
    static const char *const names[] = {"uit", "waarschuwen", "afdwingen"};

    return names[mode];
}
