/* SPDX-License-Identifier: EUPL-1.2 */
/* The other parts of the page: the last messages and their way, certificates, what is in force; and
 * the table of all parts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/page_rows.h"

static void write_languages(const struct corv_page *p)
{
    static const struct {
        const char *tag;
        const char *name; /* in that language */
    } languages[] = {{"nl", "Nederlands"}, {"en", "English"}};

    for (size_t i = 0; i < 2; i++)
        (void)corv_buf_addf(p->b, "<a href=\"?lang=%s\" hreflang=\"%s\" lang=\"%s\"%s>%s</a>\n",
            languages[i].tag, languages[i].tag, languages[i].tag,
            p->english == (i == 1) ? " aria-current=\"true\"" : "", languages[i].name);
}

static void write_moment(const struct corv_page *p)
{
    corv_page_say(p, "as-of");
    (void)corv_buf_add_str(p->b, " ");
    corv_page_moment(p, corv_page_str(p->model, "at"), false);
    (void)corv_buf_add_str(p->b, ". ");
    corv_page_say(p, "utc");
}

/* ---- messages ------------------------------------------------------------------------------ */

static void write_deliveries(const struct corv_page *p, const json_t *list)
{
    const json_t *d;
    size_t i;

    if (json_array_size(list) == 0) {
        corv_page_say(p, "no-delivery");
        return;
    }
    (void)corv_buf_add_str(p->b, "<ul class=\"plain\">");
    json_array_foreach(list, i, d)
    {
        const char *state = corv_page_str(d, "state");

        (void)corv_buf_add_str(p->b, "<li>");
        corv_page_text(p->b, corv_page_party(p, d));
        (void)corv_buf_add_str(p->b, " ");
        corv_page_mark(p, state, corv_page_named("state", state, p->english));
        (void)corv_buf_add_str(p->b, "</li>");
    }
    (void)corv_buf_add_str(p->b, "</ul>");
}

static void write_event(const struct corv_page *p, const json_t *e)
{
    const char *party = corv_page_str(e, "party");
    const char *code = corv_page_str(e, "code");

    (void)corv_buf_add_str(p->b, "<li>");
    corv_page_moment(p, corv_page_str(e, "at"), true);
    (void)corv_buf_add_str(p->b, " ");
    corv_page_text(p->b, corv_page_named("event", corv_page_str(e, "event"), p->english));
    if (*party) {
        (void)corv_buf_add_str(p->b, ": ");
        corv_page_text(p->b, party);
    }
    if (*code) {
        (void)corv_buf_add_str(p->b, " <code>");
        corv_page_text(p->b, code);
        (void)corv_buf_add_str(p->b, "</code>");
    }
    if (json_is_true(json_object_get(e, "operator"))) {
        (void)corv_buf_add_str(p->b, ", ");
        corv_page_say(p, "operator");
    }
    (void)corv_buf_add_str(p->b, "</li>\n");
}

static void write_trace(const struct corv_page *p, const json_t *m)
{
    const json_t *list = json_object_get(m, "events");
    const char *parent = corv_page_str(m, "parent");
    const json_t *e;
    size_t i;

    if (json_array_size(list) == 0 && !*parent) {
        (void)corv_buf_add_str(p->b, "–");
        return;
    }
    (void)corv_buf_add_str(p->b, "<details id=\"way-");
    corv_page_text(p->b, corv_page_str(m, "id"));
    (void)corv_buf_add_str(p->b, "\"><summary>");
    corv_page_say(p, "steps");
    (void)corv_buf_addf(p->b, ": %zu</summary><ol>\n", json_array_size(list) + (*parent ? 1u : 0u));
    if (*parent) {
        (void)corv_buf_add_str(p->b, "<li>");
        corv_page_say(p, "child-of");
        (void)corv_buf_add_str(p->b, " ");
        corv_page_number(p, parent);
        (void)corv_buf_add_str(p->b, "</li>\n");
    }
    json_array_foreach(list, i, e) write_event(p, e);
    (void)corv_buf_add_str(p->b, "</ol></details>");
}

static void message_row(const struct corv_page *p, const json_t *m)
{
    corv_page_row(p);
    corv_page_cell(p, "col:message", false);
    corv_page_number(p, corv_page_str(m, "id"));
    corv_page_cell(p, "col:received", false);
    corv_page_moment(p, corv_page_str(m, "received"), false);
    corv_page_cell(p, "col:kind", false);
    (void)corv_buf_add_str(p->b, "<span>");
    corv_page_text(p->b, corv_page_str(m, "kind"));
    if (json_is_true(json_object_get(m, "urgent"))) {
        (void)corv_buf_add_str(p->b, " ");
        corv_page_mark(p, "attention", corv_page_word(corv_view_str("urgent"), p->english));
    }
    (void)corv_buf_add_str(p->b, "</span>");
    corv_page_cell_text(p, "col:sender", corv_page_str(m, "sender"));
    corv_page_cell(p, "col:deliveries", false);
    write_deliveries(p, json_object_get(m, "deliveries"));
    corv_page_cell(p, "col:trace", false);
    write_trace(p, m);
    corv_page_row_end(p);
}

static void write_messages(const struct corv_page *p)
{
    static const char *const columns[] = {"col:message", "col:received", "col:kind", "col:sender",
        "col:deliveries", "col:trace", NULL};
    const json_t *list = json_object_get(p->model, "messages");
    const json_t *m;
    size_t i;

    if (!corv_page_any(p, list))
        return;
    corv_page_table(p, "caption:messages", columns);
    json_array_foreach(list, i, m) message_row(p, m);
    corv_page_table_end(p);
}

/* ---- certificates, and what is in force --------------------------------------------------------
 */

