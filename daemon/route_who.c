/* SPDX-License-Identifier: EUPL-1.2 */
/* Who sent this, in whose name, for which gemeente, and by what right. Three facts stay apart:
 * the technical sender, the gemeente that gave a mandate, and the responsible gemeente. */
#include <stdio.h>

#include "daemon/route_parts.h"
#include "schemas/reference.h"

#define OIN_DIGITS 20

enum shape { SHAPE_EMPTY, SHAPE_OIN, SHAPE_DIGITS, SHAPE_SUFFIX, SHAPE_WORD };

/* Blanks around an identifier come from pretty-printing and mean nothing. */
static struct corv_view trimmed(const char *text)
{
    struct corv_view v = corv_view_str(text);

    while (v.n && strchr(" \t\r\n", v.p[0])) {
        v.p++;
        v.n--;
    }
    while (v.n && strchr(" \t\r\n", v.p[v.n - 1]))
        v.n--;
    return v;
}

static enum shape shape_of(struct corv_view v)
{
    size_t digits = 0;

    while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9')
        digits++;
    if (v.n == 0)
        return SHAPE_EMPTY;
    if (digits == v.n)
        return digits == OIN_DIGITS ? SHAPE_OIN : SHAPE_DIGITS;
    return digits == OIN_DIGITS ? SHAPE_SUFFIX : SHAPE_WORD;
}

/* What is wrong with an identifier that is nobody's. */
static void shape_text(struct corv_view v, const char *who, char *out, size_t size)
{
    static const char *const texts[] = {
        [SHAPE_EMPTY] = "De %s heeft geen organisatie; vul het OIN van de %s in.",
        [SHAPE_OIN] = "Het OIN van de %s hoort bij geen aangesloten partij.",
        [SHAPE_DIGITS] = "Het OIN van de %s moet 20 cijfers hebben; is een nul vooraan verdwenen?",
        [SHAPE_SUFFIX] = "Achter het OIN van de %s staat meer, zoals _OTA; het heeft 20 cijfers.",
        [SHAPE_WORD] = "Bij de %s staat een naam of code in plaats van een OIN van 20 cijfers.",
    };
    const char *text = texts[shape_of(v)];
    size_t used = 0;

    for (; *text && used + strlen(who) + 1 < size; text++) {
        bool gap = text[0] == '%';

        used += (size_t)snprintf(
            out + used, size - used, "%.*s", gap ? (int)strlen(who) : 1, gap ? who : text);
        text += gap;
    }
}

/* ---- zender ---- */

static void refuse_zender(
    struct corv_routing *r, const char *code, enum corv_actor actor, const char *text)
{
    corv_route_refuse(r, (struct corv_refusal){code, "zender", r->e->line_zender, actor}, text);
}

static void unknown_zender(struct corv_routing *r, struct corv_view oin)
{
    char text[200] = "";

    if (corv_party_by_oin_ever(r->c, oin)) {
        refuse_zender(r, "addressing.zender-ended", CORV_ACT_BEHEERDER,
            "De aansluiting van de zender geldt niet op deze dag: ze is geëindigd of nog niet "
            "begonnen.");
        return;
    }
    shape_text(oin, "zender", text, sizeof text);
    refuse_zender(r, "addressing.zender-unknown", CORV_ACT_BEHEERDER, text);
}

static void check_same(struct corv_routing *r, struct corv_view zender)
{
    if (!corv_view_eq(zender, trimmed(r->e->ontvanger.organisatie)))
        return;
    refuse_zender(r, "addressing.zender-is-ontvanger", CORV_ACT_LEVERANCIER,
        "Zender en ontvanger zijn dezelfde organisatie; een bericht gaat altijd naar een ander.");
}

