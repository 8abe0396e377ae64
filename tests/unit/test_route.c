/* SPDX-License-Identifier: EUPL-1.2 */
/* The routing decision: each rule as a row with a sentence. The register is small and has one of
 * everything that can go wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "daemon/route.h"
#include "schemas/reference.h"
#include "tests/unit/test_config_support.h"

#define TODAY 20260701

static struct support_folder folder;
static struct corv_config *c;

static const char register_text[] = SUPPORT_LISTEN
    "adapters: [{name: map, library: 'builtin:dropdir'}]\n"
    "parties:\n"
    "  - {id: raad, name: R, oin: '00000002003214436001', roles: [{role: raad}],\n"
    "     adapter: map, address: r}\n"
    "  - {id: aadorp, name: A, oin: '00000099999000101000', gemeentecode: '9901',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Aadorp, Zandwijk, Beide], adapter: map,\n"
    "     address: a}\n"
    "  - {id: bedorp, name: B, oin: '00000099999000102000', gemeentecode: '9902',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Bedorp, Beide], adapter: map, address: b}\n"
    "  - {id: stil, name: S, oin: '00000099999000103000', gemeentecode: '9903',\n"
    "     roles: [{role: gemeente}], woonplaatsen: [Stildorp]}\n"
    "  - {id: oud, name: O, oin: '00000099999000104000', roles: [{role: gemeente}, {role: gi}],\n"
    "     woonplaatsen: [Ouddorp], adapter: map, address: o, valid_until: 2025-12-31}\n"
    "  - {id: straks, name: S, oin: '00000099999000105000', roles: [{role: gi}], adapter: map,\n"
    "     address: s, valid_from: 2027-01-01}\n"
    "  - {id: vt, name: V, oin: '00000099999000201000', roles: [{role: veilig-thuis}],\n"
    "     adapter: map, address: v}\n"
    "  - {id: vt2, name: V, oin: '00000099999000202000', roles: [{role: veilig-thuis}],\n"
    "     adapter: map, address: v2}\n"
    "  - {id: gi, name: G, oin: '00000099999000203000', adapter: map, address: g,\n"
    "     roles: [{role: gi, valid_until: 2026-08-31}, {role: gemandateerde}]}\n"
    "  - {id: politie, name: P, oin: '00000099999000301000', roles: [{role: politie}],\n"
    "     adapter: map, address: p}\n"
    "  - {id: aice, name: O, oin: '00000099999000302000', roles: [{role: om}]}\n"
    "  - {id: rb, name: R, oin: '00000099999000303000', adapter: map, address: b,\n"
    "     roles: [{role: rechtbank, valid_until: 2026-01-31}]}\n"
    "  - {id: team, name: T, oin: '00000099999000401000', roles: [{role: gemandateerde}],\n"
    "     adapter: map, address: t}\n"
    "  - {id: los, name: L, oin: '00000099999000402000', roles: [{role: gemandateerde}]}\n"
    "  - {id: soft, name: S, oin: '00000099999000501000', acts_for: [team, aadorp, oud]}\n"
    "mandates:\n"
    "  - {party: team, gemeente: aadorp, kinds: [vtoDi01], ground: 'besluit \"1\" \\ é'}\n"
    "  - {party: team, gemeente: bedorp, kinds: [vtoDi01], ground: besluit 2,\n"
    "     valid_until: 2026-06-30}\n"
    "  - {party: los, gemeente: aadorp, kinds: [vtoDi01], ground: besluit 3,\n"
    "     valid_until: 2026-06-30}\n"
    "  - {party: gi, gemeente: bedorp, kinds: [vtoDi01], ground: besluit 4}\n"
    "  - {party: aadorp, gemeente: stil, kinds: [vtoDi01], ground: besluit 5}\n"
    "routes:\n"
    "  - {name: vto-oud, kind: vtoDi01, to: 'party:politie', valid_until: 2026-06-30}\n"
    "  - {name: vto, kind: vtoDi01, from: [gemeente, gemandateerde, veilig-thuis, gi],\n"
    "     to: 'role:raad'}\n"
    "  - {name: vto-bis, kind: vtoDi01, from: [gi], to: 'party:raad'}\n"
    "  - {name: vto-notice, kind: vtoDi01, from: [veilig-thuis, gi], to: gemeente-van-kind,\n"
    "     as: kennisgeving}\n"
    "  - {name: vto-notice-gi, kind: vtoDi01, from: [gi], to: gemeente-van-kind,\n"
    "     as: kennisgeving}\n"
    "  - {name: vto-notice-gemeente, kind: vtoDi01, from: [gemeente], to: gemeente-van-kind,\n"
    "     as: kennisgeving, valid_from: 2026-09-01}\n"
    "  - {name: not, kind: notificatieDi01, from: [raad], to: ontvanger}\n"
    "  - {name: jr, kind: notificatiejrDi01, from: [om, raad], to: 'role:gemeente'}\n"
    "  - {name: zorg, kind: zorgmeldingDi01, from: [politie], to: ontvanger}\n"
    "  - {name: vtm, kind: vtMeldingDi01, from: [politie], to: 'role:veilig-thuis'}\n"
    "  - {name: generiek, kind: meldingGeneriekDi01, to: ontvanger}\n"
    "  - {name: generiek-kopie, kind: meldingGeneriekDi01, to: gemeente-van-kind}\n"
    "  - {name: cob, kind: vcobDi01, to: 'party:oud'}\n"
    "  - {name: ci, kind: vciDi01, to: ontvanger}\n"
    "  - {name: ci-rechter, kind: vciDi01, to: 'role:rechtbank', as: kennisgeving}\n"
    "  - {name: uci, kind: uciDi01, to: 'role:raad', as: kennisgeving}\n"
    "  - {name: uci-later, kind: uciDi01, to: ontvanger, from: [raad]}\n"
    "  - {name: vtt, kind: vtTerugkoppelingDi01, to: ontvanger}\n"
    "  - {name: vtt-notice, kind: vtTerugkoppelingDi01, to: 'role:raad', as: kennisgeving}\n"
    "  - {name: bv, kind: Bv03Bericht, to: ontvanger}\n"
    "  - {name: fo, kind: Fo01Bericht, to: ontvanger}\n";

static int set_up(void **state)
{
    (void)state;
    support_open(&folder);
    c = support_load(&folder, register_text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    corv_config_free(c);
    support_close(&folder);
    return 0;
}

struct row {
    const char *why;
    const char *kind;
    const char *sender;    /* id; NULL: nobody's certificate */
    const char *zender;    /* id, or what stands in the message */
    const char *ontvanger; /* the same */
    const char *child[2];  /* woonplaats, or "#code"; "" is a child without a place */
    int day;               /* 0: TODAY */
    int status;            /* 202, 403, 422 */
    const char *codes;     /* of the findings, in order */
    const char *plan;      /* "raad:bericht ?route.x:kennisgeving" */
    const char *facts;     /* "filer/mandated by/responsible" */
};

