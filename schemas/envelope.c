/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/envelope.h"

#include <stdlib.h>
#include <strings.h>

#include "schemas/envelope_read.h"
#include "schemas/reader.h"
#include "schemas/xml_find.h"

#define PERSON "ZKN:heeftBetrekkingOp/ZKN:gerelateerde/ZKN:natuurlijkPersoon"
#define VV     "JZ:heeftBetrekkingOp/ZKN:gerelateerde/ZKN:natuurlijkPersoon"
#define OTHER  "ZKN:heeftBetrekkingOpAndere/ZKN:gerelateerde/ZKN:identificatie"
#define VT     "JZ:betreft/JZ:gerelateerde/JZ:heeftBetrokken"

#define OPENS CORV_KIND_UNKNOWN /* answers none: a case number in it is its zender's own */

/* Where each kind keeps its case numbers and its children, relative to JZ:object; and, of a kind
 * that answers, the kind whose case it names. */
static const struct {
    const char *indiener;
    const char *raad;
    const char *child;
    enum corv_kind answers;
} places[CORV_KIND_COUNT] = {
    [CORV_KIND_VTO] = {"ZKN:identificatie", OTHER, PERSON, OPENS},
    [CORV_KIND_NOTIFICATIE] = {OTHER, "ZKN:identificatie", PERSON, CORV_KIND_VTO},
    [CORV_KIND_NOTIFICATIEJR] = {NULL, NULL, PERSON, OPENS},
    [CORV_KIND_ZORGMELDING] = {"ZKN:kenmerk/ZKN:kenmerk", NULL, PERSON, OPENS},
    [CORV_KIND_ZORGMELDING_TERUGKOPPELING] = {"ZKN:kenmerk/ZKN:kenmerk", "ZKN:identificatie",
        PERSON, CORV_KIND_ZORGMELDING},
    [CORV_KIND_VT_MELDING] = {"JZ:identificatieVtMelding", NULL, VT, OPENS},
    [CORV_KIND_VT_TERUGKOPPELING] = {"ZKN:naarAanleidingVan/ZKN:gerelateerde/"
                                     "JZ:identificatieVtMelding",
        "ZKN:identificatie", NULL, CORV_KIND_VT_MELDING},
    [CORV_KIND_VCOB] = {"JZ:identificatie", NULL, VV, OPENS},
    [CORV_KIND_UCOB] = {"JZ:verzoekidentificatie", "JZ:identificatie", VV, CORV_KIND_VCOB},
    [CORV_KIND_VCI] = {"JZ:identificatie", NULL, VV, OPENS},
    [CORV_KIND_UCI] = {"JZ:verzoekidentificatie", "JZ:identificatie", VV, CORV_KIND_VCI},
    [CORV_KIND_MELDING_GENERIEK] = {"ZKN:identificatie", NULL, PERSON, OPENS},
    [CORV_KIND_UITKOMST_MELDING_GENERIEK] = {"JZ:uwIdentificatie", "ZKN:identificatie", NULL,
        CORV_KIND_MELDING_GENERIEK},
};

static bool says(const xmlNode *node, const char *text)
{
    return node && corv_view_is(corv_node_view(node), text);
}

static corv_rc text_at(const xmlNode *node, const char *path, char **out)
{
    return corv_node_text(path ? corv_find(node, path) : NULL, out);
}

static corv_rc read_address(const xmlNode *node, struct corv_stuf_address *a, int *line)
{
    corv_rc rc = CORV_OK;

    if (!node)
        return CORV_OK;
    *line = corv_node_line(node);
    rc = text_at(node, "StUF:organisatie", &a->organisatie);
    if (rc == CORV_OK)
        rc = text_at(node, "StUF:applicatie", &a->applicatie);
    if (rc == CORV_OK)
        rc = text_at(node, "StUF:administratie", &a->administratie);
    if (rc == CORV_OK)
        rc = text_at(node, "StUF:gebruiker", &a->gebruiker);
    return rc;
}

