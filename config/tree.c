/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

struct builder {
    struct corv_arena *arena;
    struct corv_findings *findings;
    struct corv_tree *root;
    struct corv_tree *at; /* the list or map being filled */
    const char *key;      /* read, waiting for its value */
    yaml_mark_t key_mark;
    unsigned depth;
    unsigned nodes;
    unsigned documents;
};

__attribute__((format(printf, 5, 0))) static void say(struct corv_findings *f,
    const struct corv_tree *node, enum corv_severity severity, const char *code, const char *fmt,
    va_list ap)
{
    struct corv_finding one = {
        .layer = CORV_LAYER_CONFIG, .severity = severity, .actor = CORV_ACT_BEHEERDER};

    if (node) {
        one.line = node->line;
        one.column = node->column;
        (void)corv_tree_path(node, one.path, sizeof one.path);
    }
    (void)snprintf(one.code, sizeof one.code, "%s", code);
    (void)vsnprintf(one.text, sizeof one.text, fmt, ap);
    corv_findings_add(f, &one);
}

void corv_tree_error(
    struct corv_findings *f, const struct corv_tree *node, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(f, node, CORV_SEV_ERROR, code, fmt, ap);
    va_end(ap);
}

void corv_tree_warning(
    struct corv_findings *f, const struct corv_tree *node, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(f, node, CORV_SEV_WARNING, code, fmt, ap);
    va_end(ap);
}

const struct corv_tree *corv_tree_get(const struct corv_tree *node, const char *key)
{
    if (!node || node->kind != CORV_TREE_MAP)
        return NULL;
    for (const struct corv_tree *c = node->first; c; c = c->next)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

char *corv_tree_path(const struct corv_tree *node, char *out, size_t size)
{
    const struct corv_tree *way[CORV_TREE_DEPTH + 1];
    unsigned n = 0;
    size_t used = 0;

    out[0] = '\0';
    for (; node && node->parent && n <= CORV_TREE_DEPTH; node = node->parent)
        way[n++] = node;
    while (n-- > 0 && used < size) {
        int more = way[n]->key
                       ? snprintf(out + used, size - used, "%s%s", used ? "." : "", way[n]->key)
                       : snprintf(out + used, size - used, "[%u]", way[n]->index);

        used += more > 0 ? (size_t)more : 0;
    }
    return out;
}

static corv_rc refuse(
    struct builder *b, const yaml_mark_t *mark, const char *code, const char *text)
{
    struct corv_tree here = {.line = (int)mark->line + 1, .column = (int)mark->column + 1};

    corv_tree_error(b->findings, &here, code, "%s", text);
    return CORV_E_INVALID;
}

static corv_rc take_key(struct builder *b, const yaml_event_t *ev)
{
    struct corv_view key = {(const char *)ev->data.scalar.value, ev->data.scalar.length};

    if (ev->type != YAML_SCALAR_EVENT)
        return refuse(b, &ev->start_mark, "config.yaml-key",
            "De naam van een instelling is een gewoon woord, geen lijst of groep.");
    if (b->at->last && b->at->last->index + 1 >= CORV_TREE_KEYS)
        return refuse(b, &ev->start_mark, "config.too-large",
            "Deze groep heeft meer instellingen dan er bestaan.");
    b->key = corv_arena_text(b->arena, key);
    b->key_mark = ev->start_mark;
    if (!b->key)
        return CORV_E_NOMEM;
    if (!corv_tree_get(b->at, b->key))
        return CORV_OK;
    /* Both are kept in the tree; the file is refused, so neither can win in silence. */
    (void)refuse(b, &ev->start_mark, "config.double-key",
        "Deze instelling staat twee keer in dezelfde groep; haal er een weg.");
    return CORV_OK;
}

static void attach(struct builder *b, struct corv_tree *node)
{
    struct corv_tree *at = b->at;

    node->parent = at;
    node->key = b->key;
    b->key = NULL;
    if (!at) {
        b->root = node;
        return;
    }
    node->index = at->last ? at->last->index + 1 : 0;
    if (at->last)
        at->last->next = node;
    else
        at->first = node;
    at->last = node;
}

static corv_rc take_value(struct builder *b, const yaml_event_t *ev)
{
    if (++b->nodes > CORV_TREE_NODES)
        return refuse(b, &ev->start_mark, "config.too-large",
            "Het bestand heeft te veel instellingen om te lezen.");

    struct corv_tree *node = corv_arena_new(b->arena, 1, sizeof *node);

    if (!node)
        return CORV_E_NOMEM;
    /* a group stands where its name stands, a value where it stands itself */
    const yaml_mark_t *mark =
        b->key && ev->type != YAML_SCALAR_EVENT ? &b->key_mark : &ev->start_mark;

    node->line = (int)mark->line + 1;
    node->column = (int)mark->column + 1;
    attach(b, node);
    if (ev->type == YAML_SCALAR_EVENT) {
        if (memchr(ev->data.scalar.value, 0, ev->data.scalar.length))
            return refuse(b, &ev->start_mark, "config.nul", "Een nulteken kan hier niet.");
        node->text = corv_arena_text(b->arena,
            (struct corv_view){(const char *)ev->data.scalar.value, ev->data.scalar.length});
        return node->text ? CORV_OK : CORV_E_NOMEM;
    }
    node->kind = ev->type == YAML_MAPPING_START_EVENT ? CORV_TREE_MAP : CORV_TREE_LIST;
    b->at = node;
    if (++b->depth > CORV_TREE_DEPTH)
        return refuse(b, &ev->start_mark, "config.too-deep",
            "De instellingen zijn hier dieper genest dan een instelling kan zijn.");
    return CORV_OK;
}

static corv_rc take(struct builder *b, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        return ++b->documents > 1
                   ? refuse(b, &ev->start_mark, "config.two-documents",
                         "Het bestand heeft meer dan een YAML-document; alles hoort in het eerste.")
                   : CORV_OK;
    case YAML_ALIAS_EVENT:
        return refuse(b, &ev->start_mark, "config.yaml-alias",
            "Een verwijzing (*naam) mag hier niet; schrijf de instelling uit.");
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->at = b->at ? (struct corv_tree *)b->at->parent : NULL;
        b->depth--;
        return CORV_OK;
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (b->at && b->at->kind == CORV_TREE_MAP && !b->key)
            return take_key(b, ev);
        return take_value(b, ev);
    default:
        return CORV_OK;
    }
}

