/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/config_read.h"
#include "config/kinds.h"
#include "config/text.h"

/* More than the country has; keeps the checks that compare everything with everything short. */
#define MAX_PARTIES  5000
#define MAX_MANDATES 10000
#define MAX_ROUTES   1000
#define MAX_SCHEMAS  64
#define MAX_RULES    1000
#define MAX_ADAPTERS 100

const struct corv_tree *corv_tree_item(const struct corv_tree *root, const char *list, unsigned n)
{
    const struct corv_tree *at = corv_tree_get(root, list);

    for (at = at ? at->first : NULL; at && n > 0; n--)
        at = at->next;
    return at;
}

static const struct corv_tree *first_of(const struct corv_tree *node, const char *list)
{
    const struct corv_tree *at = corv_tree_get(node, list);

    return at ? at->first : NULL;
}

static void *room(struct corv_reader *r, size_t count, size_t size)
{
    void *p = corv_arena_new(r->arena, count, size);

    r->nomem = r->nomem || !p;
    return p;
}

static void unknown_word(struct corv_reader *r, const struct corv_tree *node, const char *code,
    const char *what, const char *word, const char *const *names, unsigned count)
{
    const char *near = corv_text_nearest(word, names, count);

    if (near)
        corv_tree_error(r->findings, node, code, "%s bestaat niet; bedoelt u '%s'?", what, near);
    else
        corv_tree_error(r->findings, node, code,
            "%s bestaat niet; docs/settings.md noemt de mogelijkheden.", what);
}

static bool take_role(
    struct corv_reader *r, const struct corv_tree *node, const char *text, enum corv_role *role)
{
    const char *names[CORV_ROLE_COUNT];

    if (corv_role_read(text, role) == CORV_OK)
        return true;
    for (unsigned i = 0; i < CORV_ROLE_COUNT; i++)
        names[i] = corv_role_name((enum corv_role)i);
    unknown_word(r, node, "config.unknown-role", "Deze rol", text, names, CORV_ROLE_COUNT);
    return false;
}

static void check_kind(struct corv_reader *r, const struct corv_tree *node, const char *text)
{
    for (unsigned i = 0; i < corv_config_kinds_count; i++)
        if (strcmp(text, corv_config_kinds[i]) == 0)
            return;
    unknown_word(r, node, "config.unknown-kind", "Deze soort bericht", text, corv_config_kinds,
        corv_config_kinds_count);
}