#define RAAD "raad"

static const struct row rows[] = {
    /* ---- a VTO and its notice ---- */
    {"Veilig Thuis files: the Raad gets it, the gemeente of the child hears of it", "vtoDi01", "vt",
        "vt", RAAD, {"Aadorp"}, 0, 202, "", "raad:bericht aadorp:kennisgeving", "vt/-/aadorp"},
    {"the place is compared without case and accents", "vtoDi01", "vt", "vt", RAAD, {" BÉDORP "}, 0,
        202, "", "raad:bericht bedorp:kennisgeving", "vt/-/bedorp"},
    {"a gemeente files about its own child: no notice to itself", "vtoDi01", "aadorp", "aadorp",
        RAAD, {"Zandwijk"}, 0, 202, "", "raad:bericht", "aadorp/-/aadorp"},
    {"nor when a route would send it one", "vtoDi01", "aadorp", "aadorp", RAAD, {"Zandwijk"},
        20260901, 202, "", "raad:bericht", "aadorp/-/aadorp"},
    {"a GI files of its own right; its mandate is noted, two routes to one are one", "vtoDi01",
        "gi", "gi", RAAD, {"Bedorp"}, 0, 202, "", "raad:bericht bedorp:kennisgeving",
        "gi/bedorp/bedorp"},
    {"a GI without a mandate there has its own right all the same", "vtoDi01", "gi", "gi", RAAD,
        {"Aadorp"}, 0, 202, "", "raad:bericht aadorp:kennisgeving", "gi/-/aadorp"},
    {"a GI whose certification ended has the mandate left, and no notice goes", "vtoDi01", "gi",
        "gi", RAAD, {"Bedorp"}, 20260901, 202, "", "raad:bericht", "gi/bedorp/bedorp"},
    {"and none for another gemeente", "vtoDi01", "gi", "gi", RAAD, {"Aadorp"}, 20260901, 403,
        "addressing.no-mandate", "", "gi/-/aadorp"},
    {"a team with a mandate of the gemeente of the child", "vtoDi01", "team", "team", RAAD,
        {"Aadorp", "Zandwijk"}, 0, 202, "", "raad:bericht", "team/aadorp/aadorp"},
    {"a team on the last day of its mandate", "vtoDi01", "team", "team", RAAD, {"Bedorp"}, 20260630,
        202, "", "politie:bericht raad:bericht", "team/bedorp/bedorp"},
    {"a team on the day after", "vtoDi01", "team", "team", RAAD, {"Bedorp"}, 0, 403,
        "addressing.no-mandate", "", "team/-/bedorp"},
    {"a team whose only mandate ended, the child in doubt", "vtoDi01", "los", "los", RAAD,
        {"Nergens"}, 0, 403, "addressing.no-mandate", "", "los/-/-"},
    {"a team with a mandate, the child in doubt: it goes on with a warning", "vtoDi01", "team",
        "team", RAAD, {"Nergens"}, 0, 202, "addressing.mandate-in-doubt", "raad:bericht",
        "team/-/-"},
    {"a gemeente files about a child elsewhere: it goes on with a warning", "vtoDi01", "aadorp",
        "aadorp", RAAD, {"Bedorp"}, 0, 202, "addressing.other-gemeente", "raad:bericht",
        "aadorp/-/bedorp"},
    {"a gemeente with a mandate of that other gemeente", "vtoDi01", "aadorp", "aadorp", RAAD,
        {"Stildorp"}, 0, 202, "", "raad:bericht", "aadorp/stil/stil"},
    {"a supplier sends for the team: sender, mandate and gemeente are three facts", "vtoDi01",
        "soft", "team", RAAD, {"Aadorp"}, 0, 202, "", "raad:bericht", "team/aadorp/aadorp"},

    /* ---- the gemeente of the child in doubt ---- */
    {"an unknown place: the notice is held, the Raad has its message", "vtoDi01", "vt", "vt", RAAD,
        {"Nergens"}, 0, 202, "", "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"a place of two gemeenten", "vtoDi01", "vt", "vt", RAAD, {"Beide"}, 0, 202, "",
        "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"children in two gemeenten", "vtoDi01", "vt", "vt", RAAD, {"Aadorp", "Bedorp"}, 0, 202, "",
        "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"one child known, the other not", "vtoDi01", "vt", "vt", RAAD, {"Aadorp", "Nergens"}, 0, 202,
        "", "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"the other way round", "vtoDi01", "vt", "vt", RAAD, {"Nergens", "Aadorp"}, 0, 202, "",
        "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"a child without a place", "vtoDi01", "vt", "vt", RAAD, {""}, 0, 202, "",
        "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"no child at all; two routes ask one question", "vtoDi01", "gi", "gi", RAAD, {NULL}, 0, 202,
        "", "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "gi/-/-"},
    {"a place of a gemeente that ended", "vtoDi01", "vt", "vt", RAAD, {"Ouddorp"}, 0, 202, "",
        "raad:bericht ?route.gemeente-in-doubt:kennisgeving", "vt/-/-"},
    {"a gemeente that cannot receive: held, not refused", "vtoDi01", "vt", "vt", RAAD, {"Stildorp"},
        0, 202, "", "raad:bericht ?route.unconnected:kennisgeving", "vt/-/stil"},
    {"a generic message knows the code; a code goes before a place", "meldingGeneriekDi01",
        "politie", "politie", "vt", {"#9902"}, 0, 202, "", "vt:bericht bedorp:bericht",
        "politie/-/bedorp"},
    {"an unknown code is doubt, also with a known place", "meldingGeneriekDi01", "politie",
        "politie", "vt", {"#9999"}, 0, 202, "", "vt:bericht ?route.gemeente-in-doubt:bericht",
        "politie/-/-"},
    {"the gemeente itself is the ontvanger: one delivery", "meldingGeneriekDi01", "politie",
        "politie", "bedorp", {"#9902"}, 0, 202, "", "bedorp:bericht", "politie/-/bedorp"},

    /* ---- the other kinds ---- */
    {"a notificatie goes to its ontvanger", "notificatieDi01", RAAD, RAAD, "vt", {NULL}, 0, 202, "",
        "vt:bericht", "raad/-/-"},
    {"to a gemeente: that is the responsible one", "notificatieDi01", RAAD, RAAD, "bedorp",
        {"Aadorp"}, 0, 202, "", "bedorp:bericht", "raad/-/bedorp"},
    {"jeugdreclassering goes to the gemeente that is named", "notificatiejrDi01", "aice", "aice",
        "aadorp", {"Bedorp"}, 0, 202, "", "aadorp:bericht", "aice/-/aadorp"},
    {"and to nobody else", "notificatiejrDi01", "aice", "aice", "vt", {"Bedorp"}, 0, 422,
        "addressing.recipient-wrong-role", "", "aice/-/-"},
    {"one of several with the role: the ontvanger says which", "vtMeldingDi01", "politie",
        "politie", "vt2", {NULL}, 0, 202, "", "vt2:bericht", "politie/-/-"},
    {"a role that nobody holds today is our trouble: held", "vciDi01", "vt", "vt", "politie",
        {NULL}, 0, 202, "", "politie:bericht ?route.role-nobody:kennisgeving", "vt/-/-"},
    {"a party of a route that ended is our trouble: held", "vcobDi01", "vt", "vt", "politie",
        {NULL}, 0, 202, "", "?route.party-ended:bericht", "vt/-/-"},
    {"a notice alone is no way for a message", "uciDi01", "vt", "vt", "politie", {NULL}, 0, 422,
        "addressing.no-route", "", "vt/-/-"},
    {"the message and the notice are two things, also for one party", "vtTerugkoppelingDi01", "vt",
        "vt", RAAD, {NULL}, 0, 202, "", "raad:bericht raad:kennisgeving", "vt/-/-"},
    {"a fault may come from anybody", "Fo01Bericht", "team", "team", "vt", {NULL}, 0, 202, "",
        "vt:bericht", "team/-/-"},
    {"a confirmation may leave its zender's organisatie out", "Bv03Bericht", RAAD, NULL, "vt",
        {NULL}, 0, 202, "", "vt:bericht", "raad/-/-"},
    {"but an empty one is empty", "Bv03Bericht", RAAD, "", "vt", {NULL}, 0, 422,
        "addressing.zender-empty", "", "-/-/-"},
    {"a kind without a route", "ucobDi01", "vt", "vt", "politie", {NULL}, 0, 422,
        "addressing.no-route", "", "vt/-/-"},

    /* ---- who may send ---- */
    {"a certificate of nobody", "vtoDi01", NULL, "vt", RAAD, {"Aadorp"}, 0, 403,
        "addressing.sender-unknown", "", "-/-/-"},
    {"a sender that ended", "vtoDi01", "oud", "oud", RAAD, {"Aadorp"}, 0, 403,
        "addressing.sender-ended", "", "-/-/-"},
    {"a sender that has not begun", "vtoDi01", "straks", "straks", RAAD, {"Aadorp"}, 0, 403,
        "addressing.sender-ended", "", "-/-/-"},
    {"a supplier for a party that ended", "vtoDi01", "soft", "oud", RAAD, {"Aadorp"}, 0, 403,
        "addressing.zender-ended", "", "-/-/aadorp"},
    {"a zender that nobody knows", "vtoDi01", "vt", "00000099999000999000", RAAD, {"Aadorp"}, 0,
        403, "addressing.zender-unknown", "", "-/-/aadorp"},
    {"a zender that is a name", "vtoDi01", "vt", "Veilig Thuis", RAAD, {"Aadorp"}, 0, 403,
        "addressing.zender-unknown", "", "-/-/aadorp"},
    {"a zender that is another party", "vtoDi01", "vt", "gi", RAAD, {"Aadorp"}, 0, 403,
        "addressing.zender-not-peer", "", "gi/-/aadorp"},
    {"an absent zender in a Di01", "vtoDi01", "vt", NULL, RAAD, {"Aadorp"}, 0, 422,
        "addressing.zender-empty", "", "-/-/aadorp"},
    {"blanks are no zender", "vtoDi01", "vt", " \n", RAAD, {"Aadorp"}, 0, 422,
        "addressing.zender-empty", "", "-/-/aadorp"},
    {"blanks around an OIN mean nothing", "vtoDi01", "vt", "\n 00000099999000201000 ", RAAD,
        {"Aadorp"}, 0, 202, "", "raad:bericht aadorp:kennisgeving", "vt/-/aadorp"},
    {"a VTO of the Raad is for others", "vtoDi01", RAAD, RAAD, "aadorp", {"Aadorp"}, 0, 403,
        "addressing.kind-not-allowed", "", "raad/-/aadorp"},
    {"a notificatie of a gemeente is for others", "notificatieDi01", "aadorp", "aadorp", "vt",
        {NULL}, 0, 403, "addressing.kind-not-allowed", "", "aadorp/-/-"},

    /* ---- to whom ---- */
    {"zender is ontvanger", "notificatieDi01", RAAD, RAAD, RAAD, {NULL}, 0, 422,
        "addressing.zender-is-ontvanger", "", "raad/-/-"},
    {"an ontvanger that nobody knows", "notificatieDi01", RAAD, RAAD, "00000099999000999000",
        {NULL}, 0, 422, "addressing.recipient-unknown", "", "raad/-/-"},
    {"an ontvanger of 19 digits", "vtoDi01", "vt", "vt", "0000002003214436001", {"Aadorp"}, 0, 422,
        "addressing.recipient-unknown", "", "vt/-/aadorp"},
    {"an ontvanger of 21 digits", "vtoDi01", "vt", "vt", "000000020032144360010", {"Aadorp"}, 0,
        422, "addressing.recipient-unknown", "", "vt/-/aadorp"},
    {"an ontvanger of the test environment", "vtoDi01", "vt", "vt", "00000002003214436001_OTA",
        {"Aadorp"}, 0, 422, "addressing.recipient-unknown", "", "vt/-/aadorp"},
    {"an ontvanger that is a name", "vtoDi01", "vt", "vt", "Raad", {"Aadorp"}, 0, 422,
        "addressing.recipient-unknown", "", "vt/-/aadorp"},
    {"an empty ontvanger", "meldingGeneriekDi01", "politie", "politie", "", {"#9902"}, 0, 422,
        "addressing.recipient-unknown", "", "politie/-/bedorp"},
    {"an absent ontvanger", "Bv03Bericht", "vt", "vt", NULL, {NULL}, 0, 422,
        "addressing.recipient-unknown", "", "vt/-/-"},
    {"but an answer is not refused for it: a person looks whose it is", "Fo01Bericht", "vt", "vt",
        NULL, {NULL}, 0, 202, "", "?route.answer-in-doubt:bericht", "vt/-/-"},
    {"an ontvanger that ended", "notificatieDi01", RAAD, RAAD, "oud", {NULL}, 0, 422,
        "addressing.recipient-ended", "", "raad/-/-"},
    {"an ontvanger that cannot receive", "zorgmeldingDi01", "politie", "politie", "stil", {NULL}, 0,
        422, "addressing.recipient-unconnected", "", "politie/-/-"},
    {"a VTO for the police is not quietly sent to the Raad", "vtoDi01", "vt", "vt", "politie",
        {"Aadorp"}, 0, 422, "addressing.recipient-wrong-role", "", "vt/-/aadorp"},

    /* ---- all at once ---- */
    {"a wrong zender and a wrong ontvanger: both are said, and 403 counts", "vtoDi01", "vt", "gi",
        "Raad", {"Aadorp"}, 0, 403, "addressing.zender-not-peer addressing.recipient-unknown", "",
        "gi/-/aadorp"},
    {"an empty zender and no right route: both are said", "notificatieDi01", "vt", "", "", {NULL},
        0, 422, "addressing.zender-empty addressing.recipient-unknown", "", "-/-/-"},
};

/* ---- a row as an envelope, and a plan as a line ---- */

static char *text_of(const char *id_or_text)
{
    const struct corv_party *p = id_or_text ? corv_party_by_id(c, id_or_text) : NULL;

    return (char *)(p ? p->oin : id_or_text); /* the envelope only looks */
}

struct outcome {
    struct corv_plan plan;
    struct corv_findings findings;
    corv_rc rc;
    int status;
};

/* What the daemon asks for: without the explanation, and otherwise the same. */
static void compare_unexplained(
    const struct corv_envelope *e, const struct row *row, const struct outcome *said)
{
    struct outcome o;

    corv_findings_init(&o.findings);
    o.rc = corv_route_unexplained(c, NULL, e, row->sender ? corv_party_by_id(c, row->sender) : NULL,
        row->day ? row->day : TODAY, &o.plan, &o.findings, &o.status);
    assert_int_equal(o.rc, said->rc);
    assert_int_equal(o.status, said->status);
    assert_int_equal(o.plan.count, said->plan.count);
    assert_string_equal(o.plan.decision, said->plan.decision);
    assert_int_equal(o.findings.count, said->findings.count);
    assert_null(o.plan.explanation);
    corv_plan_free(&o.plan);
    corv_findings_free(&o.findings);
}

static void judge(const struct row *row, struct outcome *out)
{
    struct corv_child children[2] = {0};
    struct corv_envelope e = {.kind = corv_kind_by_name(row->kind),
        .zender = {.organisatie = text_of(row->zender)},
        .ontvanger = {.organisatie = text_of(row->ontvanger)},
        .children = children,
        .line_zender = 7,
        .line_ontvanger = 11};

    for (int i = 0; i < 2 && row->child[i]; i++) {
        if (row->child[i][0] == '#') {
            children[i].gemeentecode = (char *)row->child[i] + 1;
            children[i].woonplaats = (char *)"Aadorp";
        } else if (row->child[i][0]) {
            children[i].woonplaats = (char *)row->child[i];
        }
        e.children_count++;
    }
    assert_int_not_equal(e.kind, CORV_KIND_UNKNOWN);
    corv_findings_init(&out->findings);
    out->rc = corv_route(c, &e, row->sender ? corv_party_by_id(c, row->sender) : NULL,
        row->day ? row->day : TODAY, &out->plan, &out->findings, &out->status);
    compare_unexplained(&e, row, out);
}

static void forget(struct outcome *out)
{
    corv_plan_free(&out->plan);
    corv_findings_free(&out->findings);
}

static const char *id_of(const struct corv_party *p)
{
    return p ? p->id : "-";
}

static void describe(const struct outcome *o, char codes[512], char plan[512], char facts[128])
{
    size_t n = 0;

    codes[0] = plan[0] = '\0';
    for (size_t i = 0; i < o->findings.count; i++)
        n += (size_t)snprintf(codes + n, 512 - n, "%s%s", i ? " " : "", o->findings.list[i].code);
    n = 0;
    for (unsigned i = 0; i < o->plan.count; i++) {
        const struct corv_plan_delivery *d = &o->plan.deliveries[i];

        n += (size_t)snprintf(plan + n, 512 - n, "%s%s%s:%s", i ? " " : "", d->to ? "" : "?",
            d->to ? d->to->id : d->held_code,
            d->form == CORV_AS_BERICHT ? "bericht" : "kennisgeving");
    }
    (void)snprintf(facts, 128, "%s/%s/%s", id_of(o->plan.filer), id_of(o->plan.mandated_by),
        id_of(o->plan.responsible));
}

static void test_rows(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o;
        char codes[512];
        char plan[512];
        char facts[128];

        judge(&rows[i], &o);
        describe(&o, codes, plan, facts);
        if (o.status != rows[i].status || (o.rc == CORV_OK) != (rows[i].status == 202) ||
            strcmp(codes, rows[i].codes) != 0 || strcmp(plan, rows[i].plan) != 0 ||
            strcmp(facts, rows[i].facts) != 0) {
            print_message("%s\n  %d [%s] {%s} %s\n%s\n", rows[i].why, o.status, codes, plan, facts,
                o.plan.explanation);
            wrong++;
        }
        forget(&o);
    }
    assert_int_equal(wrong, 0);
}

