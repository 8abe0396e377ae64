/* SPDX-License-Identifier: EUPL-1.2 */
/* Routes, judged against the parties they lead to. */
#include "config/config_read.h"
#include "config/parties.h"
#include "config/text.h"

struct judge {
    const struct corv_config *c;
    const struct corv_tree *root;
    struct corv_findings *f;
};

/* The days that both have; false when there are none. */
static bool cut(const struct corv_period *a, const struct corv_period *b, struct corv_period *out)
{
    out->from = a->from > b->from ? a->from : b->from;
    out->until = !a->until || (b->until && b->until < a->until) ? b->until : a->until;
    return !out->from || !out->until || out->from <= out->until;
}

static bool holds_role(const struct corv_party *p, enum corv_role role,
    const struct corv_period *period, struct corv_period *when)
{
    struct corv_period both;

    for (unsigned i = 0; i < p->roles_count; i++)
        if (p->roles[i].role == role && cut(&p->roles[i].period, &p->period, &both) &&
            cut(&both, period, when))
            return true;
    return false;
}

static bool reachable(const struct corv_party *p)
{
    return p->adapter && p->address;
}

static const struct corv_tree *route_key(const struct judge *j, unsigned i, const char *key)
{
    const struct corv_tree *item = corv_tree_item(j->root, "routes", i);
    const struct corv_tree *node = corv_tree_get(item, key);

    return node ? node : item;
}

static void unreachable(const struct judge *j, unsigned i, const struct corv_party *p)
{
    corv_tree_error(j->f, route_key(j, i, "to"), "config.unreachable",
        "Deze route leidt naar de partij op regel %d, maar die heeft geen adapter en address.",
        p->line);
}

/* A bericht goes to the holder that its ontvanger names; a kennisgeving has only the role. */
static bool held_by_several(const struct judge *j, const struct corv_route *r, unsigned k)
{
    struct corv_period mine;
    struct corv_period theirs;
    struct corv_period both;

    if (!holds_role(&j->c->parties[k], r->target_role, &r->period, &mine))
        return false;
    for (unsigned m = 0; m < k; m++)
        if (holds_role(&j->c->parties[m], r->target_role, &mine, &theirs) &&
            cut(&mine, &theirs, &both))
            return true;
    return false;
}

static void check_to_role(const struct judge *j, unsigned i)
{
    const struct corv_route *r = &j->c->routes[i];
    const struct corv_party *mute = NULL;
    struct corv_period when;
    unsigned holders = 0;
    bool several = false;

    for (unsigned k = 0; k < j->c->parties_count; k++) {
        const struct corv_party *p = &j->c->parties[k];

        if (!holds_role(p, r->target_role, &r->period, &when))
            continue;
        holders++;
        mute = reachable(p) ? mute : p;
        several = several || (r->form == CORV_AS_KENNISGEVING && held_by_several(j, r, k));
    }
    if (holders == 0)
        corv_tree_error(j->f, route_key(j, i, "to"), "config.role-nobody",
            "Geen enkele partij heeft deze rol in de tijd van deze route.");
    if (several)
        corv_tree_error(j->f, route_key(j, i, "to"), "config.role-several",
            "Meer dan een partij heeft deze rol in dezelfde tijd; noem er een met party:ID.");
    if (mute && holders == 1)
        unreachable(j, i, mute);
    else if (mute) /* one of many: a message to that one is refused, the others work */
        corv_tree_warning(j->f, route_key(j, i, "to"), "config.role-unreachable",
            "De partij op regel %d heeft deze rol maar geen adapter en address.", mute->line);
}

static void check_to_party(const struct judge *j, unsigned i)
{
    const struct corv_party *p = corv_party_by_id(j->c, j->c->routes[i].target_party);

    if (!p)
        corv_tree_error(j->f, route_key(j, i, "to"), "config.unknown-party",
            "Deze partij staat niet bij parties.");
    else if (!reachable(p))
        unreachable(j, i, p);
}

static void check_to_gemeente(const struct judge *j, unsigned i)
{
    const struct corv_route *r = &j->c->routes[i];
    struct corv_period when;

    for (unsigned k = 0; k < j->c->parties_count; k++) {
        const struct corv_party *p = &j->c->parties[k];

        if (!holds_role(p, CORV_ROLE_GEMEENTE, &r->period, &when) || reachable(p))
            continue;
        corv_tree_warning(j->f, route_key(j, i, "to"), "config.gemeente-unreachable",
            "De gemeente op regel %d heeft geen adapter en address; wat deze route haar stuurt, "
            "blijft staan tot de beheerder kiest.",
            p->line);
    }
}

static void check_from(const struct judge *j, unsigned i)
{
    const struct corv_route *r = &j->c->routes[i];

    for (unsigned n = 0; n < r->from_count; n++) {
        struct corv_period when;
        bool held = false;

        for (unsigned k = 0; k < j->c->parties_count && !held; k++)
            held = holds_role(&j->c->parties[k], r->from[n], &r->period, &when);
        if (!held)
            corv_tree_warning(j->f, route_key(j, i, "from"), "config.from-nobody",
                "Geen enkele partij heeft de rol %s in de tijd van deze route.",
                corv_role_name(r->from[n]));
    }
}

/* On the first day of this route, how many of its kind hold, and does one carry the message? */
static void check_company(const struct judge *j, unsigned i)
{
    const struct corv_route *r = &j->c->routes[i];
    unsigned together = 0;
    bool carried = false;

    for (unsigned k = 0; k < j->c->routes_count; k++) {
        const struct corv_route *other = &j->c->routes[k];

        if (other->name && k < i && r->name && strcmp(other->name, r->name) == 0)
            corv_tree_error(j->f, route_key(j, i, "name"), "config.double-name",
                "Deze route heeft dezelfde naam als die op regel %d.", other->line);
        if (!r->kind || !other->kind || strcmp(r->kind, other->kind) != 0)
            continue;
        if (corv_period_has(&other->period, r->period.from ? r->period.from : 1)) {
            together++;
            carried = carried || other->form == CORV_AS_BERICHT;
        }
    }
    if (together > CORV_ROUTES_SAME_KIND)
        corv_tree_error(j->f, route_key(j, i, "kind"), "config.many-routes",
            "Meer dan %d routes gelden op een dag voor deze soort bericht.", CORV_ROUTES_SAME_KIND);
    if (r->kind && !carried)
        corv_tree_error(j->f, route_key(j, i, "as"), "config.only-notice",
            "Voor deze soort is er dan alleen een kennisgeving; het bericht zelf gaat nergens "
            "heen.");
}

void corv_config_check_routes(
    const struct corv_config *c, const struct corv_tree *root, struct corv_findings *findings)
{
    const struct judge j = {c, root, findings};

    if (c->routes_count == 0)
        corv_tree_warning(findings, root, "config.no-routes",
            "Er zijn geen routes; corvd weigert dan elk bericht.");
    for (unsigned i = 0; i < c->routes_count; i++) {
        if (c->routes[i].target == CORV_TO_ROLE)
            check_to_role(&j, i);
        if (c->routes[i].target == CORV_TO_PARTY)
            check_to_party(&j, i);
        if (c->routes[i].target == CORV_TO_GEMEENTE_KIND)
            check_to_gemeente(&j, i);
        check_from(&j, i);
        check_company(&j, i);
    }
}
