/* SPDX-License-Identifier: EUPL-1.2 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/derive.h"
#include "daemon/partner/fault.h"
#include "daemon/partner/message.h"
#include "daemon/partner/report.h"

#define REPORT_MAX ((size_t)64 << 20)

/* Colours have a contrast of at least 4.5 to 1, and no fact is told by colour alone. */
static const char style[] =
    "<style>\n"
    ":root{color-scheme:light}body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;"
    "background:#fff;margin:0 auto;max-width:80rem;padding:1rem}\n"
    ".skip{position:absolute;left:-999rem}.skip:focus{position:static}\n"
    "table{border-collapse:collapse;width:100%;margin:0 0 2rem}\n"
    "caption{text-align:left;font-weight:600;padding:.5rem 0}\n"
    "th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}thead th{background:#e9eef4}.kort{white-space:nowrap}\n"
    ".ja{color:#0b5a1e;font-weight:600}.nee{color:#a10a0a;font-weight:700}\n"
    ".breed{overflow-x:auto}dt{font-weight:600}dd{margin:0 0 .5rem}\n"
    "@media print{thead{display:table-header-group}tr{break-inside:avoid}}\n"
    "</style>\n";

static void text(struct corv_buf *b, const char *s)
{
    (void)corv_xml_escape(b, corv_view_str(s));
}

static void raw(struct corv_buf *b, const char *s)
{
    (void)corv_buf_add_str(b, s);
}

static void cell(struct corv_buf *b, const char *tag, const char *s)
{
    (void)corv_buf_addf(b, "<%s>", tag);
    text(b, s);
    (void)corv_buf_addf(b, "</%.2s>", tag);
}

static void fact(struct corv_buf *b, const char *name, const char *value)
{
    cell(b, "dt", name);
    cell(b, "dd", value);
}

/* The names of faults are English: a screen reader must know. */
static void fault_name(struct corv_buf *b, const struct partner_fault *f)
{
    raw(b, "<span lang=\"en\">");
    text(b, f->name);
    raw(b, "</span>");
}

/* jjjj-mm-dd uu:mm:ss in the Netherlands. */
static const char *when(int64_t us, char out[24])
{
    char stuf[15];

    (void)corv_clock_stuf(us, stuf);
    (void)snprintf(out, 24, "%.4s-%.2s-%.2s %.2s:%.2s:%.2s", stuf, stuf + 4, stuf + 6, stuf + 8,
        stuf + 10, stuf + 12);
    return out;
}

static void verdict(struct corv_buf *b, bool good)
{
    raw(b,
        good ? "<span class=\"ja\">geslaagd</span>" : "<span class=\"nee\">niet geslaagd</span>");
}

/* ---- the top ----------------------------------------------------------------------------------
 */

static void head(struct corv_buf *b, const struct partner_results *r)
{
    raw(b, "<!DOCTYPE html>\n<html lang=\"nl\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
           "style-src 'unsafe-inline'\">\n<title>Ketentestrapport corvd: ");
    raw(b, partner_results_good(r) ? "geslaagd" : "niet geslaagd");
    raw(b, "</title>\n");
    raw(b, style);
    raw(b, "</head>\n<body>\n<a class=\"skip\" href=\"#inhoud\">Naar de inhoud</a>\n"
           "<header><h1>Ketentestrapport</h1></header>\n<main id=\"inhoud\">\n");
}