/* ---- what is said ---- */

static void test_findings_point_and_tell_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o;

        judge(&rows[i], &o);
        for (size_t n = 0; n < o.findings.count; n++) {
            const struct corv_finding *f = &o.findings.list[n];

            assert_int_equal(f->layer, CORV_LAYER_ADDRESSING);
            assert_true(f->text[strlen(f->text) - 1] == '.' || f->text[strlen(f->text) - 1] == '?');
            if (strncmp(f->code, "addressing.recipient", 20) == 0) {
                assert_int_equal(f->line, 11);
                assert_non_null(strstr(f->path, ":stuurgegevens/StUF:ontvanger/StUF:organisatie"));
            }
            if (strncmp(f->code, "addressing.zender", 17) == 0)
                assert_int_equal(f->line, 7);
            assert_null(strstr(f->text, "dorp"));
            assert_null(strstr(f->text, "0000"));
        }
        forget(&o);
    }
}

static void test_explanation_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome o;

        judge(&rows[i], &o);
        assert_non_null(o.plan.explanation);
        for (const char *line = o.plan.explanation; *line;) {
            size_t n = strcspn(line, "\n");
            size_t columns = 0;

            for (size_t k = 0; k < n; k++)
                columns += ((unsigned char)line[k] & 0xC0) != 0x80;
            if (columns > 80 || line[n] != '\n')
                fail_msg("%s: %.*s", rows[i].why, (int)n, line);
            line += n + 1;
        }
        /* places and OINs of the message stay in the message; ids of parties are ours */
        assert_null(strstr(o.plan.explanation, "Aadorp"));
        assert_null(strstr(o.plan.explanation, "0000"));
        assert_null(strstr(o.plan.decision, "Aadorp"));
        assert_null(strstr(o.plan.decision, "0000000"));
        forget(&o);
    }
}