static void take_period(struct corv_reader *r, const struct corv_tree *node,
    const struct corv_setting_row *from, const char *from_text, const char *until_text,
    struct corv_period *out)
{
    /* valid_until is the row after valid_from, in every list */
    corv_take_date(r, (struct corv_cell){from, node, from_text}, &out->from);
    corv_take_date(r, (struct corv_cell){from + 1, node, until_text}, &out->until);
    if (out->from && out->until && out->until < out->from)
        corv_tree_error(r->findings, corv_tree_get(node, "valid_until"), "config.period",
            "De laatste dag ligt voor de eerste dag.");
}
#define TAKE_PERIOD(r, place, node, raw, out)                                                      \
    take_period((r), (node), &corv_settings[CORV_ROW_##place##_valid_from], (raw)->valid_from,     \
        (raw)->valid_until, (out))

/* A list of words; each must be filled in. */
static void take_texts(struct corv_reader *r, const struct corv_tree *node, const char *key,
    char *const *raw, uint32_t count, const char ***out, unsigned *out_count)
{
    const struct corv_tree *at = first_of(node, key);

    *out = room(r, count, sizeof **out);
    *out_count = 0;
    for (uint32_t i = 0; *out && i < count && at; i++, at = at->next) {
        if (corv_text_is_null(raw[i]))
            corv_tree_error(r->findings, at, "config.empty", "Deze regel van de lijst is leeg.");
        else
            (*out)[(*out_count)++] = raw[i];
    }
}
#define TAKE_TEXTS(r, node, raw, out, key)                                                         \
    take_texts((r), (node), #key, (raw)->key, (raw)->key##_count, &(out)->key, &(out)->key##_count)

static void take_roles(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_party *raw, struct corv_party *p)
{
    const struct corv_tree *at = first_of(node, "roles");

    p->roles = room(r, raw->roles_count, sizeof *p->roles);
    for (uint32_t i = 0; p->roles && i < raw->roles_count && at; i++, at = at->next) {
        struct corv_party_role *role = &p->roles[p->roles_count];
        const char *name = NULL;

        corv_take_text(r, CORV_CELL(role, role, at, raw->roles[i].role), &name);
        TAKE_PERIOD(r, role, at, &raw->roles[i], &role->period);
        if (name && take_role(r, corv_tree_get(at, "role"), name, &role->role))
            p->roles_count++;
    }
}

static void take_digits(struct corv_reader *r, struct corv_cell cell, unsigned digits,
    const char *code, const char *text, const char **out)
{
    corv_take_text(r, cell, out);
    if (!*out || corv_text_is_digits(*out, digits))
        return;
    corv_tree_error(r->findings, corv_tree_get(cell.item, cell.row->key), code, "%s", text);
    *out = NULL;
}

static void take_party(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_party *raw, struct corv_party *p)
{
    p->line = node->line;
    corv_take_name(r, CORV_CELL(party, id, node, raw->id), &p->id);
    corv_take_text(r, CORV_CELL(party, name, node, raw->name), &p->name);
    corv_take_oin(r, CORV_CELL(party, oin, node, raw->oin), &p->oin);
    take_digits(r, CORV_CELL(party, gemeentecode, node, raw->gemeentecode), 4,
        "config.bad-gemeentecode",
        "Een gemeentecode heeft 4 cijfers; zet haar tussen aanhalingstekens.", &p->gemeentecode);
    corv_take_name(r, CORV_CELL(party, adapter, node, raw->adapter), &p->adapter);
    corv_take_text(r, CORV_CELL(party, address, node, raw->address), &p->address);
    corv_take_number(
        r, CORV_CELL(party, max_in_flight, node, raw->max_in_flight), &p->max_in_flight);
    corv_take_number(
        r, CORV_CELL(party, silence_hours, node, raw->silence_hours), &p->silence_hours);
    TAKE_PERIOD(r, party, node, raw, &p->period);
    TAKE_TEXTS(r, node, raw, p, woonplaatsen);
    TAKE_TEXTS(r, node, raw, p, acts_for);
    take_roles(r, node, raw, p);
}

static void take_mandate(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_mandate *raw, struct corv_mandate *m)
{
    m->line = node->line;
    corv_take_name(r, CORV_CELL(mandate, party, node, raw->party), &m->party);
    corv_take_name(r, CORV_CELL(mandate, gemeente, node, raw->gemeente), &m->gemeente);
    corv_take_text(r, CORV_CELL(mandate, ground, node, raw->ground), &m->ground);
    TAKE_PERIOD(r, mandate, node, raw, &m->period);
    TAKE_TEXTS(r, node, raw, m, kinds);
    if (raw->kinds_count == 0)
        corv_tree_error(r->findings, node, "config.missing",
            "Hier ontbreekt de instelling mandates[].kinds: voor welke soorten berichten?");

    const struct corv_tree *at = first_of(node, "kinds");

    for (; at; at = at->next)
        if (!corv_text_is_null(at->text))
            check_kind(r, at, at->text);
}

static void take_to(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_route *raw, struct corv_route *route)
{
    static const char *const words[] = {"ontvanger", "gemeente-van-kind", "role:", "party:"};
    const struct corv_tree *at = corv_tree_get(node, "to");
    const char *to = NULL;

    corv_take_text(r, CORV_CELL(route, to, node, raw->to), &to);
    if (!to)
        return;
    if (strcmp(to, words[0]) == 0) {
        route->target = CORV_TO_ONTVANGER;
    } else if (strcmp(to, words[1]) == 0) {
        route->target = CORV_TO_GEMEENTE_KIND;
    } else if (strncmp(to, words[2], strlen(words[2])) == 0) {
        if (take_role(r, at, to + strlen(words[2]), &route->target_role))
            route->target = CORV_TO_ROLE;
    } else if (strncmp(to, words[3], strlen(words[3])) == 0) {
        route->target = CORV_TO_PARTY;
        route->target_party = to + strlen(words[3]);
    } else {
        corv_tree_error(r->findings, at, "config.bad-target",
            "Kies ontvanger, role:ROL, party:ID of gemeente-van-kind.");
    }
}

static void take_form(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_route *raw, struct corv_route *route)
{
    const char *as = NULL;

    corv_take_text(r, CORV_CELL(route, as, node, raw->as), &as);
    route->form = as && strcmp(as, "kennisgeving") == 0 ? CORV_AS_KENNISGEVING : CORV_AS_BERICHT;
    if (as && route->form == CORV_AS_BERICHT && strcmp(as, "bericht") != 0)
        corv_tree_error(r->findings, corv_tree_get(node, "as"), "config.bad-form",
            "Kies bericht of kennisgeving.");
}

static void take_route(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_route *raw, struct corv_route *route)
{
    const struct corv_tree *at = first_of(node, "from");

    route->line = node->line;
    corv_take_name(r, CORV_CELL(route, name, node, raw->name), &route->name);
    corv_take_text(r, CORV_CELL(route, kind, node, raw->kind), &route->kind);
    if (route->kind)
        check_kind(r, corv_tree_get(node, "kind"), route->kind);
    TAKE_PERIOD(r, route, node, raw, &route->period);
    take_to(r, node, raw, route);
    take_form(r, node, raw, route);
    route->from = room(r, raw->from_count, sizeof *route->from);
    for (uint32_t i = 0; route->from && i < raw->from_count && at; i++, at = at->next)
        if (take_role(r, at, raw->from[i], &route->from[route->from_count]))
            route->from_count++;
}

static void take_adapter(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_adapter *raw, struct corv_adapter_entry *a)
{
    const struct corv_tree *at = first_of(node, "settings");

    a->line = node->line;
    corv_take_name(r, CORV_CELL(adapter, name, node, raw->name), &a->name);
    corv_take_text(r, CORV_CELL(adapter, library, node, raw->library), &a->library);
    if (a->library && a->library[0] != '/' &&
        (strncmp(a->library, "builtin:", 8) != 0 || !corv_text_is_name(a->library + 8)))
        corv_tree_error(r->findings, corv_tree_get(node, "library"), "config.bad-library",
            "Kies 'builtin:' met de naam van een ingebouwde adapter, of een volledig pad.");
    a->settings = room(r, raw->settings_count, sizeof *a->settings);
    for (uint32_t i = 0; a->settings && i < raw->settings_count && at; i++, at = at->next) {
        struct corv_setting *s = &a->settings[a->settings_count++];

        corv_take_text(r, CORV_CELL(setting, key, at, raw->settings[i].key), &s->key);
        corv_take_text(r, CORV_CELL(setting, value, at, raw->settings[i].value), &s->value);
        corv_take_credential(r, CORV_CELL(setting, value, at, raw->settings[i].value), &s->value);
    }
}

static void take_schema(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_schema *raw, struct corv_schema_rule *s)
{
    s->line = node->line;
    corv_take_text(r, CORV_CELL(schema, set, node, raw->set), &s->set);
    corv_take_name(r, CORV_CELL(schema, party, node, raw->party), &s->party);
    TAKE_PERIOD(r, schema, node, raw, &s->period);
    TAKE_TEXTS(r, node, raw, s, kinds);
}

static bool take_mode(const char *text, enum corv_mode *mode)
{
    static const char *const names[] = {"uit", "waarschuwen", "afdwingen"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum corv_mode)i;
            return true;
        }
    return false;
}

static void take_rule(struct corv_reader *r, const struct corv_tree *node,
    const struct raw_rule *raw, struct corv_rule_mode_setting *s)
{
    const char *mode = NULL;

    s->line = node->line;
    corv_take_text(r, CORV_CELL(rule, rule, node, raw->rule), &s->rule);
    corv_take_name(r, CORV_CELL(rule, party, node, raw->party), &s->party);
    corv_take_date(r, CORV_CELL(rule, valid_from, node, raw->valid_from), &s->from);
    corv_take_text(r, CORV_CELL(rule, mode, node, raw->mode), &mode);
    if (mode && !take_mode(mode, &s->mode))
        corv_tree_error(r->findings, corv_tree_get(node, "mode"), "config.bad-mode",
            "Kies uit, waarschuwen of afdwingen.");
}

static bool few_enough(struct corv_reader *r, const struct corv_tree *root, const char *list,
    uint32_t count, uint32_t max)
{
    if (count <= max)
        return true;
    corv_tree_error(r->findings, corv_tree_get(root, list), "config.too-large",
        "Deze lijst mag hoogstens %u regels hebben.", (unsigned)max);
    return false;
}

/* One list: room for all, then each item with the place where it stands. */
#define READ_LIST(r, c, raw, root, list, max, take)                                                \
    do {                                                                                           \
        const struct corv_tree *at = first_of((root), #list);                                      \
                                                                                                   \
        if (!few_enough((r), (root), #list, (raw)->list##_count, (max)))                           \
            break;                                                                                 \
        (c)->list = room((r), (raw)->list##_count, sizeof *(c)->list);                             \
        for (uint32_t i = 0; (c)->list && i < (raw)->list##_count && at; i++, at = at->next)       \
            take((r), at, &(raw)->list[i], &(c)->list[(c)->list##_count++]);                       \
    } while (0)

corv_rc corv_read_lists(struct corv_reader *r, struct corv_config *c, const struct raw_config *raw,
    const struct corv_tree *root)
{
    READ_LIST(r, c, raw, root, adapters, MAX_ADAPTERS, take_adapter);
    READ_LIST(r, c, raw, root, parties, MAX_PARTIES, take_party);
    READ_LIST(r, c, raw, root, mandates, MAX_MANDATES, take_mandate);
    READ_LIST(r, c, raw, root, schemas, MAX_SCHEMAS, take_schema);
    READ_LIST(r, c, raw, root, rules, MAX_RULES, take_rule);
    READ_LIST(r, c, raw, root, routes, MAX_ROUTES, take_route);
    return r->nomem ? CORV_E_NOMEM : CORV_OK;
}