void corv_route_find_filer(struct corv_routing *r)
{
    struct corv_view oin = trimmed(r->e->zender.organisatie);
    const struct corv_party *sender = r->plan->sender;
    char text[200] = "";

    if (oin.n == 0 && corv_kind_family(r->e->kind) == CORV_FAMILY_STUF &&
        !r->e->zender.organisatie) {
        r->plan->filer = sender; /* StUF leaves organisatie out of confirmations and faults */
        corv_route_say(
            r, "Indiener", "%s, want een %s hoeft geen organisatie te noemen", sender->id, r->kind);
        return;
    }
    if (oin.n == 0) {
        shape_text(oin, "zender", text, sizeof text);
        refuse_zender(r, "addressing.zender-empty", CORV_ACT_LEVERANCIER, text);
        return;
    }
    check_same(r, oin);
    r->plan->filer = corv_party_by_oin(r->c, oin, r->day);
    if (!r->plan->filer) {
        unknown_zender(r, oin);
    } else if (r->plan->filer == sender) {
        corv_route_say(r, "Indiener", "%s, dezelfde als de afzender", sender->id);
    } else if (corv_party_acts_for(sender, r->plan->filer)) {
        corv_route_say(r, "Indiener",
            "%s (regel %d); de afzender mag voor haar insturen (acts_for)", r->plan->filer->id,
            r->plan->filer->line);
    } else {
        corv_route_say(r, "Indiener", "%s (regel %d)", r->plan->filer->id, r->plan->filer->line);
        refuse_zender(r, "addressing.zender-not-peer", CORV_ACT_BEHEERDER,
            "De zender is een andere partij dan die van het certificaat, en die mag niet voor haar "
            "insturen.");
    }
}

/* ---- ontvanger ---- */

static void refuse_ontvanger(struct corv_routing *r, const char *code, const char *text)
{
    corv_route_refuse(r,
        (struct corv_refusal){code, "ontvanger", r->e->line_ontvanger, CORV_ACT_BEHEERDER}, text);
}

/* Some senders name the instance (SYSDA code) where the OIN should stand; the published list then
 * says who that is. */
static struct corv_view oin_of_instance(struct corv_routing *r, struct corv_view code)
{
    const struct corv_instance *i =
        r->reference ? corv_reference_by_code(r->reference, code) : NULL;

    if (!i || !i->oin[0] || !corv_instance_valid(i, r->day))
        return code;
    corv_route_say(r, "Instantie", "%s is %s volgens de referentielijst", i->code, i->name);
    return corv_view_str(i->oin);
}

static void say_instance(struct corv_routing *r, struct corv_view oin)
{
    const struct corv_instance *i =
        r->reference ? corv_reference_by_oin(r->reference, oin, r->day) : NULL;

    if (i)
        corv_route_say(r, "Instantie", "%s %s%s", i->code, i->name,
            corv_instance_valid(i, r->day) ? "" : " (niet geldig op deze dag)");
}

/* Whoever answers a message may not say, or not know, who filed it: refusing that would keep the
 * answer from the filer for ever. An operator finds the message by its crossRefnummer. */
static bool answer_in_doubt(struct corv_routing *r)
{
    r->recipient_in_doubt = r->e->kind == CORV_KIND_BV01 || r->e->kind == CORV_KIND_FO01;
    if (r->recipient_in_doubt)
        corv_route_say(r, "Ontvanger", "niet bekend; een antwoord wordt dan aangehouden");
    return r->recipient_in_doubt;
}

void corv_route_find_recipient(struct corv_routing *r)
{
    char text[200] = "";
    struct corv_view said = trimmed(r->e->ontvanger.organisatie);
    struct corv_view oin = oin_of_instance(r, said);

    r->recipient = corv_party_by_oin(r->c, oin, r->day);
    if (r->recipient) {
        corv_route_say(r, "Ontvanger", "%s (regel %d)", r->recipient->id, r->recipient->line);
        if (oin.p == said.p)
            say_instance(r, oin);
    } else if (answer_in_doubt(r)) {
        return;
    } else if (corv_party_by_oin_ever(r->c, oin)) {
        refuse_ontvanger(r, "addressing.recipient-ended",
            "De aansluiting van de ontvanger geldt niet op deze dag: ze is geëindigd of nog niet "
            "begonnen.");
    } else {
        shape_text(oin, "ontvanger", text, sizeof text);
        refuse_ontvanger(r, "addressing.recipient-unknown", text);
    }
}

/* ---- the gemeente of the child ---- */

static const struct corv_party *home_of(
    const struct corv_routing *r, const struct corv_child *child, enum corv_doubt *doubt)
{
    struct corv_view code = trimmed(child->gemeentecode);
    struct corv_view place = trimmed(child->woonplaats);
    const struct corv_party *home = NULL;
    unsigned count = 0;

    if (code.n) {
        home = corv_gemeente_by_code(r->c, code, r->day);
        *doubt = home ? CORV_DOUBT_NONE : CORV_DOUBT_UNKNOWN_CODE;
    } else if (place.n) {
        home = corv_gemeente_by_woonplaats(r->c, place, r->day, &count);
        *doubt = count == 1  ? CORV_DOUBT_NONE
                 : count > 1 ? CORV_DOUBT_SHARED_PLACE
                             : CORV_DOUBT_UNKNOWN_PLACE;
    } else {
        *doubt = CORV_DOUBT_NO_PLACE;
    }
    return home;
}