static bool says(const struct outcome *o, const char *what, int line, const char *rest)
{
    char text[160];

    (void)snprintf(text, sizeof text, "%s (regel %d)%s\n", what, line, rest);
    return strstr(o->plan.explanation, text) != NULL;
}

static void test_explanation_names_each_rule(void **state)
{
    static const struct row gi = {"", "vtoDi01", "gi", "gi", RAAD, {"Bedorp"}, 0, 202, "", "", ""};
    const struct corv_route *routes = c->routes;
    struct outcome o;

    (void)state;
    judge(&gi, &o);
    assert_non_null(strstr(o.plan.explanation, "Bericht    vtoDi01, op 2026-07-01\n"));
    assert_non_null(strstr(o.plan.explanation, "eigen recht als gi"));
    assert_true(says(&o, "van bedorp", c->mandates[3].line, ""));
    assert_true(says(&o, "vto-oud", routes[0].line, ": nee, geldt niet op deze dag"));
    assert_true(says(&o, "vto", routes[1].line, ": bericht naar raad"));
    assert_true(says(&o, "vto-bis", routes[2].line, ": hetzelfde als route vto"));
    assert_true(says(&o, "vto-notice", routes[3].line, ": kennisgeving naar bedorp"));
    assert_non_null(strstr(o.plan.explanation, "2 bezorgingen"));
    assert_null(strstr(o.plan.explanation, "jr (regel")); /* routes of other kinds are left out */
    forget(&o);
}

