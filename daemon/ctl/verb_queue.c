/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "daemon/ctl/words.h"

static json_t *lane_json(const struct corv_inspect_lane *l)
{
    return json_pack("{s:o, s:I, s:I, s:I, s:I, s:o, s:f, s:o, s:o, s:o}", "party",
        corv_ctl_json_text(l->party), "waiting", (json_int_t)l->waiting, "leased",
        (json_int_t)l->leased, "held", (json_int_t)l->held, "dead", (json_int_t)l->dead,
        "oldest_due", corv_ctl_json_text(l->oldest_due), "oldest_due_seconds",
        l->oldest_due_seconds, "next_due", corv_ctl_json_text(l->next_due), "code",
        corv_ctl_json_text(l->last_code), "text", corv_ctl_json_text(l->last_text));
}

static json_t *queue_json(const struct corv_inspect_lane *lanes, size_t lanes_count,
    const struct corv_inspect_delivery *open, size_t open_count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < lanes_count; i++)
        (void)json_array_append_new(list, lane_json(&lanes[i]));
    return json_pack(
        "{s:o, s:o}", "lanes", list, "open", corv_ctl_json_deliveries(open, open_count));
}

static char *count_text(uint64_t n, char *out, size_t size)
{
    (void)snprintf(out, size, "%" PRIu64, n);
    return out;
}

static void lanes_table(struct corv_ctl *ctl, const struct corv_inspect_lane *lanes, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "ONTVANGER", .least = 10},
        {.title = "WACHT", .right = true}, {.title = "ONDERWEG", .right = true},
        {.title = "VAST", .right = true}, {.title = "MISLUKT", .right = true},
        {.title = "TE LAAT", .right = true, .toned = true}, {.title = "LAATSTE REDEN", .least = 10},
        {.title = NULL}};
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        const struct corv_inspect_lane *l = &lanes[i];
        char number[4][24];
        char late[32] = "";
        const char *cells[] = {l->party[0] ? l->party : "(nog onbekend)",
            count_text(l->waiting, number[0], sizeof number[0]),
            count_text(l->leased, number[1], sizeof number[1]),
            count_text(l->held, number[2], sizeof number[2]),
            count_text(l->dead, number[3], sizeof number[3]), late, l->last_code};

        if (l->oldest_due[0])
            (void)corv_ctl_duration(l->oldest_due_seconds, late, sizeof late);
        corv_ctl_table_add(
            &t, l->oldest_due_seconds > 60 ? CORV_TONE_WARN : CORV_TONE_PLAIN, cells);
    }
    corv_ctl_table_end(ctl, &t);
}

/* NUMMER/NR, short but unique in this list. */
static unsigned length_of(const struct corv_inspect_delivery *list, size_t count)
{
    const char **ids = calloc(count + 1, sizeof *ids);
    unsigned length = CORV_ID_TEXT - 1;

    for (size_t i = 0; ids && i < count; i++)
        ids[i] = list[i].message;
    if (ids)
        length = corv_ctl_id_length(ids, count);
    free(ids);
    return length;
}

static void when_text(const struct corv_inspect_delivery *d, char *out, size_t size)
{
    long long seconds = (corv_ctl_ms(d->due) - corv_clock_us() / 1000 + 999) / 1000;
    char span[32];

    out[0] = '\0';
    if (!d->due[0] || strcmp(d->state, "leased") == 0)
        return;
    if (seconds <= 0)
        (void)snprintf(out, size, "nu");
    else
        (void)snprintf(out, size, "over %s", corv_ctl_duration((double)seconds, span, sizeof span));
}

static void cell_texts(const struct corv_inspect_delivery *d, unsigned length, char *name,
    size_t size, char *attempts, size_t attempts_size)
{
    (void)snprintf(name, size, "%.*s/%d", (int)length, d->message, d->no);
    (void)snprintf(attempts, attempts_size, "%d", d->attempts);
}

