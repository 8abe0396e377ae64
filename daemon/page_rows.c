/* SPDX-License-Identifier: EUPL-1.2 */
/* The parts of the page that are about the queue: how it goes, numbers, receivers, what waits for a
 * person. The others are in page_more.c. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/page_rows.h"

#define LANES_ALL 25 /* more than so many: only those for whom something waits */

/* ---- how it goes --------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const char *command; /* what to type, or NULL */
} commands[] = {{"database", "journalctl -u corvd -g queue"}, {"late", "corvctl queue"},
    {"failing", "corvctl queue"}, {"held", "corvctl message list --state held"},
    {"dead", "corvctl dead"}, {"certificate", "corvctl cert check"},
    {"incident", "corvctl incidents"}};

static const char *command_for(const char *what)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].what, what) == 0)
            return commands[i].command;
    return NULL;
}

static void write_look(const struct corv_page *p, const json_t *look)
{
    const char *what = corv_page_str(look, "what");
    json_int_t count = corv_page_int(look, "count");
    const char *command = command_for(what);
    char number[32];

    (void)corv_buf_add_str(p->b, "<li>");
    corv_page_text(p->b, corv_page_named("look", what, p->english));
    if (strcmp(what, "late") == 0)
        (void)corv_buf_addf(
            p->b, " <strong>%s</strong>.", corv_page_span(p, (double)count, number, sizeof number));
    else if (command && strcmp(what, "database") != 0)
        (void)corv_buf_addf(p->b, " <strong>%" JSON_INTEGER_FORMAT "</strong>.", count);
    if (command) {
        (void)corv_buf_add_str(p->b, " ");
        corv_page_say(p, "see");
        (void)corv_buf_add_str(p->b, ": <code>");
        corv_page_text(p->b, command);
        (void)corv_buf_add_str(p->b, "</code>");
    }
    (void)corv_buf_add_str(p->b, "</li>\n");
}

void corv_page_verdict(const struct corv_page *p)
{
    const char *verdict = corv_page_str(p->model, "verdict");
    const json_t *list = json_object_get(p->model, "look");
    const json_t *look;
    size_t i;

    (void)corv_buf_addf(p->b, "<div class=\"%s\"><p class=\"mark\">", corv_page_tone(verdict));
    corv_page_mark(p, verdict, corv_page_named("verdict", verdict, p->english));
    (void)corv_buf_add_str(p->b, "</p>");
    if (json_array_size(list) > 0) {
        (void)corv_buf_add_str(p->b, "<ul>\n");
        json_array_foreach(list, i, look) write_look(p, look);
        (void)corv_buf_add_str(p->b, "</ul>");
    }
    (void)corv_buf_add_str(p->b, "</div>");
}

static void number(const struct corv_page *p, const char *word, const char *text)
{
    (void)corv_buf_add_str(p->b, "<div><dt>");
    corv_page_say(p, word);
    (void)corv_buf_add_str(p->b, "</dt><dd>");
    corv_page_text(p->b, text);
    (void)corv_buf_add_str(p->b, "</dd></div>\n");
}

static void counted(
    const struct corv_page *p, const char *word, const json_t *queue, const char *key)
{
    json_int_t n = corv_page_int(queue, key);
    bool more = n >= corv_page_int(queue, "counted_to");
    char text[64];

    (void)snprintf(text, sizeof text, "%s%s%" JSON_INTEGER_FORMAT,
        more ? corv_page_word(corv_view_str("at-least"), p->english) : "", more ? " " : "", n);
    number(p, word, json_is_true(json_object_get(queue, "seen")) ? text : "?");
}

void corv_page_queue(const struct corv_page *p)
{
    const json_t *queue = json_object_get(p->model, "queue");
    double late = json_number_value(json_object_get(queue, "late_seconds"));
    char text[64];

    (void)corv_buf_add_str(p->b, "<dl>\n");
    counted(p, "waiting", queue, "waiting");
    (void)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, corv_page_int(queue, "in_flight"));
    number(p, "in-flight", text);
    counted(p, "held-count", queue, "held");
    counted(p, "dead-count", queue, "dead");
    if (!json_is_true(json_object_get(queue, "seen")))
        number(p, "oldest-due", "?");
    else if (late < 1)
        number(p, "oldest-due", corv_page_word(corv_view_str("nothing-due"), p->english));
    else
        number(p, "oldest-due", corv_page_span(p, late, text, sizeof text));
    (void)corv_buf_add_str(p->b, "</dl>");
}

/* ---- receivers ----------------------------------------------------------------------------- */

static bool idle(const json_t *lane)
{
    return corv_page_int(lane, "waiting") == 0 && corv_page_int(lane, "in_flight") == 0 &&
           corv_page_int(lane, "failures") == 0;
}