static void test_question_for_the_operator(void **state)
{
    static const struct row doubt = {
        "", "vtoDi01", "vt", "vt", RAAD, {"Beide"}, 0, 202, "", "", ""};
    struct outcome o;

    (void)state;
    judge(&doubt, &o);
    assert_int_equal(o.plan.count, 2);
    assert_string_equal(o.plan.deliveries[1].route->name, "vto-notice");
    assert_string_equal(o.plan.deliveries[1].held_question,
        "De woonplaats van een kind hoort bij meer dan één gemeente. Aan welke gemeente moet de "
        "kennisgeving? corvctl release <bericht> --to <partij>");
    forget(&o);
}

static void test_decision_is_json(void **state)
{
    static const struct row held = {
        "", "vtoDi01", "soft", "team", RAAD, {"Aadorp"}, 0, 202, "", "", ""};
    static const struct row refused = {
        "", "vtoDi01", "vt", "vt", "Raad", {"Nergens", "Aadorp"}, 0, 422, "", "", ""};
    struct outcome o;
    json_t *j = NULL;

    (void)state;
    judge(&held, &o);
    j = json_loads(o.plan.decision, 0, NULL);
    assert_non_null(j);
    assert_string_equal(json_string_value(json_object_get(j, "config")), c->digest);
    assert_int_equal(json_integer_value(json_object_get(j, "day")), TODAY);
    assert_string_equal(json_string_value(json_object_get(j, "sender")), "soft");
    assert_string_equal(json_string_value(json_object_get(j, "filer")), "team");
    assert_string_equal(json_string_value(json_object_get(j, "mandated_by")), "aadorp");
    assert_string_equal(json_string_value(json_object_get(j, "ground")), "besluit \"1\" \\ é");
    assert_string_equal(json_string_value(json_object_get(j, "responsible")), "aadorp");
    assert_true(json_is_null(json_object_get(j, "doubt")));
    assert_true(json_is_null(json_object_get(j, "refused")));
    json_t *route = json_array_get(json_object_get(j, "routes"), 0);

    assert_string_equal(json_string_value(json_object_get(route, "name")), "vto");
    assert_string_equal(json_string_value(json_object_get(route, "to")), "raad");
    assert_true(json_is_null(json_object_get(route, "held")));
    json_decref(j);
    forget(&o);

    judge(&refused, &o);
    j = json_loads(o.plan.decision, 0, NULL);
    assert_string_equal(
        json_string_value(json_object_get(j, "refused")), "addressing.recipient-unknown");
    assert_string_equal(json_string_value(json_object_get(j, "doubt")), "unknown-place");
    assert_int_equal(json_array_size(json_object_get(j, "routes")), 0);
    json_decref(j);
    forget(&o);
}

