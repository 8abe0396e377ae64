/* SPDX-License-Identifier: EUPL-1.2 */
/* From routes to deliveries. What the sender cannot help - a role that nobody holds, a gemeente
 * without an address - never refuses a message: that delivery waits for the operator. */
#include <stdio.h>

#include "daemon/route_parts.h"

bool corv_route_concerns(const struct corv_routing *r, const struct corv_route *route)
{
    return strcmp(route->kind, r->kind) == 0 && corv_period_has(&route->period, r->day);
}

bool corv_route_from_filer(const struct corv_routing *r, const struct corv_route *route)
{
    if (route->from_count == 0)
        return true;
    for (unsigned i = 0; r->plan->filer && i < route->from_count; i++)
        if (corv_party_has_role(r->plan->filer, route->from[i], r->day))
            return true;
    return false;
}

static const char *form_name(enum corv_form form)
{
    return form == CORV_AS_KENNISGEVING ? "kennisgeving" : "bericht";
}

static bool same(const struct corv_plan_delivery *a, const struct corv_plan_delivery *b)
{
    if (a->form != b->form || a->to != b->to)
        return false;
    /* two held ones are the same when the same question would be asked */
    return a->to ||
           (strcmp(a->held_code, b->held_code) == 0 && a->route->target == b->route->target &&
               (a->route->target != CORV_TO_ROLE ||
                   a->route->target_role == b->route->target_role));
}

static void add(struct corv_routing *r, const struct corv_plan_delivery *d)
{
    struct corv_plan *plan = r->plan;
    const struct corv_route *route = d->route;

    for (unsigned i = 0; i < plan->count; i++) {
        if (!same(&plan->deliveries[i], d))
            continue;
        corv_route_say(r, "Route", "%s (regel %d): hetzelfde als route %s", route->name,
            route->line, plan->deliveries[i].route->name);
        return;
    }
    if (plan->count == CORV_PLAN_MAX) {
        r->full = true;
        return;
    }
    plan->deliveries[plan->count++] = *d;
    if (d->to)
        corv_route_say(r, "Route", "%s (regel %d): %s naar %s", route->name, route->line,
            form_name(d->form), d->to->id);
    else
        corv_route_say(r, "Route", "%s (regel %d): %s aangehouden, %s. %s", route->name,
            route->line, form_name(d->form), d->held_code, d->held_question);
}

static void hold(
    struct corv_routing *r, struct corv_plan_delivery *d, const char *code, const char *question)
{
    d->to = NULL;
    (void)snprintf(d->held_code, sizeof d->held_code, "%s", code);
    (void)snprintf(d->held_question, sizeof d->held_question,
        "%s corvctl release <bericht> --to <partij>", question);
    add(r, d);
}

static bool reachable(const struct corv_party *p)
{
    return p->adapter && p->address;
}

static void to_party(
    struct corv_routing *r, struct corv_plan_delivery *d, const struct corv_party *to)
{
    d->to = to;
    if (!to || !corv_party_valid(to, r->day))
        hold(r, d, "route.party-ended",
            "De partij van deze route doet op deze dag niet mee. Wie moet het krijgen?");
    else if (d->form == CORV_AS_KENNISGEVING && to == r->plan->filer)
        corv_route_say(r, "Route", "%s (regel %d): niet nodig, %s is zelf de indiener",
            d->route->name, d->route->line, to->id);
    else if (!reachable(to))
        hold(r, d, "route.unconnected",
            "De partij waar deze route naartoe leidt heeft geen adres. Wie moet het krijgen?");
    else
        add(r, d);
}

static void to_ontvanger(struct corv_routing *r, struct corv_plan_delivery *d)
{
    static const char text[] = "De ontvanger is bekend, maar kan hier geen berichten ontvangen.";
    const struct corv_refusal why = {
        "addressing.recipient-unconnected", "ontvanger", r->e->line_ontvanger, CORV_ACT_BEHEERDER};

    if (r->recipient_in_doubt)
        hold(r, d, "route.answer-in-doubt",
            "Dit antwoord noemt geen partij die hier bekend is. Wie stuurde het bericht van het "
            "crossRefnummer?");
    else if (reachable(r->recipient))
        to_party(r, d, r->recipient);
    else
        corv_route_refuse(r, why, text);
}