static void summary(struct corv_buf *b, const struct partner *p, const struct partner_results *r)
{
    const struct partner_about *a = &p->about;
    char line[256];
    char at[24];

    raw(b, "<h2 id=\"uitslag\">Uitslag</h2>\n<p>De ketentest is ");
    verdict(b, partner_results_good(r));
    (void)corv_buf_addf(
        b, ": %zu van de %zu stappen zijn goed.</p>\n", r->steps - r->failed, r->steps);
    raw(b, "<p>Alle berichten zijn fictief en herkenbaar als test; de personen erin bestaan niet. "
           "De scenario's volgen testset 1.0.1 van het StUF-koppelvlak Jeugdzorg, in de vorm met "
           "technische bevestigingen. Dit is geen rapport van de ketentestvoorziening zelf.</p>\n"
           "<dl>");
    (void)snprintf(line, sizeof line, "%s Nederlandse tijd", when(r->began_us, at));
    fact(b, "Begonnen", line);
    (void)snprintf(line, sizeof line, "%s Nederlandse tijd", when(r->ended_us, at));
    fact(b, "Geëindigd", line);
    (void)snprintf(line, sizeof line, "corvd %s, node %s", a->version, a->node);
    fact(b, "Getest", line);
    fact(b, "Configuratie van corvd (SHA-256)", a->config);
    fact(b, "Getest met", "corv-partner " CORV_VERSION);
    (void)snprintf(line, sizeof line, "versie %s, SHA-256 %s", a->rules_version, a->rules_hash);
    fact(b, "Regelpakket", line);
    raw(b, "</dl>\n");
}

static void overview(struct corv_buf *b, const struct partner_results *r)
{
    raw(b, "<h2 id=\"overzicht\">Overzicht</h2>\n<table><caption>Uitslag per scenario</caption>"
           "<thead><tr><th scope=\"col\">Scenario</th><th scope=\"col\">Cluster</th>"
           "<th scope=\"col\">Ingebrachte fout</th><th scope=\"col\">Stappen</th>"
           "<th scope=\"col\">Uitslag</th></tr></thead>\n<tbody>");
    for (size_t i = 0; i < r->count; i++) {
        const struct partner_section *s = &r->sections[i];

        (void)corv_buf_addf(b, "<tr><th scope=\"row\"><a href=\"#s%zu\">", i + 1);
        text(b, s->scenario->name);
        raw(b, "</a></th>");
        cell(b, "td", s->scenario->cluster);
        raw(b, "<td>");
        if (s->fault)
            fault_name(b, s->fault);
        else
            raw(b, "geen");
        (void)corv_buf_addf(b, "</td><td>%zu</td><td>", s->count);
        verdict(b, s->failed == 0);
        raw(b, "</td></tr>\n");
    }
    raw(b, "</tbody></table>\n");
}

/* ---- schemas ----------------------------------------------------------------------------------
 */

static void schema_row(struct corv_buf *b, const struct partner_about *a, struct corv_view kind)
{
    raw(b, "<tr><th scope=\"row\">");
    (void)corv_xml_escape(b, kind);
    raw(b, "</th>");
    cell(b, "td", partner_schema_of(a, kind, "set"));
    cell(b, "td", partner_schema_of(a, kind, "hash"));
    raw(b, "</tr>\n");
}

static bool said_before(
    const struct partner_results *r, size_t section, unsigned exchange, struct corv_view kind)
{
    for (size_t i = 0; i <= section; i++) {
        const struct partner_scenario *s = r->sections[i].scenario;

        for (unsigned e = 0; e < s->exchanges_count && (i < section || e < exchange); e++)
            if (corv_view_eq(partner_message_kind(s->exchanges[e].message), kind))
                return true;
    }
    return false;
}

static void schemas(struct corv_buf *b, const struct partner *p, const struct partner_results *r)
{
    raw(b, "<h2 id=\"schemas\">Schema's in gebruik</h2>\n<div class=\"breed\" tabindex=\"0\" "
           "role=\"region\" aria-label=\"Schema's\"><table>"
           "<caption>Waarmee corvd deze soorten berichten beoordeelde</caption><thead><tr>"
           "<th scope=\"col\">Soort bericht</th><th scope=\"col\">Schemaset</th>"
           "<th scope=\"col\">SHA-256</th></tr></thead>\n<tbody>");
    for (size_t i = 0; i < r->count; i++) {
        const struct partner_scenario *s = r->sections[i].scenario;

        for (unsigned e = 0; e < s->exchanges_count; e++) {
            struct corv_view kind = partner_message_kind(s->exchanges[e].message);

            if (!said_before(r, i, e, kind))
                schema_row(b, &p->about, kind);
        }
    }
    raw(b, "</tbody></table></div>\n");
}