static void write_certificates(const struct corv_page *p)
{
    static const char *const columns[] = {"col:certificate", "col:state", "+col:days", NULL};
    const json_t *list = json_object_get(p->model, "certificates");
    const json_t *c;
    size_t i;

    if (!corv_page_any(p, list))
        return;
    corv_page_table(p, "caption:certificates", columns);
    json_array_foreach(list, i, c)
    {
        const char *state = corv_page_str(c, "state");

        corv_page_row(p);
        corv_page_cell(p, "col:certificate", false);
        (void)corv_buf_add_str(p->b, "<code>");
        corv_page_text(p->b, corv_page_str(c, "what"));
        (void)corv_buf_add_str(p->b, "</code>");
        corv_page_cell(p, "col:state", false);
        corv_page_mark(p, state, corv_page_named("cert", state, p->english));
        corv_page_cell_int(p, "col:days", corv_page_int(c, "days"));
        corv_page_row_end(p);
    }
    corv_page_table_end(p);
}

static void in_dutch(const struct corv_page *p, const char *text)
{
    (void)corv_buf_add_str(p->b, "<span lang=\"nl\">"); /* as corvctl says it */
    corv_page_text(p->b, text);
    (void)corv_buf_add_str(p->b, "</span>");
}

static void incident_row(const struct corv_page *p, const json_t *i)
{
    const char *severity = corv_page_str(i, "severity");
    const char *subject = corv_page_str(i, "subject");

    corv_page_row(p);
    corv_page_cell(p, "col:incident", false);
    if (*subject) {
        (void)corv_buf_add_str(p->b, "<code>");
        corv_page_text(p->b, subject);
        (void)corv_buf_add_str(p->b, "</code>: ");
    }
    in_dutch(p, corv_page_str(i, "text"));
    (void)corv_buf_add_str(p->b, " <code>"); /* the heading in docs/alarmen.md */
    corv_page_text(p->b, corv_page_str(i, "cause"));
    (void)corv_buf_addf(p->b, "</code> (%" PRIi64 ")", (int64_t)corv_page_int(i, "value"));
    corv_page_cell(p, "col:severity", false);
    corv_page_mark(p, severity, corv_page_named("severity", severity, p->english));
    corv_page_cell(p, "col:since", false);
    corv_page_moment(p, corv_page_str(i, "since"), false);
    corv_page_cell(p, "col:advice", false);
    in_dutch(p, corv_page_str(i, "advice"));
    corv_page_row_end(p);
}

static void write_incidents(const struct corv_page *p)
{
    static const char *const columns[] = {
        "col:incident", "col:severity", "col:since", "col:advice", NULL};
    const json_t *list = json_object_get(p->model, "incidents");
    const json_t *incident;
    size_t i;

    if (json_array_size(list) == 0) {
        (void)corv_buf_add_str(p->b, "<p class=\"none\">");
        corv_page_say(p, "none");
        (void)corv_buf_add_str(p->b, "</p>");
        return;
    }
    corv_page_table(p, "caption:incidents", columns);
    json_array_foreach(list, i, incident) incident_row(p, incident);
    corv_page_table_end(p);
}

static void begin_fact(const struct corv_page *p, const char *word, bool wide)
{
    (void)corv_buf_addf(p->b, "<div%s><dt>", wide ? " class=\"wide\"" : "");
    corv_page_say(p, word);
    (void)corv_buf_add_str(p->b, "</dt><dd>");
}

static void fact(const struct corv_page *p, const char *word, const char *text)
{
    begin_fact(p, word, false);
    corv_page_text(p->b, text);
    (void)corv_buf_add_str(p->b, "</dd></div>\n");
}

static void write_sets(const struct corv_page *p, json_t *sets)
{
    const char *set;
    json_t *kinds;
    json_t *kind;
    size_t i;

    json_object_foreach(sets, set, kinds)
    {
        begin_fact(p, "schemas", true);
        (void)corv_buf_add_str(p->b, "<strong>");
        corv_page_text(p->b, set);
        (void)corv_buf_add_str(p->b, "</strong>: ");
        json_array_foreach(kinds, i, kind)
        {
            (void)corv_buf_add_str(p->b, i ? ", " : "");
            corv_page_text(p->b, json_string_value(kind));
        }
        (void)corv_buf_add_str(p->b, "</dd></div>\n");
    }
}

static void write_force(const struct corv_page *p)
{
    const json_t *force = json_object_get(p->model, "in_force");
    const char *rules = corv_page_str(force, "rules");
    char digest[13];

    (void)snprintf(digest, sizeof digest, "%.12s", corv_page_str(force, "configuration"));
    (void)corv_buf_add_str(p->b, "<dl class=\"small\">\n");
    fact(p, "version", corv_page_str(p->model, "version"));
    fact(p, "node", corv_page_str(p->model, "node"));
    fact(p, "rules", *rules ? rules : corv_page_word(corv_view_str("no-rules"), p->english));
    fact(p, "configuration", digest);
    write_sets(p, json_object_get(force, "schemas"));
    (void)corv_buf_add_str(p->b, "</dl>");
}

corv_page_part corv_page_part_of(struct corv_view name)
{
    static const struct {
        const char *name;
        corv_page_part part;
    } parts[] = {{"languages", write_languages}, {"moment", write_moment},
        {"verdict", corv_page_verdict}, {"queue", corv_page_queue}, {"incidents", write_incidents},
        {"dead", corv_page_dead}, {"held", corv_page_held}, {"lanes", corv_page_lanes},
        {"messages", write_messages}, {"certificates", write_certificates}, {"force", write_force}};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (corv_view_is(name, parts[i].name))
            return parts[i].part;
    return NULL;
}