static corv_rc read_header(const xmlNode *message, struct corv_envelope *e)
{
    bool stuf = corv_kind_family(e->kind) == CORV_FAMILY_STUF;
    const xmlNode *header = corv_find(message, stuf ? "StUF:stuurgegevens" : "JZ:stuurgegevens");
    corv_rc rc;

    if (!header)
        return CORV_OK;
    e->line_referentienummer = corv_node_line(corv_find(header, "StUF:referentienummer"));
    rc = read_address(corv_find(header, "StUF:zender"), &e->zender, &e->line_zender);
    if (rc == CORV_OK)
        rc = read_address(corv_find(header, "StUF:ontvanger"), &e->ontvanger, &e->line_ontvanger);
    if (rc == CORV_OK)
        rc = text_at(header, "StUF:referentienummer", &e->referentienummer);
    if (rc == CORV_OK)
        rc = text_at(header, "StUF:crossRefnummer", &e->crossrefnummer);
    if (rc == CORV_OK)
        rc = text_at(header, "StUF:tijdstipBericht", &e->tijdstip);
    if (rc == CORV_OK && stuf)
        rc = text_at(message, "StUF:body/StUF:code", &e->foutcode);
    return rc;
}

/* The place where a person lives: the (formal) address first, the factual one when there is no
 * other. Addresses abroad name no place in the Netherlands. */
static corv_rc read_place(const xmlNode *person, char **out)
{
    static const char *const paths[] = {
        "BG:verblijfsadres/BG:wpl.woonplaatsNaam",
        "BG:formeelVerblijfadresBinnenland/BG:wpl.woonplaatsNaam",
        "BG:feitelijkVerblijfsadresBinnenland/BG:wpl.woonplaatsNaam",
    };

    for (size_t i = 0; person && i < sizeof paths / sizeof *paths; i++) {
        const xmlNode *place = corv_find(person, paths[i]);

        if (place && corv_node_view(place).n)
            return corv_node_text(place, out);
    }
    return CORV_OK;
}

/* Does this belanghebbende refer to the child? By clientvolgnummer in a vto; a notificatie has
 * no numbers and one child. */
static bool refers_to(const xmlNode *belanghebbende, struct corv_view volgnummer)
{
    const xmlNode *nr = corv_find_extra(belanghebbende, "clientvolgnummer");

    if (!nr || !volgnummer.n)
        return !nr && !volgnummer.n;
    for (; nr; nr = corv_find_extra_next(belanghebbende, "clientvolgnummer", nr))
        if (corv_view_eq(corv_node_view(nr), volgnummer))
            return true;
    return false;
}

/* The mother of an unborn child, or NULL. Nobody has so many: the bound keeps a hostile message
 * from being compared with itself. */
#define MOTHERS_MOST  200
#define CHILDREN_MOST 50

static const xmlNode *mother_of(const xmlNode *object, const xmlNode *child)
{
    static const char *const path = "ZKN:heeftAlsBelanghebbende";
    struct corv_view nr = corv_node_view(corv_find_extra(child, "clientvolgnummer"));
    unsigned seen = 0;

    for (const xmlNode *b = corv_find(object, path); b && seen++ < MOTHERS_MOST;
         b = corv_find_next(object, path, b))
        if (says(corv_find(b, "ZKN:omschrijving"), "ouder, gezag niet benoemd") && refers_to(b, nr))
            return corv_find(b, "ZKN:gerelateerde/ZKN:natuurlijkPersoon");
    return NULL;
}

static corv_rc grow_children(struct corv_envelope *e)
{
    struct corv_child *list = realloc(e->children, (e->children_count + 1) * sizeof *e->children);

    if (!list)
        return CORV_E_NOMEM;
    e->children = list;
    e->children[e->children_count++] = (struct corv_child){0};
    return CORV_OK;
}

static corv_rc add_child(const xmlNode *object, const xmlNode *person, struct corv_envelope *e)
{
    const xmlNode *relation = person->parent->parent; /* heeftBetrekkingOp */
    const xmlNode *lives = person;
    struct corv_child *child;

    if (corv_node_nil(person))
        return CORV_OK;
    if (grow_children(e) != CORV_OK)
        return CORV_E_NOMEM;
    child = &e->children[e->children_count - 1];
    child->unborn = (e->kind == CORV_KIND_VTO || e->kind == CORV_KIND_NOTIFICATIE) &&
                    says(corv_find(relation, "ZKN:omschrijving"), "Client (ongeboren kind)");
    if (child->unborn)
        lives = e->children_count <= CHILDREN_MOST ? mother_of(object, person) : NULL;
    if (read_place(lives, &child->woonplaats) != CORV_OK)
        return CORV_E_NOMEM;
    if (e->kind != CORV_KIND_MELDING_GENERIEK)
        return CORV_OK;
    return text_at(person, "BG:inp.gemeenteVanInschrijving", &child->gemeentecode);
}