/* ---- the steps --------------------------------------------------------------------------------
 */

static void step_row(struct corv_buf *b, const struct partner_step *s)
{
    int64_t hundredths = (s->ended_us - s->began_us + 5000) / 10000;
    char at[24];

    raw(b, "<tr>");
    cell(b, "td", s->number[0] ? s->number : "–");
    cell(b, "td", s->title);
    cell(b, "td", s->sent[0] ? s->sent : "–");
    cell(b, "td", s->got[0] ? s->got : "–");
    (void)corv_buf_addf(b,
        "<td class=\"kort\">%s</td><td class=\"kort\">%" PRIi64 ",%02" PRIi64 " s</td><td>",
        when(s->began_us, at) + 11, hundredths / 100, hundredths % 100);
    verdict(b, s->passed);
    if (!s->passed) {
        raw(b, "<br>");
        text(b, s->reason);
    }
    raw(b, "</td></tr>\n");
}

static void section(struct corv_buf *b, const struct partner_section *s, size_t number)
{
    (void)corv_buf_addf(b, "<section aria-labelledby=\"s%zu\">\n<h2 id=\"s%zu\">", number, number);
    text(b, s->scenario->name);
    if (s->fault) {
        raw(b, ", met fout ");
        fault_name(b, s->fault);
    }
    raw(b, "</h2>\n<p>");
    text(b, s->scenario->title);
    raw(b, ".</p>\n");
    if (s->fault) {
        raw(b, "<p>Ingebrachte fout: ");
        text(b, s->fault->title);
        raw(b, ". Verwacht: ");
        text(b, s->fault->expectation);
        raw(b, ".</p>\n");
    }
    (void)corv_buf_addf(b,
        "<div class=\"breed\" tabindex=\"0\" role=\"region\" aria-label=\"Stappen %zu\"><table>"
        "<caption>Stappen (nummers van de testset) van ",
        number);
    text(b, s->scenario->name);
    raw(b, "</caption><thead><tr><th scope=\"col\">Nr.</th><th scope=\"col\">Stap</th>"
           "<th scope=\"col\">Verstuurd</th><th scope=\"col\">Ontvangen</th>"
           "<th scope=\"col\">Tijd</th><th scope=\"col\">Duur</th><th scope=\"col\">Uitslag</th>"
           "</tr></thead>\n<tbody>");
    for (size_t i = 0; i < s->count; i++)
        step_row(b, &s->steps[i]);
    raw(b, "</tbody></table></div>\n</section>\n");
}

/* ---- the file ---------------------------------------------------------------------------------
 */

static corv_rc write_file(const char *path, const struct corv_buf *b)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0644);
    size_t done = 0;

    while (fd >= 0 && done < b->n) {
        ssize_t n = write(fd, b->p + done, b->n - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd < 0 || close(fd) != 0 || done < b->n) {
        (void)fprintf(stderr, "corv-partner: %s: %s\n", path, strerror(errno));
        return CORV_E_IO;
    }
    return CORV_OK;
}

corv_rc partner_report_html(
    const struct partner *p, const struct partner_options *o, const struct partner_results *r)
{
    struct corv_buf b;
    corv_rc rc = CORV_E_NOMEM;

    corv_buf_init(&b, REPORT_MAX);
    head(&b, r);
    summary(&b, p, r);
    overview(&b, r);
    schemas(&b, p, r);
    for (size_t i = 0; i < r->count; i++)
        section(&b, &r->sections[i], i + 1);
    raw(&b, "</main>\n<footer><p>Gemaakt door corv-partner " CORV_VERSION
            ". Er staan geen persoonsgegevens in dit rapport.</p></footer>\n</body>\n</html>\n");
    if (!b.failed)
        rc = write_file(o->report, &b);
    corv_buf_free(&b);
    return rc;
}
