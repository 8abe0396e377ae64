/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/embedded.h"
#include "daemon/partner/message.h"
#include "daemon/partner/party.h"
#include "daemon/partner/yaml.h"

extern const struct corv_embedded partner_embedded_scenarios[]; /* made by cmake/embed.cmake */

const struct partner_cluster partner_clusters[] = {{"vto-notificatie", "vto & notificatie"},
    {"zorgmelding", "zorgmelding"}, {"notificatiejr", "notificatiejr"}, {NULL, NULL}};

#define TEXT(of, key)  CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, of, key, 1, 300)
#define MAYBE(of, key) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_OPTIONAL, of, key, 1, 300)

static const cyaml_schema_value_t step = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, 4)};
/* clang-format off */
static const cyaml_schema_field_t exchange_fields[] = {
    TEXT(struct partner_exchange, id),
    TEXT(struct partner_exchange, message),
    TEXT(struct partner_exchange, from),
    TEXT(struct partner_exchange, to),
    MAYBE(struct partner_exchange, about),
    MAYBE(struct partner_exchange, link),
    TEXT(struct partner_exchange, answer),
    TEXT(struct partner_exchange, receipt),
    TEXT(struct partner_exchange, title),
    CYAML_FIELD_UINT("deadline", CYAML_FLAG_DEFAULT, struct partner_exchange, deadline),
    CYAML_FIELD_SEQUENCE("steps", CYAML_FLAG_POINTER, struct partner_exchange, steps, &step, 4, 4),
    CYAML_FIELD_END};
static const cyaml_schema_value_t exchange = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct partner_exchange, exchange_fields)};
static const cyaml_schema_field_t scenario_fields[] = {
    TEXT(struct partner_scenario, id),
    TEXT(struct partner_scenario, name),
    TEXT(struct partner_scenario, cluster),
    TEXT(struct partner_scenario, title),
    CYAML_FIELD_SEQUENCE("exchanges", CYAML_FLAG_POINTER, struct partner_scenario, exchanges,
        &exchange, 1, PARTNER_EXCHANGES),
    CYAML_FIELD_END};
/* clang-format on */
static const cyaml_schema_value_t top = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct partner_scenario, scenario_fields)};

bool partner_cluster_known(const char *name)
{
    for (const struct partner_cluster *c = partner_clusters; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return true;
    return false;
}

int partner_exchange_find(const struct partner_scenario *s, const char *id, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(s->exchanges[i].id, id) == 0)
            return (int)i;
    return -1;
}

/* ---- what libcyaml cannot check ---------------------------------------------------------------
 */

static const char *link_wrong(const struct partner_scenario *s, unsigned at)
{
    const struct partner_exchange *e = &s->exchanges[at];

    if (e->about && partner_exchange_find(s, e->about, at) < 0)
        return "about noemt geen eerdere uitwisseling";
    if (e->link && !e->about)
        return "link zonder about";
    if (e->link && strcmp(e->link, "crossRefnummer") != 0 && strcmp(e->link, "zaaknummer") != 0)
        return "link is crossRefnummer of zaaknummer";
    return NULL;
}

static const char *exchange_wrong(const struct partner_scenario *s, unsigned at)
{
    const struct partner_exchange *e = &s->exchanges[at];
    const struct partner_party *from = partner_party_find(e->from);
    const struct partner_party *to = partner_party_find(e->to);

    if (!from || !to || from == to)
        return "from of to is geen partij";
    if (!partner_message_known(e->message))
        return "dit bericht is er niet";
    if (partner_exchange_find(s, e->id, at) >= 0)
        return "deze id is er al";
    if (strcmp(e->answer, from->dai ? "Bv04" : "202") != 0)
        return "answer past niet bij de ingang van de verzender";
    if (strcmp(e->receipt, to->dai ? "Bv03" : "200") != 0)
        return "receipt past niet bij de ontvanger";
    return link_wrong(s, at);
}

static corv_rc check(const char *name, const struct partner_scenario *s)
{
    if (!partner_cluster_known(s->cluster)) {
        (void)fprintf(stderr, "corv-partner: %s: onbekend cluster %s\n", name, s->cluster);
        return CORV_E_INVALID;
    }
    for (unsigned i = 0; i < s->exchanges_count; i++) {
        const char *wrong = exchange_wrong(s, i);

        if (wrong) {
            (void)fprintf(stderr, "corv-partner: %s: %s: %s\n", name, s->exchanges[i].id, wrong);
            return CORV_E_INVALID;
        }
    }
    return CORV_OK;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

corv_rc partner_scenario_read(
    const char *name, struct corv_view text, struct partner_scenario **out)
{
    cyaml_config_t how = partner_yaml(name);

    *out = NULL;
    if (cyaml_load_data((const uint8_t *)text.p, text.n, &how, &top, (cyaml_data_t **)out, NULL) !=
            CYAML_OK ||
        !*out) /* an empty file is no error to libcyaml */
        return CORV_E_INVALID;
    if (check(name, *out) == CORV_OK)
        return CORV_OK;
    partner_scenario_free(*out);
    *out = NULL;
    return CORV_E_INVALID;
}

void partner_scenario_free(struct partner_scenario *s)
{
    cyaml_config_t how = partner_yaml("");

    (void)cyaml_free(&how, &top, s, 0);
}

corv_rc partner_scenarios_load(struct partner_scenarios *out)
{
    corv_rc rc = CORV_OK;

    *out = (struct partner_scenarios){.count = 0};
    for (const struct corv_embedded *f = partner_embedded_scenarios; f->name && rc == CORV_OK; f++)
        rc = out->count == PARTNER_SCENARIOS
                 ? CORV_E_LIMIT
                 : partner_scenario_read(
                       f->name, corv_view_of(f->bytes, f->size), &out->list[out->count++]);
    if (rc != CORV_OK)
        partner_scenarios_free(out);
    return rc;
}

void partner_scenarios_free(struct partner_scenarios *s)
{
    for (unsigned i = 0; i < s->count; i++)
        partner_scenario_free(s->list[i]);
    s->count = 0;
}
