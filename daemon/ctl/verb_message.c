/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/message.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "daemon/ctl/words.h"

/* ---- list --------------------------------------------------------------------------------- */

static unsigned short_length(const struct corv_inspect_message *list, size_t count)
{
    const char **ids = calloc(count + 1, sizeof *ids);
    unsigned length = CORV_ID_TEXT - 1;

    for (size_t i = 0; ids && i < count; i++)
        ids[i] = list[i].id;
    if (ids)
        length = corv_ctl_id_length(ids, count);
    free(ids);
    return length;
}

static void list_table(struct corv_ctl *ctl, const struct corv_inspect_message *list, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "NUMMER"},
        {.title = "ONTVANGEN UTC"}, {.title = "SOORT", .least = 8}, {.title = "VAN", .least = 6},
        {.title = "STAND", .least = 8, .toned = true}, {.title = NULL}};
    struct corv_ctl_table t;
    unsigned length = short_length(list, count);

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        char id[CORV_ID_TEXT];
        char when[32];
        char standing[64];
        enum corv_ctl_tone tone;
        const char *cells[] = {id, corv_ctl_when(list[i].received, when, sizeof when), list[i].kind,
            list[i].sender, corv_ctl_standing(&list[i], standing, sizeof standing, &tone)};

        (void)snprintf(id, sizeof id, "%.*s", (int)length, list[i].id);
        corv_ctl_table_add(&t, tone, cells);
    }
    corv_ctl_table_end(ctl, &t);
}

static bool known_state(struct corv_ctl *ctl, const char *state)
{
    if (!state || strcmp(corv_ctl_state_word(state), state) != 0)
        return true;
    (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage",
        "Deze stand ken ik niet. Kies waiting, leased, held, dead, confirmed of dropped.");
    return false;
}

/* What the list cannot show is one step further. */
static void hint(struct corv_ctl *ctl, const struct corv_inspect_filter *filter, size_t count)
{
    if (count == (filter->limit ? filter->limit : CORV_INSPECT_LIMIT))
        corv_ctl_printf(
            ctl, "\nDit zijn de nieuwste %zu; er kunnen er meer zijn (--limit N).\n", count);
    if (count > 0 && filter->state && strcmp(filter->state, "held") == 0)
        corv_ctl_printf(ctl, "\nDe vraag staat in: corvctl message show NUMMER\n");
}

static bool good_day(struct corv_ctl *ctl, const char *day)
{
    struct tm tm = {0};
    const char *rest = day ? strptime(day, "%Y-%m-%d", &tm) : "";
    char again[16];

    if (!day ||
        (rest && *rest == '\0' && strlen(day) == 10 && timegm(&tm) != -1 &&
            strftime(again, sizeof again, "%Y-%m-%d", &tm) == 10 && strcmp(again, day) == 0))
        return true;
    (void)corv_ctl_complain(
        ctl, CORV_CTL_ERROR, "ctl.usage", "Schrijf een dag als 2026-01-31; corvctl rekent in UTC.");
    return false;
}

int corv_verb_message_list(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_inspect_filter filter = {0};
    const char *limit = NULL;
    const struct corv_ctl_option options[] = {{"--kind", &filter.kind}, {"--party", &filter.party},
        {"--state", &filter.state}, {"--reference", &filter.reference}, {"--day", &filter.day},
        {"--limit", &limit}, {NULL, NULL}};
    struct corv_inspect_message *list = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_number(ctl, "--limit", limit, &filter.limit) || !known_state(ctl, filter.state) ||
        !good_day(ctl, filter.day) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_messages(ctl->inspect, &filter, &list, &count, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json) {
        json_t *all = json_array();

        for (size_t i = 0; i < count; i++)
            (void)json_array_append_new(all, corv_ctl_json_message(&list[i]));
        corv_ctl_json(ctl, all);
    } else if (count == 0) {
        corv_ctl_printf(ctl, "Er zijn geen berichten die hierbij passen.\n");
    } else {
        list_table(ctl, list, count);
        hint(ctl, &filter, count);
    }
    corv_inspect_free(list);
    return CORV_CTL_YES;
}

/* ---- one message -------------------------------------------------------------------------- */

corv_rc corv_ctl_dossier_read(
    struct corv_ctl *ctl, const char *id, struct corv_ctl_dossier *d, struct corv_fault *fault)
{
    corv_rc rc = corv_inspect_message(ctl->inspect, id, &d->message, fault);

    if (rc == CORV_OK)
        rc = corv_inspect_deliveries(
            ctl->inspect, d->message.id, &d->deliveries, &d->deliveries_count, fault);
    if (rc == CORV_OK)
        rc = corv_inspect_children(
            ctl->inspect, d->message.id, &d->children, &d->children_count, fault);
    if (rc == CORV_OK)
        rc = corv_inspect_related(
            ctl->inspect, d->message.id, &d->related, &d->related_count, fault);
    return rc;
}

void corv_ctl_dossier_free(struct corv_ctl_dossier *d)
{
    corv_inspect_free(d->deliveries);
    corv_inspect_free(d->children);
    corv_inspect_free(d->related);
    *d = (struct corv_ctl_dossier){0};
}