/* Same question, same answer: explain says what the daemon does. */
static void test_pure(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome a;
        struct outcome b;

        judge(&rows[i], &a);
        judge(&rows[i], &b);
        assert_string_equal(a.plan.explanation, b.plan.explanation);
        assert_string_equal(a.plan.decision, b.plan.decision);
        forget(&a);
        forget(&b);
    }
    corv_plan_free(NULL);
}

/* The most routes a file may have, all of one kind and ended but one: still a decision. */
static void test_history_of_routes(void **state)
{
    struct corv_config *now = c;
    size_t room = 256u << 10;
    char *text = calloc(1, room);
    static const struct row fault = {
        "", "Fo01Bericht", "vt", "vt", "vt2", {NULL}, 0, 202, "", "", ""};
    struct outcome o;

    (void)state;
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, room,
        "%sadapters: [{name: map, library: 'builtin:dropdir'}]\nparties:\n"
        "  - {id: vt, name: V, oin: '00000099999000201000', adapter: map, address: v}\n"
        "  - {id: vt2, name: V, oin: '00000099999000202000', adapter: map, address: v}\n"
        "routes:\n  - {name: now, kind: Fo01Bericht, to: ontvanger}\n",
        SUPPORT_LISTEN);

    for (int i = 0; i < 999; i++)
        n += (size_t)snprintf(text + n, room - n,
            "  - {name: een-route-met-een-heel-lange-naam-%04d, kind: Fo01Bericht, to: ontvanger,\n"
            "     valid_from: %04d-01-01, valid_until: %04d-01-01}\n",
            i, 2030 + i, 2030 + i);
    c = support_load(&folder, text);
    judge(&fault, &o);
    corv_config_free(c);
    c = now;
    assert_int_equal(o.rc, CORV_OK);
    assert_int_equal(o.plan.count, 1);
    forget(&o);
    free(text);
}