static void to_role(struct corv_routing *r, struct corv_plan_delivery *d)
{
    enum corv_role role = d->route->target_role;
    const struct corv_party *holder = NULL;
    unsigned count = 0;

    if (d->form == CORV_AS_BERICHT && corv_party_has_role(r->recipient, role, r->day)) {
        to_party(r, d, r->recipient);
        return;
    }
    holder = corv_party_by_role(r->c, role, r->day, &count);
    if (holder)
        to_party(r, d, holder);
    else if (count == 0)
        hold(r, d, "route.role-nobody",
            "Geen partij heeft op deze dag de rol van deze route. Wie moet het krijgen?");
    else
        hold(r, d, "route.role-several",
            "Meer dan een partij heeft de rol van deze route. Wie moet het krijgen?");
}

static void to_gemeente(struct corv_routing *r, struct corv_plan_delivery *d)
{
    char question[160];

    if (r->child_home) {
        to_party(r, d, r->child_home);
        return;
    }
    (void)snprintf(question, sizeof question, "%s Aan welke gemeente moet de %s?",
        corv_doubt_text(r->doubt), form_name(d->form));
    hold(r, d, "route.gemeente-in-doubt", question);
}

static void follow(struct corv_routing *r, const struct corv_route *route)
{
    struct corv_plan_delivery d = {.route = route, .form = route->form};

    switch (route->target) {
    case CORV_TO_ONTVANGER:
        to_ontvanger(r, &d);
        break;
    case CORV_TO_ROLE:
        to_role(r, &d);
        break;
    case CORV_TO_PARTY: /* known: the configuration was checked */
        to_party(r, &d, corv_party_by_id(r->c, route->target_party));
        break;
    case CORV_TO_GEMEENTE_KIND:
        to_gemeente(r, &d);
        break;
    }
}

/* A role route is not a way round the address: a VTO addressed to the police is refused, not
 * quietly sent to the Raad. */
static void check_addressee(struct corv_routing *r, bool named, enum corv_role role)
{
    char text[160];
    const struct corv_refusal why = {
        "addressing.recipient-wrong-role", "ontvanger", r->e->line_ontvanger, CORV_ACT_BEHEERDER};

    if (!named)
        return;
    for (unsigned i = 0; i < r->plan->count; i++)
        if (r->plan->deliveries[i].form == CORV_AS_BERICHT &&
            r->plan->deliveries[i].to == r->recipient)
            return;
    /* its delivery may be held for want of an address: then the addressee was right all the same */
    if (corv_party_has_role(r->recipient, role, r->day))
        return;
    (void)snprintf(text, sizeof text,
        "Dit soort bericht gaat naar een partij met de rol %s; de ontvanger heeft die rol niet.",
        corv_role_name(role));
    corv_route_refuse(r, why, text);
}

static const char *why_not(const struct corv_routing *r, const struct corv_route *route)
{
    if (!corv_period_has(&route->period, r->day))
        return "nee, geldt niet op deze dag";
    return corv_route_from_filer(r, route) ? NULL : "nee, niet voor de rol van de indiener";
}

void corv_route_deliveries(struct corv_routing *r)
{
    bool named = false;
    enum corv_role role = CORV_ROLE_COUNT;

    for (unsigned i = 0; i < r->c->routes_count; i++) {
        const struct corv_route *route = &r->c->routes[i];
        const char *no = why_not(r, route);

        if (strcmp(route->kind, r->kind) != 0)
            continue;
        if (no) {
            corv_route_say(r, "Route", "%s (regel %d): %s", route->name, route->line, no);
            continue;
        }
        if (route->form == CORV_AS_BERICHT && route->target == CORV_TO_ROLE && !named) {
            named = true;
            role = route->target_role;
        }
        follow(r, route);
    }
    check_addressee(r, named, role);
}
