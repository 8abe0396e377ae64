/* SPDX-License-Identifier: EUPL-1.2 */
/* Parties and mandates, judged as a whole. Texts name lines, never persons; a party's id is our
 * own word for an organisation. */
#include "config/config_read.h"
#include "config/parties.h"
#include "config/parties_index.h"
#include "config/text.h"

struct judge {
    const struct corv_config *c;
    const struct corv_tree *root;
    struct corv_findings *f;
};

static bool overlap(const struct corv_period *a, const struct corv_period *b)
{
    return (!a->until || !b->from || b->from <= a->until) &&
           (!b->until || !a->from || a->from <= b->until);
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static const struct corv_tree *party_key(const struct judge *j, unsigned i, const char *key)
{
    const struct corv_tree *item = corv_tree_item(j->root, "parties", i);
    const struct corv_tree *node = corv_tree_get(item, key);

    return node ? node : item;
}

static bool has_role_ever(const struct corv_party *p, enum corv_role role)
{
    for (unsigned i = 0; i < p->roles_count; i++)
        if (p->roles[i].role == role)
            return true;
    return false;
}

static void compare(const struct judge *j, unsigned i, unsigned k)
{
    const struct corv_party *a = &j->c->parties[i];
    const struct corv_party *b = &j->c->parties[k];

    if (same(a->id, b->id))
        corv_tree_error(j->f, party_key(j, i, "id"), "config.double-id",
            "Deze partij heeft dezelfde id als die op regel %d.", b->line);
    if (!overlap(&a->period, &b->period))
        return;
    if (same(a->oin, b->oin))
        corv_tree_error(j->f, party_key(j, i, "oin"), "config.double-oin",
            "De partij op regel %d heeft in dezelfde tijd hetzelfde OIN.", b->line);
    if (same(a->gemeentecode, b->gemeentecode))
        corv_tree_error(j->f, party_key(j, i, "gemeentecode"), "config.double-gemeentecode",
            "De partij op regel %d heeft in dezelfde tijd dezelfde gemeentecode.", b->line);
}

static void unknown_party(
    const struct judge *j, const struct corv_tree *node, const char *what, const char *id)
{
    const char *best = NULL;
    const char *names[1];

    for (unsigned i = 0; i < j->c->parties_count && !best; i++) {
        names[0] = j->c->parties[i].id;
        best = names[0] ? corv_text_nearest(id, names, 1) : NULL;
    }
    if (best)
        corv_tree_error(j->f, node, "config.unknown-party",
            "%s staat niet bij parties; bedoelt u '%s'?", what, best);
    else
        corv_tree_error(j->f, node, "config.unknown-party", "%s staat niet bij parties.", what);
}

static void check_reach(const struct judge *j, unsigned i)
{
    const struct corv_party *p = &j->c->parties[i];
    bool known = !p->adapter;

    for (unsigned k = 0; k < j->c->adapters_count && !known; k++)
        known = same(p->adapter, j->c->adapters[k].name);
    if (!known)
        corv_tree_error(j->f, party_key(j, i, "adapter"), "config.unknown-adapter",
            "Deze adapter staat niet bij adapters.");
    if (p->adapter && !p->address)
        corv_tree_error(j->f, party_key(j, i, "adapter"), "config.no-address",
            "Bij een adapter hoort een address: waar wordt bezorgd?");
    if (!p->adapter && p->address)
        corv_tree_error(j->f, party_key(j, i, "address"), "config.no-adapter",
            "Bij een address hoort een adapter: hoe wordt bezorgd?");
}

static void check_acts_for(const struct judge *j, unsigned i)
{
    const struct corv_party *p = &j->c->parties[i];
    const struct corv_tree *at = party_key(j, i, "acts_for")->first;

    for (; at && at->kind == CORV_TREE_SCALAR; at = at->next) {
        if (corv_text_is_null(at->text) || !corv_tree_get(at->parent->parent, "acts_for"))
            continue;
        if (same(at->text, p->id))
            corv_tree_warning(j->f, at, "config.acts-for-self",
                "Een partij mag altijd namens zichzelf insturen; deze regel is overbodig.");
        else if (!corv_party_by_id(j->c, at->text))
            unknown_party(j, at, "Deze partij", at->text);
    }
}

static void check_gemeente(const struct judge *j, unsigned i)
{
    const struct corv_party *p = &j->c->parties[i];

    if (p->roles_count == 0 && p->acts_for_count == 0)
        corv_tree_warning(j->f, party_key(j, i, "id"), "config.no-role",
            "Deze partij heeft geen rol en handelt voor niemand; ze kan niets insturen waarvoor "
            "een rol nodig is.");
    if (has_role_ever(p, CORV_ROLE_GEMEENTE))
        return;
    if (p->gemeentecode)
        corv_tree_warning(j->f, party_key(j, i, "gemeentecode"), "config.not-gemeente",
            "Een gemeentecode doet alleen iets bij de rol gemeente.");
    if (p->woonplaatsen_count)
        corv_tree_warning(j->f, party_key(j, i, "woonplaatsen"), "config.not-gemeente",
            "Woonplaatsen doen alleen iets bij de rol gemeente.");
}

static void check_place_names(const struct judge *j, unsigned i)
{
    const struct corv_tree *list =
        corv_tree_get(corv_tree_item(j->root, "parties", i), "woonplaatsen");
    char folded[CORV_PLACE_BYTES];

    for (const struct corv_tree *at = list ? list->first : NULL; at; at = at->next)
        if (!corv_text_is_null(at->text) &&
            corv_place_fold(corv_view_str(at->text), folded) != CORV_OK)
            corv_tree_error(j->f, at, "config.bad-place", "Dit is geen naam van een woonplaats.");
}

/* A place that two gemeenten claim is allowed (names repeat in the country), but operators should
 * know that a child from there always leads to a question. */
static void check_places(const struct judge *j)
{
    const struct corv_keyed_table *t = &j->c->index->by_place;

    for (unsigned i = 0; i + 1 < t->count; i++) {
        const struct corv_party *a = t->rows[i].party;
        const struct corv_party *b = t->rows[i + 1].party;
        const struct corv_tree *node = NULL;

        if (strcmp(t->rows[i].key, t->rows[i + 1].key) != 0)
            continue;
        node = party_key(j, (unsigned)(b - j->c->parties), "woonplaatsen");
        if (a == b)
            corv_tree_warning(j->f, node, "config.double-place",
                "Een woonplaats staat hier twee keer (hoofdletters en accenten tellen niet mee).");
        else if (overlap(&a->period, &b->period))
            corv_tree_warning(j->f, node, "config.shared-place",
                "Een woonplaats staat ook bij de gemeente op regel %d; een kind uit die plaats "
                "leidt tot een vraag aan de beheerder.",
                a->line);
    }
}

static void check_mandate(const struct judge *j, unsigned i)
{
    const struct corv_mandate *m = &j->c->mandates[i];
    const struct corv_tree *item = corv_tree_item(j->root, "mandates", i);
    const struct corv_party *gemeente = m->gemeente ? corv_party_by_id(j->c, m->gemeente) : NULL;

    if (m->party && !corv_party_by_id(j->c, m->party))
        unknown_party(j, corv_tree_get(item, "party"), "Deze partij", m->party);
    if (m->gemeente && !gemeente)
        unknown_party(j, corv_tree_get(item, "gemeente"), "Deze gemeente", m->gemeente);
    if (gemeente && !has_role_ever(gemeente, CORV_ROLE_GEMEENTE))
        corv_tree_error(j->f, corv_tree_get(item, "gemeente"), "config.mandate-giver",
            "Deze partij heeft de rol gemeente niet en kan dus geen mandaat geven.");
    if (same(m->party, m->gemeente))
        corv_tree_error(j->f, item, "config.mandate-self",
            "Een gemeente heeft van zichzelf geen mandaat nodig.");
}

void corv_config_check_parties(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings)
{
    const struct judge j = {c, root, findings};

    for (unsigned i = 0; i < c->parties_count; i++) {
        for (unsigned k = 0; k < i; k++)
            compare(&j, i, k);
        check_reach(&j, i);
        check_acts_for(&j, i);
        check_gemeente(&j, i);
        check_place_names(&j, i);
    }
    check_places(&j);
    for (unsigned i = 0; i < c->mandates_count; i++)
        check_mandate(&j, i);
}