static corv_rc read_children(const xmlNode *object, struct corv_envelope *e)
{
    const char *path = places[e->kind].child;
    corv_rc rc = CORV_OK;

    if (!path)
        return CORV_OK;
    for (const xmlNode *n = corv_find(object, path); n && rc == CORV_OK;
         n = corv_find_next(object, path, n)) {
        if (e->kind != CORV_KIND_VT_MELDING) {
            rc = add_child(object, n, e);
            continue;
        }

        const xmlNode *person = corv_find(n, "JZ:gerelateerde");

        if (person && says(corv_find(n, "JZ:jeugzorgrol"), "jeugdige"))
            rc = add_child(object, person, e);
    }
    return rc;
}

/* A word that means yes; extraElementen are free strings. */
static bool is_true(const xmlNode *node)
{
    struct corv_view v = corv_node_view(node);

    return (v.n == 4 && strncasecmp(v.p, "true", 4) == 0) ||
           (v.n == 2 && strncasecmp(v.p, "ja", 2) == 0);
}

static enum corv_variant variant_of(const xmlNode *object)
{
    const xmlNode *status = corv_find(object, "ZKN:heeft/ZKN:gerelateerde/ZKN:omschrijving");
    bool ambtshalve = is_true(corv_find_extra(object, "indicatieAmbtshalve")) &&
                      corv_node_view(corv_find(object, OTHER)).n == 0;

    if (says(status, "Intake afgerond"))
        return ambtshalve ? CORV_VARIANT_AMBTSHALVE_GESTART : CORV_VARIANT_INTAKE_AFGEROND;
    if (says(status, "Onderzoek afgerond"))
        return ambtshalve ? CORV_VARIANT_AMBTSHALVE_AFGEROND : CORV_VARIANT_ONDERZOEK_AFGEROND;
    if (says(status, "Zaak afgerond"))
        return CORV_VARIANT_ZAAK_AFGEROND;
    return CORV_VARIANT_NONE;
}

/* Both names occur in real messages, and nobody may be hurried less than they asked for. */
static bool is_urgent(const xmlNode *object)
{
    static const char *const names[] = {"urgentie", "urgent"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (const xmlNode *n = corv_find_extra(object, names[i]); n;
             n = corv_find_extra_next(object, names[i], n)) {
            struct corv_view v = corv_node_view(n);

            if (v.n == 4 && strncasecmp(v.p, "hoog", 4) == 0)
                return true;
        }
    return false;
}

static corv_rc read_object(const xmlNode *message, struct corv_envelope *e)
{
    const xmlNode *object = corv_find(message, "JZ:object");
    corv_rc rc;

    if (!object)
        return CORV_OK;
    if (e->kind == CORV_KIND_NOTIFICATIE)
        e->variant = variant_of(object);
    if (e->kind == CORV_KIND_VTO)
        e->urgent = is_urgent(object);
    rc = text_at(object, places[e->kind].indiener, &e->zaak_indiener);
    if (rc == CORV_OK)
        rc = text_at(object, places[e->kind].raad, &e->zaak_raad);
    /* an ucob or uci answers for several people, one object each */
    for (; object && rc == CORV_OK; object = corv_find_next(message, "JZ:object", object))
        rc = read_children(object, e);
    return rc;
}

corv_rc corv_envelope_read(
    const xmlNode *message, enum corv_kind kind, bool soap, struct corv_envelope **out)
{
    struct corv_envelope *e = calloc(1, sizeof *e);
    corv_rc rc;

    *out = NULL;
    if (!e)
        return CORV_E_NOMEM;
    e->kind = kind;
    e->case_kind = places[kind].answers ? places[kind].answers : kind;
    e->soap = soap;
    rc = read_header(message, e);
    if (rc == CORV_OK)
        rc = read_object(message, e);
    if (rc != CORV_OK) {
        corv_envelope_free(e);
        return rc;
    }
    *out = e;
    return CORV_OK;
}

static void free_address(struct corv_stuf_address *a)
{
    free(a->organisatie);
    free(a->applicatie);
    free(a->administratie);
    free(a->gebruiker);
}

void corv_envelope_free(struct corv_envelope *e)
{
    if (!e)
        return;
    free_address(&e->zender);
    free_address(&e->ontvanger);
    free(e->referentienummer);
    free(e->crossrefnummer);
    free(e->tijdstip);
    free(e->zaak_indiener);
    free(e->zaak_raad);
    free(e->foutcode);
    for (size_t i = 0; i < e->children_count; i++) {
        free(e->children[i].woonplaats);
        free(e->children[i].gemeentecode);
    }
    free(e->children);
    free(e);
}
