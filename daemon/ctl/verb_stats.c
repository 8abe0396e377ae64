/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"

#define DAYS_DEFAULT 7

static json_t *days_json(const struct corv_inspect_day *d, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "day", d[i].day,
                      "kind", corv_ctl_json_text(d[i].kind), "messages", (json_int_t)d[i].messages,
                      "bytes", (json_int_t)d[i].bytes, "deliveries", (json_int_t)d[i].deliveries,
                      "waiting", (json_int_t)d[i].waiting, "held", (json_int_t)d[i].held, "dead",
                      (json_int_t)d[i].dead, "confirmed", (json_int_t)d[i].confirmed, "dropped",
                      (json_int_t)d[i].dropped));
    return list;
}

static void days_table(struct corv_ctl *ctl, const struct corv_inspect_day *d, size_t count)
{
    static const struct corv_ctl_column columns[] = {{.title = "DAG (UTC)"},
        {.title = "SOORT", .least = 10}, {.title = "BERICHTEN", .right = true},
        {.title = "BEVESTIGD", .right = true}, {.title = "WACHT", .right = true},
        {.title = "VAST", .right = true}, {.title = "MISLUKT", .right = true, .toned = true},
        {.title = "VERV.", .right = true}, {.title = NULL}};
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (size_t i = 0; i < count; i++) {
        const uint64_t numbers[] = {
            d[i].messages, d[i].confirmed, d[i].waiting, d[i].held, d[i].dead, d[i].dropped};
        char text[6][24];
        const char *cells[] = {
            d[i].day, d[i].kind, text[0], text[1], text[2], text[3], text[4], text[5]};

        for (int n = 0; n < 6; n++)
            (void)snprintf(text[n], sizeof text[n], "%" PRIu64, numbers[n]);
        corv_ctl_table_add(&t, d[i].dead ? CORV_TONE_BAD : CORV_TONE_PLAIN, cells);
    }
    corv_ctl_table_end(ctl, &t);
}

int corv_verb_stats(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *text = NULL;
    const struct corv_ctl_option options[] = {{"--days", &text}, {NULL, NULL}};
    struct corv_inspect_day *list = NULL;
    struct corv_fault fault = {0};
    unsigned days = DAYS_DEFAULT;
    size_t count = 0;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_number(ctl, "--days", text, &days) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_days(ctl->inspect, days, &list, &count, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl, days_json(list, count));
    else if (count == 0)
        corv_ctl_printf(ctl, "In deze dagen kwamen er geen berichten.\n");
    else
        days_table(ctl, list, count);
    corv_inspect_free(list);
    return CORV_CTL_YES;
}