/* All children in one known gemeente, or doubt. One child in doubt is doubt for all: the notice
 * must not go to a gemeente that has nothing to do with it. */
void corv_route_find_home(struct corv_routing *r)
{
    r->doubt = r->e->children_count ? CORV_DOUBT_NONE : CORV_DOUBT_NO_CHILD;
    for (size_t i = 0; i < r->e->children_count && r->doubt == CORV_DOUBT_NONE; i++) {
        const struct corv_party *home = home_of(r, &r->e->children[i], &r->doubt);

        if (i > 0 && r->doubt == CORV_DOUBT_NONE && home != r->child_home)
            r->doubt = CORV_DOUBT_SEVERAL;
        r->child_home = home;
    }
    if (r->doubt != CORV_DOUBT_NONE) {
        r->child_home = NULL;
        corv_route_say(r, "Gemeente", "in twijfel. %s", corv_doubt_text(r->doubt));
    } else {
        corv_route_say(r, "Gemeente", "%s (regel %d), waar %s woont", r->child_home->id,
            r->child_home->line, r->e->children_count > 1 ? "elk kind" : "het kind");
    }
}

/* ---- the right to file a VTO ---- */

static void use_mandate(struct corv_routing *r, const struct corv_mandate *mandate)
{
    r->plan->mandate = mandate;
    r->plan->mandated_by = corv_party_by_id(r->c, mandate->gemeente);
    corv_route_say(r, "Mandaat", "van %s (regel %d)", mandate->gemeente, mandate->line);
}

static void refuse_right(struct corv_routing *r, const char *text)
{
    corv_route_refuse(r,
        (struct corv_refusal){
            "addressing.no-mandate", "zender", r->e->line_zender, CORV_ACT_BEHEERDER},
        text);
}

/* No right of its own: only a mandate helps, and that of the gemeente of the child. */
static void need_mandate(struct corv_routing *r, const struct corv_mandate *mandate)
{
    if (mandate) {
        use_mandate(r, mandate);
    } else if (r->child_home) {
        refuse_right(r, "De zender mag dit verzoek niet zelf indienen en heeft op deze dag geen "
                        "mandaat van de gemeente van het kind.");
    } else if (corv_mandate_find(r->c, r->plan->filer, NULL, r->kind, r->day)) {
        corv_route_say(
            r, "Mandaat", "van een gemeente; of het die van het kind is, staat niet vast");
        corv_route_warn(r, "addressing.mandate-in-doubt",
            "De gemeente van het kind staat niet vast, dus ook niet of het mandaat van de zender "
            "hier geldt; het bericht gaat wel door.");
    } else {
        refuse_right(r, "De zender mag dit verzoek niet zelf indienen en heeft op deze dag van "
                        "geen enkele gemeente een mandaat.");
    }
}

void corv_route_check_right(struct corv_routing *r)
{
    const struct corv_party *filer = r->plan->filer;
    const struct corv_party *home = r->child_home;
    const struct corv_mandate *mandate =
        home ? corv_mandate_find(r->c, filer, home, r->kind, r->day) : NULL;

    if (corv_party_has_role(filer, CORV_ROLE_VEILIG_THUIS, r->day)) {
        corv_route_say(r, "Recht", "eigen recht als veilig-thuis (Wmo 4.1.1)");
    } else if (corv_party_has_role(filer, CORV_ROLE_GI, r->day)) {
        corv_route_say(r, "Recht", "eigen recht als gi (Jeugdwet 3.1)");
    } else if (corv_party_has_role(filer, CORV_ROLE_GEMEENTE, r->day)) {
        corv_route_say(r, "Recht", "eigen recht als gemeente");
        if (home && home != filer && !mandate)
            corv_route_warn(r, "addressing.other-gemeente",
                "Het kind woont volgens het bericht in een andere gemeente dan de zender; het "
                "bericht gaat wel door.");
    } else {
        need_mandate(r, mandate);
        return;
    }
    if (mandate)
        use_mandate(r, mandate);
}