/* PEERS.md 2-10: the list says IDINST, the message may carry it where the OIN should stand. */
static void an_instance_code_is_found_through_the_published_list(void **state)
{
    static struct corv_instance list[] = {
        {"AR0001", "Oude rechtbank", "00000002003214436001", 0, 20200101},
        {"RC0329", "Raad, regio", "00000002003214436001", 0, 0}};
    static const struct corv_reference reference = {.instances = list, .instances_count = 2};
    struct corv_child child = {.woonplaats = (char *)"Aadorp"};
    const struct corv_party *sender = corv_party_by_id(c, "vt");
    static const struct {
        const char *said;
        const struct corv_reference *list;
        int status;
        const char *words;
    } cases[] = {
        {"RC0329", &reference, 202, "RC0329 is Raad, regio volgens de referentielijst"},
        {"AR0001", &reference, 422, "ontvanger"},
        {"RC0329", NULL, 422, "ontvanger"},
        {"00000002003214436001", &reference, 202, "RC0329 Raad, regio"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct corv_envelope e = {.kind = CORV_KIND_VTO,
            .zender = {.organisatie = (char *)sender->oin},
            .ontvanger = {.organisatie = (char *)cases[i].said},
            .children = &child,
            .children_count = 1};
        struct outcome out = {0};

        corv_findings_init(&out.findings);
        out.rc = corv_route_with(
            c, cases[i].list, &e, sender, TODAY, &out.plan, &out.findings, &out.status);
        if (out.status != cases[i].status || !strstr(out.plan.explanation, cases[i].words))
            fail_msg("%s: %d\n%s", cases[i].said, out.status, out.plan.explanation);
        forget(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_code_is_found_through_the_published_list),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_findings_point_and_tell_nothing),
        cmocka_unit_test(test_explanation_fits_a_terminal),
        cmocka_unit_test(test_explanation_names_each_rule),
        cmocka_unit_test(test_question_for_the_operator),
        cmocka_unit_test(test_decision_is_json),
        cmocka_unit_test(test_pure),
        cmocka_unit_test(test_history_of_routes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
