/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/page_rows.h"

const char *corv_page_str(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

json_int_t corv_page_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *corv_page_party(const struct corv_page *p, const json_t *delivery)
{
    const char *party = corv_page_str(delivery, "party");

    return *party ? party : corv_page_word(corv_view_str("no-party"), p->english);
}

void corv_page_say(const struct corv_page *p, const char *word)
{
    corv_page_text(p->b, corv_page_word(corv_view_str(word), p->english));
}

/* ---- tables: with their roles, because a card layout would take them away ----------------------
 */

void corv_page_table(const struct corv_page *p, const char *caption, const char *const *columns)
{
    (void)corv_buf_add_str(p->b, "<table role=\"table\">\n<caption>");
    corv_page_say(p, caption);
    (void)corv_buf_add_str(p->b, "</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">");
    for (; *columns; columns++) {
        bool number = **columns == '+';

        (void)corv_buf_addf(
            p->b, "<th scope=\"col\" role=\"columnheader\"%s>", number ? " class=\"count\"" : "");
        corv_page_say(p, *columns + number);
        (void)corv_buf_add_str(p->b, "</th>");
    }
    (void)corv_buf_add_str(p->b, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

void corv_page_table_end(const struct corv_page *p)
{
    (void)corv_buf_add_str(p->b, "</tbody></table>\n");
}

void corv_page_row(const struct corv_page *p)
{
    (void)corv_buf_add_str(p->b, "<tr role=\"row\">");
}

void corv_page_row_end(const struct corv_page *p)
{
    (void)corv_buf_add_str(p->b, "</tr>\n"); /* HTML ends the cell by itself */
}

void corv_page_cell(const struct corv_page *p, const char *column, bool number)
{
    (void)corv_buf_addf(
        p->b, "<td role=\"cell\"%s data-label=\"", number ? " class=\"count\"" : "");
    corv_page_say(p, column);
    (void)corv_buf_add_str(p->b, "\">");
}

void corv_page_cell_text(const struct corv_page *p, const char *column, const char *text)
{
    corv_page_cell(p, column, false);
    corv_page_text(p->b, *text ? text : "–");
}

void corv_page_cell_int(const struct corv_page *p, const char *column, json_int_t n)
{
    corv_page_cell(p, column, true);
    (void)corv_buf_addf(p->b, "%" JSON_INTEGER_FORMAT, n);
}

bool corv_page_any(const struct corv_page *p, const json_t *list)
{
    bool seen = json_is_true(json_object_get(json_object_get(p->model, "queue"), "seen"));

    if (json_array_size(list) > 0)
        return true;
    (void)corv_buf_add_str(p->b, "<p class=\"none\">");
    corv_page_say(p, seen ? "none" : "unknown");
    (void)corv_buf_add_str(p->b, "</p>");
    return false;
}

/* ---- words and times ------------------------------------------------------------------------- */

static const struct {
    const char *state;
    const char *tone;
} tones[] = {{"ok", "good"}, {"confirmed", "good"}, {"attention", "warn"}, {"held", "warn"},
    {"paused", "warn"}, {"failing", "warn"}, {"unknown", "warn"}, {"near", "warn"},
    {"warning", "warn"}, {"broken", "bad"}, {"error", "bad"}, {"dead", "bad"}, {"over", "bad"}};

const char *corv_page_tone(const char *state)
{
    for (size_t i = 0; i < sizeof tones / sizeof tones[0]; i++)
        if (strcmp(tones[i].state, state) == 0)
            return tones[i].tone;
    return "plain";
}

void corv_page_mark(const struct corv_page *p, const char *state, const char *word)
{
    const char *tone = corv_page_tone(state);
    const char *sign = strcmp(tone, "good") == 0   ? "✓"
                       : strcmp(tone, "warn") == 0 ? "▲"
                       : strcmp(tone, "bad") == 0  ? "✕"
                                                   : "•";

    (void)corv_buf_addf(
        p->b, "<span class=\"mark %s\"><span aria-hidden=\"true\">%s</span> ", tone, sign);
    corv_page_text(p->b, word);
    (void)corv_buf_add_str(p->b, "</span>");
}

void corv_page_number(const struct corv_page *p, const char *message)
{
    (void)corv_buf_add_str(p->b, "<span class=\"number\">");
    corv_page_text(p->b, message);
    (void)corv_buf_add_str(p->b, "</span>");
}

/* 2026-11-29T23:20:00…: the day, a blank, the time of day. */
void corv_page_moment(const struct corv_page *p, const char *iso, bool short_form)
{
    char text[20] = "?";

    if (strlen(iso) >= 19 && iso[10] == 'T')
        (void)snprintf(text, sizeof text, "%.*s%s%.8s", short_form ? 0 : 10, iso,
            short_form ? "" : " ", iso + 11);
    (void)corv_buf_add_str(p->b, "<time datetime=\"");
    corv_page_text(p->b, iso);
    (void)corv_buf_add_str(p->b, "\">");
    corv_page_text(p->b, text);
    (void)corv_buf_add_str(p->b, "</time>");
}

char *corv_page_span(const struct corv_page *p, double seconds, char *out, size_t size)
{
    const char *unit = seconds < 60      ? "s"
                       : seconds < 3600  ? "min"
                       : seconds < 86400 ? (p->english ? "h" : "u")
                                         : "d";
    double by = seconds < 60 ? 1 : seconds < 3600 ? 60 : seconds < 86400 ? 3600 : 86400;

    (void)snprintf(out, size, "%.0f %s", seconds / by, unit);
    return out;
}
