/* SPDX-License-Identifier: EUPL-1.2 */
/* The words of the routing decision: lines for a terminal of 80 columns, JSON to be stored with
 * the message, findings for the sender. Names of parties, routes and kinds only - never a value
 * from the message. */
#include <stdarg.h>
#include <stdio.h>

#include "daemon/route_parts.h"

#define COLUMNS        80
#define DECISION_BYTES ((size_t)32 << 10) /* a ground of 2000 and some names */
#define LABEL          11                 /* "Afzender   " */

/* Columns of a piece of UTF-8. */
static size_t width(const char *p, size_t n)
{
    size_t columns = 0;

    for (size_t i = 0; i < n; i++)
        columns += ((unsigned char)p[i] & 0xC0) != 0x80;
    return columns;
}

/* Words that fit go on the line; the others start a new one under the first. */
static void wrap(struct corv_buf *out, const char *text)
{
    size_t at = LABEL;

    while (*text) {
        size_t n = strcspn(text, " ");
        size_t columns = width(text, n);

        if (at > LABEL && at + 1 + columns > COLUMNS) {
            (void)corv_buf_addf(out, "\n%*s", LABEL, "");
            at = LABEL;
        } else if (at > LABEL) {
            (void)corv_buf_add(out, " ", 1);
            at++;
        }
        (void)corv_buf_add(out, text, n);
        at += columns;
        text += n;
        text += strspn(text, " ");
    }
    (void)corv_buf_add(out, "\n", 1);
}

void corv_route_say(struct corv_routing *r, const char *label, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (!r->explain)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)corv_buf_addf(&r->text, "%-*s", LABEL, label);
    wrap(&r->text, text);
}

static void path_of(const struct corv_routing *r, const char *element, char *out, size_t size)
{
    const char *family = corv_kind_family(r->e->kind) == CORV_FAMILY_STUF ? "StUF" : "JZ";

    out[0] = '\0';
    if (element)
        (void)snprintf(out, size, "/%s:%s/%s:stuurgegevens/StUF:%s/StUF:organisatie", family,
            r->kind, family, element);
}

void corv_route_refuse(struct corv_routing *r, struct corv_refusal why, const char *text)
{
    char path[256];

    path_of(r, why.element, path, sizeof path);
    corv_findings_addf(
        r->findings, CORV_LAYER_ADDRESSING, why.actor, why.code, why.line, path, "%s", text);
    corv_route_say(r, "Weigering", "%d %s: %s",
        corv_answer_get(corv_code_find(why.code)->answer)->status, why.code, text);
    if (!r->refused[0])
        (void)snprintf(r->refused, sizeof r->refused, "%s", why.code);
}

void corv_route_warn(struct corv_routing *r, const char *code, const char *text)
{
    struct corv_finding one = {
        .layer = CORV_LAYER_ADDRESSING, .severity = CORV_SEV_WARNING, .actor = CORV_ACT_BEHEERDER};

    (void)snprintf(one.code, sizeof one.code, "%s", code);
    (void)snprintf(one.text, sizeof one.text, "%s", text);
    corv_findings_add(r->findings, &one);
    corv_route_say(r, "Let op", "%s: %s", code, text);
}

const char *corv_doubt_text(enum corv_doubt doubt)
{
    static const char *const texts[CORV_DOUBT_COUNT] = {
        [CORV_DOUBT_NONE] = "De gemeente van het kind staat vast.",
        [CORV_DOUBT_NO_CHILD] = "Het bericht noemt geen kind.",
        [CORV_DOUBT_NO_PLACE] = "Bij een kind staat geen woonplaats.",
        [CORV_DOUBT_UNKNOWN_CODE] = "De gemeentecode bij een kind hoort bij geen bekende gemeente.",
        [CORV_DOUBT_UNKNOWN_PLACE] = "De woonplaats van een kind hoort bij geen bekende gemeente.",
        [CORV_DOUBT_SHARED_PLACE] = "De woonplaats van een kind hoort bij meer dan één gemeente.",
        [CORV_DOUBT_SEVERAL] = "De kinderen wonen in meer dan één gemeente.",
    };

    return texts[doubt];
}

/* ---- the same as JSON ----
 * Written by hand: this happens for every message, and building a tree of it first cost more than
 * all of the routing. */