/* libyaml's own sentence is English, but it names syntax only, never a value. */
static corv_rc syntax(struct builder *b, const yaml_parser_t *parser)
{
    const yaml_mark_t *mark = &parser->problem_mark;
    struct corv_tree here = {.line = (int)mark->line + 1, .column = (int)mark->column + 1};

    if (parser->error == YAML_MEMORY_ERROR)
        return CORV_E_NOMEM;
    corv_tree_error(b->findings, &here, "config.yaml",
        "De opmaak van het bestand klopt hier niet (YAML: %s).",
        parser->problem ? parser->problem : "?");
    return CORV_E_INVALID;
}

corv_rc corv_tree_read(struct corv_arena *a, struct corv_view bytes, const struct corv_tree **root,
    struct corv_findings *findings)
{
    struct builder b = {.arena = a, .findings = findings};
    size_t errors = findings->errors;
    yaml_parser_t parser;
    corv_rc rc = CORV_OK;
    bool end = false;

    *root = NULL;
    if (!yaml_parser_initialize(&parser))
        return CORV_E_NOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.p, bytes.n);
    while (rc == CORV_OK && !end) {
        yaml_event_t ev;

        if (!yaml_parser_parse(&parser, &ev)) {
            rc = syntax(&b, &parser);
            break;
        }
        end = ev.type == YAML_STREAM_END_EVENT;
        rc = take(&b, &ev);
        yaml_event_delete(&ev);
    }
    yaml_parser_delete(&parser);
    *root = b.root;
    return rc == CORV_OK && findings->errors > errors ? CORV_E_INVALID : rc;
}