static void lane_row(const struct corv_page *p, const json_t *lane)
{
    const char *state = corv_page_str(lane, "state");
    double late = json_number_value(json_object_get(lane, "late_seconds"));
    char text[64];

    corv_page_row(p);
    corv_page_cell(p, "col:receiver", false);
    corv_page_text(p->b, corv_page_str(lane, "name"));
    (void)corv_buf_add_str(p->b, " <code>");
    corv_page_text(p->b, corv_page_str(lane, "party"));
    (void)corv_buf_add_str(p->b, "</code>");
    corv_page_cell(p, "col:state", false);
    corv_page_mark(p, state, corv_page_named("lane", state, p->english));
    corv_page_cell_int(p, "col:waiting", corv_page_int(lane, "waiting"));
    corv_page_cell_int(p, "col:due", corv_page_int(lane, "due"));
    corv_page_cell(p, "col:oldest", true);
    corv_page_text(p->b, late < 1 ? "–" : corv_page_span(p, late, text, sizeof text));
    corv_page_cell_int(p, "col:flight", corv_page_int(lane, "in_flight"));
    corv_page_row_end(p);
}

void corv_page_lanes(const struct corv_page *p)
{
    static const char *const columns[] = {"col:receiver", "col:state", "+col:waiting", "+col:due",
        "+col:oldest", "+col:flight", NULL};
    const json_t *list = json_object_get(p->model, "lanes");
    size_t hidden = 0;
    const json_t *lane;
    size_t i;

    corv_page_table(p, "caption:lanes", columns);
    json_array_foreach(list, i, lane)
    {
        if (json_array_size(list) > LANES_ALL && idle(lane))
            hidden++;
        else
            lane_row(p, lane);
    }
    corv_page_table_end(p);
    if (hidden > 0) {
        (void)corv_buf_add_str(p->b, "<p class=\"none\">");
        corv_page_say(p, "idle-lanes");
        (void)corv_buf_addf(p->b, " %zu</p>", hidden);
    }
}

/* ---- what waits for a person ----------------------------------------------------------------- */

static void all_of_them(const struct corv_page *p, const json_t *list, const char *what)
{
    json_int_t total = corv_page_int(json_object_get(p->model, "queue"), what);

    if ((size_t)total <= json_array_size(list))
        return;
    (void)corv_buf_add_str(p->b, "<p class=\"none\">");
    corv_page_say(p, "more");
    (void)corv_buf_add_str(p->b, " <code>");
    corv_page_text(p->b, command_for(what));
    (void)corv_buf_add_str(p->b, "</code></p>");
}

static void aside_cells(const struct corv_page *p, const json_t *row)
{
    corv_page_row(p);
    corv_page_cell(p, "col:message", false);
    corv_page_number(p, corv_page_str(row, "message"));
    corv_page_cell_text(p, "col:kind", corv_page_str(row, "kind"));
    corv_page_cell_text(p, "col:party", corv_page_party(p, row));
    corv_page_cell(p, "col:since", false);
    corv_page_moment(p, corv_page_str(row, "since"), false);
}

void corv_page_dead(const struct corv_page *p)
{
    static const char *const columns[] = {
        "col:message", "col:kind", "col:party", "col:since", "col:why", "+col:attempts", NULL};
    const json_t *list = json_object_get(p->model, "dead");
    const json_t *row;
    size_t i;

    if (!corv_page_any(p, list))
        return;
    corv_page_table(p, "caption:dead", columns);
    json_array_foreach(list, i, row)
    {
        aside_cells(p, row);
        corv_page_cell(p, "col:why", false);
        (void)corv_buf_add_str(p->b, "<code>");
        corv_page_text(p->b, corv_page_str(row, "code"));
        (void)corv_buf_add_str(p->b, "</code>");
        corv_page_cell_int(p, "col:attempts", corv_page_int(row, "attempts"));
        corv_page_row_end(p);
    }
    corv_page_table_end(p);
    all_of_them(p, list, "dead");
}

void corv_page_held(const struct corv_page *p)
{
    static const char *const columns[] = {
        "col:message", "col:kind", "col:party", "col:since", "col:question", NULL};
    const json_t *list = json_object_get(p->model, "held");
    const json_t *row;
    size_t i;

    if (!corv_page_any(p, list))
        return;
    corv_page_table(p, "caption:held", columns);
    json_array_foreach(list, i, row)
    {
        const char *question = corv_page_str(row, "question");

        aside_cells(p, row);
        corv_page_cell(p, "col:question", false);
        if (*question) {
            (void)corv_buf_add_str(p->b, "<span lang=\"nl\">"); /* as it was asked */
            corv_page_text(p->b, question);
            (void)corv_buf_add_str(p->b, "</span>");
        } else {
            corv_page_text(p->b, corv_page_named("why", corv_page_str(row, "code"), p->english));
        }
        corv_page_row_end(p);
    }
    corv_page_table_end(p);
    all_of_them(p, list, "held");
}