static const char *const doubt_words[CORV_DOUBT_COUNT] = {[CORV_DOUBT_NO_CHILD] = "no-child",
    [CORV_DOUBT_NO_PLACE] = "no-place",
    [CORV_DOUBT_UNKNOWN_CODE] = "unknown-code",
    [CORV_DOUBT_UNKNOWN_PLACE] = "unknown-place",
    [CORV_DOUBT_SHARED_PLACE] = "shared-place",
    [CORV_DOUBT_SEVERAL] = "several"};

static const char *id_of(const struct corv_party *p)
{
    return p ? p->id : NULL;
}

/* A JSON string. What is not plain ASCII passes as it is: the configuration was UTF-8. */
static void put_text(struct corv_buf *out, const char *text)
{
    (void)corv_buf_add(out, "\"", 1);
    while (*text) {
        size_t n = 0;

        while ((unsigned char)text[n] >= ' ' && text[n] != '"' && text[n] != '\\')
            n++;
        (void)corv_buf_add(out, text, n);
        text += n;
        if (*text)
            (void)corv_buf_addf(out, "\\u%04x", (unsigned)(unsigned char)*text++);
    }
    (void)corv_buf_add(out, "\"", 1);
}

/* lead is what stands before the value, with the key; NULL becomes null. */
static void put(struct corv_buf *out, const char *lead, const char *value)
{
    (void)corv_buf_add_str(out, lead);
    if (value)
        put_text(out, value);
    else
        (void)corv_buf_add_str(out, "null");
}

static void put_delivery(struct corv_buf *out, const struct corv_plan_delivery *d)
{
    put(out, "{\"name\":", d->route->name);
    put(out, ",\"to\":", id_of(d->to));
    put(out, ",\"form\":", d->form == CORV_AS_BERICHT ? "bericht" : "kennisgeving");
    put(out, ",\"held\":", d->held_code[0] ? d->held_code : NULL);
    (void)corv_buf_add_str(out, "}");
}

static char *decision_json(const struct corv_routing *r)
{
    const struct corv_plan *plan = r->plan;
    struct corv_buf out;
    char *text = NULL;

    corv_buf_init(&out, DECISION_BYTES);
    (void)corv_buf_reserve(&out, 1024); /* most fit; saves growing */
    put(&out, "{\"config\":", r->c->digest);
    put(&out, ",\"kind\":", r->kind);
    (void)corv_buf_addf(&out, ",\"day\":%d", r->day);
    put(&out, ",\"sender\":", id_of(plan->sender));
    put(&out, ",\"filer\":", id_of(plan->filer));
    put(&out, ",\"mandated_by\":", id_of(plan->mandated_by));
    put(&out, ",\"ground\":", plan->mandate ? plan->mandate->ground : NULL);
    put(&out, ",\"responsible\":", id_of(plan->responsible));
    put(&out, ",\"doubt\":", doubt_words[r->doubt]);
    (void)corv_buf_add_str(&out, ",\"routes\":[");
    for (unsigned i = 0; i < plan->count; i++) {
        (void)corv_buf_add(&out, ",", i > 0);
        put_delivery(&out, &plan->deliveries[i]);
    }
    put(&out, "],\"refused\":", r->refused[0] ? r->refused : NULL);
    (void)corv_buf_add_str(&out, "}");
    text = corv_buf_take(&out, NULL);
    corv_buf_free(&out);
    return text;
}

static void say_result(struct corv_routing *r, corv_rc rc, int status)
{
    unsigned held = 0;

    for (unsigned i = 0; i < r->plan->count; i++)
        held += r->plan->deliveries[i].to ? 0 : 1;
    if (rc != CORV_OK)
        corv_route_say(r, "Besluit", "geweigerd met %d; er gaat niets de deur uit", status);
    else if (held)
        corv_route_say(r, "Besluit", "%u bezorging%s, waarvan %u aangehouden", r->plan->count,
            r->plan->count == 1 ? "" : "en", held);
    else
        corv_route_say(
            r, "Besluit", "%u bezorging%s", r->plan->count, r->plan->count == 1 ? "" : "en");
}

corv_rc corv_route_conclude(struct corv_routing *r, corv_rc rc, int status)
{
    say_result(r, rc, status);
    if (r->explain)
        r->plan->explanation = corv_buf_take(&r->text, NULL);
    r->plan->decision = decision_json(r);
    return (r->plan->explanation || !r->explain) && r->plan->decision ? rc : CORV_E_NOMEM;
}