void corv_ctl_head(struct corv_ctl *ctl, const struct corv_inspect_message *m)
{
    corv_ctl_line(ctl, "Bericht", "%s", m->id);
    corv_ctl_line(ctl, "Soort", "%s%s%s%s", m->kind, m->variant[0] ? ", " : "", m->variant,
        m->urgent ? ", SPOED" : "");
    corv_ctl_line(ctl, "Ontvangen", "%s van %s", m->received, m->sender);
}

static void rest(struct corv_ctl *ctl, const struct corv_inspect_message *m)
{
    if (m->referentie[0])
        corv_ctl_line(ctl, "Referentie", "%s", m->referentie);
    if (m->zender_org[0])
        corv_ctl_line(ctl, "Zender", "%s", m->zender_org);
    if (m->ontvanger_org[0])
        corv_ctl_line(ctl, "Ontvanger", "%s", m->ontvanger_org);
    if (m->mandated_by[0])
        corv_ctl_line(ctl, "Mandaat van", "%s", m->mandated_by);
    if (m->responsible[0])
        corv_ctl_line(ctl, "Gemeente", "%s", m->responsible);
    if (m->parent[0])
        corv_ctl_line(ctl, "Gemaakt van", "%s", m->parent);
    corv_ctl_line(ctl, "Omvang", "%" PRIu64 " bytes", m->size);
    corv_ctl_line(ctl, "SHA-256", "%s", m->digest);
}

void corv_ctl_delivery_lines(struct corv_ctl *ctl, const struct corv_inspect_delivery *d)
{
    char label[32];
    char when[32];
    char away[32];

    (void)snprintf(label, sizeof label, "Bezorging %d", d->no);
    corv_ctl_line(ctl, label, "%s %s%s, route %s", corv_ctl_state_word(d->state),
        d->party[0] ? "aan " : "(nog geen ontvanger)", d->party, d->route);
    if (d->attempts > 0)
        corv_ctl_line(ctl, "", "%d %s", d->attempts, d->attempts == 1 ? "poging" : "pogingen");
    if (d->done[0])
        corv_ctl_line(ctl, "", "klaar %s, %s na aanname", corv_ctl_when(d->done, when, sizeof when),
            corv_ctl_duration((double)(corv_ctl_ms(d->done) - corv_ctl_ms(d->created)) / 1000, away,
                sizeof away));
    if (d->due[0] && strcmp(d->state, "leased") != 0)
        corv_ctl_line(ctl, "", "volgende poging %s", corv_ctl_when(d->due, when, sizeof when));
    if (d->code[0])
        corv_ctl_line(ctl, "",
            "%s %s %s", /* the text is of the last attempt, the question of now */
            strcmp(d->state, "confirmed") == 0 ? "antwoord" : "reden", d->code,
            d->held_question[0] ? "" : d->text);
    if (d->held_question[0])
        corv_ctl_line(ctl, "", "vraag: %s", d->held_question);
    if (d->receipt[0])
        corv_ctl_line(ctl, "", "ontvangstbewijs sha256 %.16s… (zie --json)", d->receipt);
}

void corv_ctl_related_lines(struct corv_ctl *ctl, const struct corv_ctl_dossier *d)
{
    for (size_t i = 0; i < d->related_count; i++) {
        const struct corv_inspect_related *r = &d->related[i];

        corv_ctl_line(ctl, corv_ctl_relation_word(r->by), "%s %s%s%s", r->id, r->kind,
            r->variant[0] ? ", " : "", r->variant);
    }
    if (d->related_count == CORV_INSPECT_LIMIT)
        corv_ctl_line(ctl, "", "dit zijn de nieuwste; er kunnen er meer zijn");
}

static void show(struct corv_ctl *ctl, const struct corv_ctl_dossier *d)
{
    corv_ctl_head(ctl, &d->message);
    rest(ctl, &d->message);
    for (size_t i = 0; i < d->deliveries_count; i++)
        corv_ctl_delivery_lines(ctl, &d->deliveries[i]);
    if (d->deliveries_count == 0)
        corv_ctl_line(ctl, "Bezorging", "geen");
    for (size_t i = 0; i < d->children_count; i++) {
        char standing[64];
        enum corv_ctl_tone tone;

        corv_ctl_line(ctl, "Leidde tot", "%s %s, %s", d->children[i].id, d->children[i].kind,
            corv_ctl_standing(&d->children[i], standing, sizeof standing, &tone));
    }
    corv_ctl_related_lines(ctl, d);
}

static json_t *children_json(const struct corv_ctl_dossier *d)
{
    json_t *list = json_array();

    for (size_t i = 0; i < d->children_count; i++)
        (void)json_array_append_new(list, corv_ctl_json_message(&d->children[i]));
    return list;
}

int corv_verb_message_show(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_ctl_dossier d = {0};
    struct corv_fault fault = {0};
    int code = CORV_CTL_YES;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 1, 1) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_ctl_dossier_read(ctl, argv[0], &d, &fault);
    if (rc != CORV_OK)
        code = corv_ctl_fault(ctl, rc, &fault);
    else if (ctl->json)
        corv_ctl_json(ctl,
            json_pack("{s:o, s:o, s:o, s:o}", "message", corv_ctl_json_message(&d.message),
                "deliveries", corv_ctl_json_deliveries(d.deliveries, d.deliveries_count), "derived",
                children_json(&d), "related", corv_ctl_json_related(d.related, d.related_count)));
    else
        show(ctl, &d);
    corv_ctl_dossier_free(&d);
    return code;
}
