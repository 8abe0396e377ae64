/* SPDX-License-Identifier: EUPL-1.2 */
/* The whole way of a message: its events with the time between them, how its deliveries stand, and
 * the same of what was made from it. */
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/message.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "daemon/ctl/words.h"

static enum corv_ctl_tone tone_of(const char *event)
{
    static const struct {
        const char *event;
        enum corv_ctl_tone tone;
    } tones[] = {{"delivery.confirmed", CORV_TONE_GOOD}, {"delivery.dead", CORV_TONE_BAD},
        {"delivery.held", CORV_TONE_WARN}, {"delivery.later", CORV_TONE_WARN},
        {"message.conflict", CORV_TONE_BAD}};

    for (size_t i = 0; i < sizeof tones / sizeof tones[0]; i++)
        if (strcmp(event, tones[i].event) == 0)
            return tones[i].tone;
    return CORV_TONE_PLAIN;
}

/* What an event's detail says, in words: {"attempt":2,"us":41000} is "poging 2 in 41 ms". */
static void detail_words(const char *detail, struct corv_buf *out)
{
    static const struct {
        const char *key;
        const char *before;
        const char *after;
    } words[] = {{"attempt", "poging ", ""}, {"deliveries", "", " bezorging(en)"},
        {"size", "", " bytes"}, {"to", "naar ", ""}, {"reason", "", ""}};
    json_t *root = json_loads(detail, 0, NULL);
    const json_t *us = json_object_get(root, "us");
    char span[32];

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const json_t *value = json_object_get(root, words[i].key);

        if (json_is_integer(value))
            (void)corv_buf_addf(out, "%s%s%lld%s", out->n ? ", " : "", words[i].before,
                (long long)json_integer_value(value), words[i].after);
        else if (json_is_string(value))
            (void)corv_buf_addf(out, "%s%s%s%s", out->n ? ", " : "", words[i].before,
                json_string_value(value), words[i].after);
    }
    if (json_is_integer(us))
        (void)corv_buf_addf(out, " in %s",
            corv_ctl_duration((double)json_integer_value(us) / 1e6, span, sizeof span));
    json_decref(root);
}

static void particulars(const struct corv_inspect_event *e, char *out, size_t size)
{
    struct corv_buf words;
    bool person = strncmp(e->actor, "operator:", 9) == 0;

    corv_buf_init(&words, 2048);
    detail_words(e->detail, &words);
    (void)snprintf(out, size, "%s%s%s%s%s", person ? e->actor + 9 : "",
        person && (e->code[0] || words.n) ? ": " : "", e->code, e->code[0] && words.n ? ", " : "",
        words.p ? words.p : "");
    corv_buf_free(&words);
}

/* The day only when it is another than that of the message. */
static const char *moment(const char *at, const char *received, char *out, size_t size)
{
    size_t day = strncmp(at, received, 10) == 0 && strlen(at) >= 19 ? 6 : 0;

    return corv_ctl_when(at, out, size) + day;
}

static void events_table(struct corv_ctl *ctl, const struct corv_inspect_message *m,
    const struct corv_inspect_event *events, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "TIJD UTC"},
        {.title = "NA", .right = true}, {.title = "GEBEURTENIS", .toned = true},
        {.title = "BEZ.", .right = true}, {.title = "PARTIJ", .least = 8},
        {.title = "BIJZONDERHEDEN", .least = 10}, {.title = NULL}};
    long long begin = corv_ctl_ms(m->received);
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        const struct corv_inspect_event *e = &events[i];
        char when[32];
        char after[32];
        char no[16] = "";
        char what[700];
        const char *cells[] = {moment(e->at, m->received, when, sizeof when),
            corv_ctl_duration((double)(corv_ctl_ms(e->at) - begin) / 1000, after, sizeof after),
            corv_ctl_event_word(e->event), no, e->party, what};

        if (e->delivery)
            (void)snprintf(no, sizeof no, "%d", e->delivery);
        particulars(e, what, sizeof what);
        corv_ctl_table_add(&t, tone_of(e->event), cells);
    }
    corv_ctl_table_end(ctl, &t);
}

static void write_trace(struct corv_ctl *ctl, const struct corv_ctl_dossier *d,
    const struct corv_inspect_event *events, size_t count)
{
    corv_ctl_head(ctl, &d->message);
    if (d->message.referentie[0])
        corv_ctl_line(ctl, "Referentie", "%s", d->message.referentie);
    for (size_t i = 0; i < d->deliveries_count; i++)
        corv_ctl_delivery_lines(ctl, &d->deliveries[i]);
    corv_ctl_related_lines(ctl, d);
    corv_ctl_printf(ctl, "\n");
    events_table(ctl, &d->message, events, count);
}

static json_t *trace_json(const struct corv_ctl_dossier *d, const struct corv_inspect_event *events,
    size_t count, json_t *derived)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, corv_ctl_json_event(&events[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "message", corv_ctl_json_message(&d->message),
        "events", list, "deliveries", corv_ctl_json_deliveries(d->deliveries, d->deliveries_count),
        "derived", derived, "related", corv_ctl_json_related(d->related, d->related_count));
}

/* level: a message made from this one is traced too, but not what was made from that. */
static corv_rc trace(
    struct corv_ctl *ctl, const char *id, int level, json_t **out, struct corv_fault *fault)
{
    struct corv_ctl_dossier d = {0};
    struct corv_inspect_event *events = NULL;
    json_t *derived = json_array();
    size_t count = 0;
    corv_rc rc = corv_ctl_dossier_read(ctl, id, &d, fault);

    if (rc == CORV_OK)
        rc = corv_inspect_trace(ctl->inspect, d.message.id, &events, &count, fault);
    if (rc == CORV_OK && !ctl->json)
        write_trace(ctl, &d, events, count);
    for (size_t i = 0; rc == CORV_OK && level == 0 && i < d.children_count; i++) {
        json_t *child = NULL;

        if (!ctl->json)
            corv_ctl_printf(ctl, "\nDaaruit gemaakt:\n");
        rc = trace(ctl, d.children[i].id, level + 1, &child, fault);
        if (child)
            (void)json_array_append_new(derived, child);
    }
    if (rc == CORV_OK && ctl->json)
        *out = trace_json(&d, events, count, json_incref(derived));
    json_decref(derived);
    corv_inspect_free(events);
    corv_ctl_dossier_free(&d);
    return rc;
}

int corv_verb_message_trace(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_fault fault = {0};
    json_t *value = NULL;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 1, 1) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = trace(ctl, argv[0], 0, &value, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl, value);
    return CORV_CTL_YES;
}