static void open_table(struct corv_ctl *ctl, const struct corv_inspect_delivery *list, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "NUMMER/NR"},
        {.title = "SOORT", .least = 8}, {.title = "AAN", .least = 8},
        {.title = "STAND", .toned = true}, {.title = "POGINGEN", .right = true},
        {.title = "WANNEER"}, {.title = NULL}};
    unsigned length = length_of(list, count);
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        char name[CORV_ID_TEXT + 8];
        char attempts[16];
        char when[48];
        const char *cells[] = {name, list[i].kind, list[i].party[0] ? list[i].party : "?",
            corv_ctl_state_word(list[i].state), attempts, when};

        cell_texts(&list[i], length, name, sizeof name, attempts, sizeof attempts);
        when_text(&list[i], when, sizeof when);
        corv_ctl_table_add(&t, corv_ctl_state_tone(list[i].state), cells);
    }
    corv_ctl_table_end(ctl, &t);
}

static void dead_table(struct corv_ctl *ctl, const struct corv_inspect_delivery *list, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "NUMMER/NR"},
        {.title = "SOORT", .least = 8}, {.title = "AAN", .least = 8},
        {.title = "POG.", .right = true}, {.title = "REDEN", .least = 12, .toned = true},
        {.title = NULL}};
    unsigned length = length_of(list, count);
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        char name[CORV_ID_TEXT + 8];
        char attempts[16];
        const char *cells[] = {name, list[i].kind, list[i].party, attempts, list[i].code};

        cell_texts(&list[i], length, name, sizeof name, attempts, sizeof attempts);
        corv_ctl_table_add(&t, CORV_TONE_BAD, cells);
    }
    corv_ctl_table_end(ctl, &t);
}

static void say_queue(struct corv_ctl *ctl, const struct corv_inspect_lane *lanes,
    size_t lanes_count, const struct corv_inspect_delivery *open, size_t open_count)
{
    uint64_t all = 0;

    if (lanes_count == 0) {
        corv_ctl_printf(ctl, "De wachtrij is leeg: alles is bezorgd.\n");
        return;
    }
    lanes_table(ctl, lanes, lanes_count);
    corv_ctl_printf(ctl, "\n");
    open_table(ctl, open, open_count);
    for (size_t i = 0; i < lanes_count; i++)
        all += lanes[i].waiting + lanes[i].leased + lanes[i].held + lanes[i].dead;
    if (all > open_count)
        corv_ctl_printf(ctl, "... en nog %" PRIu64 " (gebruik --limit)\n", all - open_count);
}

int corv_verb_queue(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *text = NULL;
    const struct corv_ctl_option options[] = {{"--limit", &text}, {NULL, NULL}};
    struct corv_inspect_lane *lanes = NULL;
    struct corv_inspect_delivery *open = NULL;
    struct corv_fault fault = {0};
    size_t lanes_count = 0;
    size_t open_count = 0;
    unsigned limit = 0;
    int code = CORV_CTL_YES;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_number(ctl, "--limit", text, &limit) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_lanes(ctl->inspect, &lanes, &lanes_count, &fault);
    if (rc == CORV_OK)
        rc = corv_inspect_open_deliveries(ctl->inspect, NULL, limit, &open, &open_count, &fault);
    if (rc != CORV_OK)
        code = corv_ctl_fault(ctl, rc, &fault);
    else if (ctl->json)
        corv_ctl_json(ctl, queue_json(lanes, lanes_count, open, open_count));
    else
        say_queue(ctl, lanes, lanes_count, open, open_count);
    corv_inspect_free(lanes);
    corv_inspect_free(open);
    return code;
}

int corv_verb_dead(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *text = NULL;
    const struct corv_ctl_option options[] = {{"--limit", &text}, {NULL, NULL}};
    struct corv_inspect_delivery *list = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;
    unsigned limit = 0;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_number(ctl, "--limit", text, &limit) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_open_deliveries(ctl->inspect, "dead", limit, &list, &count, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json) {
        corv_ctl_json(ctl, corv_ctl_json_deliveries(list, count));
    } else if (count == 0) {
        corv_ctl_printf(ctl, "Er zijn geen mislukte bezorgingen.\n");
    } else {
        dead_table(ctl, list, count);
        corv_ctl_printf(ctl, "\nOpnieuw proberen: corvctl retry NUMMER/NR\n");
        corv_ctl_printf(ctl, "Waarom: corvctl message trace NUMMER\n");
    }
    corv_inspect_free(list);
    return CORV_CTL_YES;
}
