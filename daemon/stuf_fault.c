/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/stuf_fault.h"

#include <stdio.h>

#include "daemon/base/clock.h"
#include "daemon/derive.h"
#include "schemas/kind.h"

#define FAULT_MAX        (32u << 10)
#define OMSCHRIJVING_MAX 200 /* characters */

static const char *text(const char *s)
{
    return s ? s : "";
}

static size_t characters(struct corv_view v)
{
    size_t n = 0;

    for (size_t i = 0; i < v.n; i++)
        n += ((unsigned char)v.p[i] & 0xc0) != 0x80;
    return n;
}

static void element(struct corv_buf *b, const char *name, const char *value)
{
    (void)corv_buf_addf(b, "<StUF:%s>", name);
    (void)corv_xml_escape(b, corv_view_str(value));
    (void)corv_buf_addf(b, "</StUF:%s>", name);
}

static void address(
    struct corv_buf *b, const char *role, const char *org, const char *app, const char *adm)
{
    (void)corv_buf_addf(b, "<StUF:%s>", role);
    if (*org)
        element(b, "organisatie", org);
    element(b, "applicatie", *app ? app : "onbekend"); /* the standard wants three characters */
    if (*adm)
        element(b, "administratie", adm);
    (void)corv_buf_addf(b, "</StUF:%s>", role);
}

/* What is wrong and what to do; the second sentence only when both fit. */
static void omschrijving(
    const struct corv_stuf_fault *f, const struct corv_answer *answer, struct corv_buf *b)
{
    char both[2 * OMSCHRIJVING_MAX];
    const char *first = f->a || f->b ? NULL : corv_code_find(f->code)->text;
    const char *next = corv_next_text(answer->next);
    int n = first ? snprintf(both, sizeof both, "%s %s", first, next)
                  : snprintf(both, sizeof both, "%s. %s", answer->title, next);

    if (n < (int)sizeof both && characters(corv_view_str(both)) <= OMSCHRIJVING_MAX)
        element(b, "omschrijving", both);
    else
        element(b, "omschrijving", first ? first : answer->title);
}

/* ---- details: whole findings only, and how many more there are ------------------------------ */

static size_t errors_in(const struct corv_findings *f)
{
    return f ? f->errors : 0;
}

/* "2. Sentence [code; plaats; regel; bron; wie]" */
static int describe(const struct corv_finding *f, size_t number, char *out, size_t size)
{
    char line[24] = "";

    if (f->line > 0)
        (void)snprintf(line, sizeof line, "; regel %d", f->line);
    return snprintf(out, size, "\n%zu. %s [%s%s%s%s%s%s; actie: %s]", number, f->text, f->code,
        f->path[0] ? "; plaats: " : "", f->path, line, f->article[0] ? "; bron: " : "", f->article,
        corv_actor_name(f->actor));
}

static void add_findings(const struct corv_stuf_fault *f, struct corv_buf *out)
{
    const struct corv_findings *lists[] = {f->a, f->b};
    size_t total = errors_in(f->a) + errors_in(f->b);
    size_t said = 0;
    char one[1024];
    char more[40];

    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; lists[l] && i < lists[l]->count; i++) {
            if (lists[l]->list[i].severity != CORV_SEV_ERROR)
                continue;
            (void)describe(&lists[l]->list[i], said + 1, one, sizeof one);

            size_t left = total - said - 1;
            int tail = left ? snprintf(more, sizeof more, "\nen nog %zu", total - said) : 0;

            if (characters(corv_buf_view(out)) + characters(corv_view_str(one)) + (size_t)tail >
                CORV_STUF_DETAILS_MAX)
                goto full;
            (void)corv_buf_add_str(out, one);
            said++;
        }
full:
    if (said < total)
        (void)corv_buf_addf(out, "\nen nog %zu", total - said);
}

static corv_rc details(const struct corv_stuf_fault *f, const char *code, struct corv_buf *b)
{
    const struct corv_finding *decisive = corv_findings_decisive(f->a, f->b);
    struct corv_buf out;

    corv_buf_init(&out, 4 * CORV_STUF_DETAILS_MAX);
    (void)corv_buf_addf(&out, "code: %s; actie: %s", code,
        corv_actor_name(decisive ? decisive->actor : corv_code_find(code)->who));
    if (f->note)
        (void)corv_buf_addf(&out, "; %.200s", f->note);
    add_findings(f, &out);

    corv_rc rc = out.failed ? CORV_E_NOMEM : CORV_OK;

    if (rc == CORV_OK)
        element(b, "details", out.p);
    corv_buf_free(&out);
    return rc;
}

/* ---- the messages --------------------------------------------------------------------------- */

static void head(const struct corv_stuf_receipt *r, struct corv_buf *b)
{
    char when[15];

    (void)corv_buf_addf(b,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<StUF:%sBericht xmlns:StUF=\"" CORV_NS_STUF "\"><StUF:stuurgegevens>",
        r->name);
    element(b, "berichtcode", r->name);
    address(b, "zender", r->own_oin, r->own_application, "");
    address(b, "ontvanger", text(r->org), text(r->app), text(r->adm));
    element(b, "referentienummer", r->id);
    element(b, "tijdstipBericht", corv_clock_stuf(r->stored_us, when));
    element(b, "crossRefnummer", text(r->crossref));
}

corv_rc corv_stuf_receipt_write(const struct corv_stuf_receipt *r, struct corv_buf *b)
{
    corv_buf_init(b, FAULT_MAX);
    head(r, b);
    (void)corv_buf_addf(b, "</StUF:stuurgegevens></StUF:%sBericht>\n", r->name);
    return b->failed ? CORV_E_NOMEM : CORV_OK;
}

corv_rc corv_stuf_fault_write(const struct corv_stuf_fault *f, struct corv_buf *b)
{
    const struct corv_finding *decisive = corv_findings_decisive(f->a, f->b);
    const char *code = decisive ? decisive->code : f->code;
    const struct corv_answer *answer = corv_answer_get(corv_code_find(code)->answer);
    const char *name = f->waits ? "Fo03" : "Fo01";
    char id[CORV_ID_TEXT];

    corv_buf_init(b, FAULT_MAX);
    if (!answer->stuf[0])
        return CORV_E_STATE;
    head(&(struct corv_stuf_receipt){name, f->own_oin, f->own_application, f->org, f->app, f->adm,
             f->crossref, corv_id_text(f->id, id), f->now_us},
        b);
    (void)corv_buf_add_str(b, "</StUF:stuurgegevens><StUF:body>");
    element(b, "code", answer->stuf);
    element(b, "plek", answer->plek);
    omschrijving(f, answer, b);

    corv_rc rc = details(f, code, b);

    (void)corv_buf_addf(b, "</StUF:body></StUF:%sBericht>\n", name);
    return rc == CORV_OK && b->failed ? CORV_E_LIMIT : rc;
}
