/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/route.h"

#include <stdlib.h>

#include "daemon/route_parts.h"

#define EXPLANATION_BYTES ((size_t)256 << 10) /* two lines for each of 1000 routes */

_Static_assert(CORV_PLAN_MAX >= CORV_ROUTES_SAME_KIND, "every route that holds finds room");

static const char *kind_name(const struct corv_envelope *e)
{
    return corv_kind_name(e->kind);
}

static void check_sender(struct corv_routing *r)
{
    static const struct corv_refusal unknown = {
        "addressing.sender-unknown", NULL, 0, CORV_ACT_BEHEERDER};
    static const struct corv_refusal ended = {
        "addressing.sender-ended", NULL, 0, CORV_ACT_BEHEERDER};
    const struct corv_party *sender = r->plan->sender;

    if (!sender) {
        corv_route_refuse(
            r, unknown, "Het certificaat van de afzender hoort bij geen aangesloten partij.");
        return;
    }
    corv_route_say(
        r, "Afzender", "%s (regel %d), volgens het certificaat", sender->id, sender->line);
    if (!corv_party_valid(sender, r->day))
        corv_route_refuse(r, ended,
            "De aansluiting van de afzender geldt niet op deze dag: ze is geëindigd of nog niet "
            "begonnen.");
}

/* Which routes there are for this kind, and for this filer among them (for any filer as long as it
 * is not known, so that what is wrong with the ontvanger is said all the same). */
struct choice {
    unsigned concerned;
    unsigned matching;
    bool by_ontvanger; /* the recipient named in the message matters */
    bool by_child;     /* the gemeente of the child matters */
};

static struct choice look_over(const struct corv_routing *r)
{
    struct choice found = {0};

    for (unsigned i = 0; i < r->c->routes_count; i++) {
        const struct corv_route *route = &r->c->routes[i];

        if (!corv_route_concerns(r, route))
            continue;
        found.concerned++;
        if (r->plan->filer && !corv_route_from_filer(r, route))
            continue;
        found.matching++;
        found.by_ontvanger = found.by_ontvanger || route->target == CORV_TO_ONTVANGER ||
                             (route->target == CORV_TO_ROLE && route->form == CORV_AS_BERICHT);
        found.by_child = found.by_child || route->target == CORV_TO_GEMEENTE_KIND;
    }
    return found;
}

static void check_choice(struct corv_routing *r, const struct choice *found)
{
    static const struct corv_refusal none = {"addressing.no-route", NULL, 0, CORV_ACT_BEHEERDER};
    static const struct corv_refusal others = {
        "addressing.kind-not-allowed", NULL, 0, CORV_ACT_BEHEERDER};

    if (found->concerned == 0)
        corv_route_refuse(r, none, "Voor dit soort bericht is hier geen route ingesteld.");
    else if (found->matching == 0 && r->plan->filer)
        corv_route_refuse(r, others,
            "Dit soort bericht is voorbehouden aan partijen met een andere rol dan de zender.");
}

static void find_responsible(struct corv_routing *r, const struct choice *found)
{
    enum corv_kind kind = r->e->kind;
    bool to_gemeente = kind == CORV_KIND_NOTIFICATIE || kind == CORV_KIND_NOTIFICATIEJR;

    if (to_gemeente && r->recipient &&
        corv_party_has_role(r->recipient, CORV_ROLE_GEMEENTE, r->day))
        r->plan->responsible = r->recipient;
    if (kind == CORV_KIND_VTO || kind == CORV_KIND_MELDING_GENERIEK || found->by_child) {
        corv_route_find_home(r);
        if (!r->plan->responsible)
            r->plan->responsible = r->child_home;
    }
    if (r->plan->responsible)
        corv_route_say(r, "Gemeente", "%s is verantwoordelijk", r->plan->responsible->id);
}

static void check_carried(struct corv_routing *r)
{
    static const struct corv_refusal none = {"addressing.no-route", NULL, 0, CORV_ACT_BEHEERDER};

    for (unsigned i = 0; i < r->plan->count; i++)
        if (r->plan->deliveries[i].form == CORV_AS_BERICHT)
            return;
    corv_route_refuse(
        r, none, "Geen enkele route brengt dit bericht van deze zender naar een ontvanger.");
}

static void decide(struct corv_routing *r)
{
    struct choice found;

    check_sender(r);
    if (r->refused[0])
        return; /* a stranger learns no more */
    corv_route_find_filer(r);
    found = look_over(r);
    check_choice(r, &found);
    if (found.by_ontvanger)
        corv_route_find_recipient(r);
    r->plan->recipient = r->recipient;
    find_responsible(r, &found);
    if (r->e->kind == CORV_KIND_VTO && r->plan->filer && found.matching)
        corv_route_check_right(r);
    if (r->refused[0])
        return;
    corv_route_deliveries(r);
    if (!r->refused[0] && !r->full)
        check_carried(r);
}

static corv_rc route(
    struct corv_routing *r, const struct corv_party *sender, bool explain, int *status)
{
    const struct corv_problem why = {.code = "message.internal", .b = r->findings};
    corv_rc rc = CORV_OK;

    r->kind = kind_name(r->e);
    r->explain = explain;
    *r->plan = (struct corv_plan){.sender = sender};
    corv_buf_init(&r->text, EXPLANATION_BYTES);
    corv_route_say(r, "Bericht", "%s, op %04d-%02d-%02d", r->kind, r->day / 10000,
        r->day / 100 % 100, r->day % 100);
    decide(r);
    if (r->full)
        rc = CORV_E_INTERNAL;
    else if (r->refused[0])
        rc = CORV_E_INVALID;
    *status = rc == CORV_OK ? 202 : rc == CORV_E_INVALID ? corv_problem_status(&why) : 500;
    if (rc != CORV_OK)
        r->plan->count = 0; /* nothing of a refused message is delivered */
    rc = corv_route_conclude(r, rc, *status);
    corv_buf_free(&r->text);
    return rc;
}

corv_rc corv_route(const struct corv_config *c, const struct corv_envelope *e,
    const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status)
{
    return corv_route_with(c, NULL, e, sender, day, plan, findings, status);
}

corv_rc corv_route_with(const struct corv_config *c, const struct corv_reference *reference,
    const struct corv_envelope *e, const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status)
{
    struct corv_routing r = {
        .c = c, .reference = reference, .e = e, .day = day, .plan = plan, .findings = findings};

    return route(&r, sender, true, status);
}

corv_rc corv_route_unexplained(const struct corv_config *c, const struct corv_reference *reference,
    const struct corv_envelope *e, const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status)
{
    struct corv_routing r = {
        .c = c, .reference = reference, .e = e, .day = day, .plan = plan, .findings = findings};

    return route(&r, sender, false, status);
}

void corv_plan_free(struct corv_plan *plan)
{
    if (!plan)
        return;
    free(plan->explanation);
    free(plan->decision);
    *plan = (struct corv_plan){0};
}
