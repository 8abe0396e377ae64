/* SPDX-License-Identifier: EUPL-1.2 */
/* What became of a file, for people (plain Dutch) and for programs (JSON). */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dropdir/internal.h"

struct text { /* a growing text; once it failed it stays so */
    char *p;  /* owned */
    size_t n;
    bool failed;
    FILE *to;
};

static void begin(struct text *t)
{
    *t = (struct text){0};
    t->to = open_memstream(&t->p, &t->n);
    t->failed = t->to == NULL;
}

/* The text, or NULL when something failed. */
static char *finish(struct text *t)
{
    if (t->to && (ferror(t->to) || fclose(t->to) != 0))
        t->failed = true;
    if (t->failed) {
        free(t->p);
        t->p = NULL;
    }
    return t->p;
}

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;

    if (t->failed)
        return;
    va_start(ap, fmt);
    if (vfprintf(t->to, fmt, ap) < 0)
        t->failed = true;
    va_end(ap);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void tell_finding(struct text *t, unsigned number, const struct corv_incoming_finding *f)
{
    add(t, "\n%u. %s%s\n   Code: %s. Actie: %s.", number,
        strcmp(f->severity, "warning") == 0 ? "Let op: " : "", f->text, f->code, f->actor);
    if (f->path[0])
        add(t, " Plaats: %s.", f->path);
    if (f->line > 0)
        add(t, " Regel: %d.", (int)f->line);
    if (f->article[0])
        add(t, " Bron: %s.", f->article);
    add(t, "\n");
}

static void tell_findings(
    struct text *t, const struct corv_services *s, const struct corv_incoming_answer *a)
{
    struct corv_incoming_finding f;

    for (uint32_t i = 0; s->finding(a, i, &f) == 0; i++)
        tell_finding(t, i + 1, &f);
    if (a->findings_more > 0)
        add(t, "\nEn nog %u bevindingen die hier niet staan.\n", a->findings_more);
}

static char *for_people(const struct corv_services *s, const struct corv_incoming_answer *a)
{
    struct text t;

    begin(&t);
    if (a->cls == CORV_INCOMING_ACCEPTED)
        add(&t, "Het bericht is aangenomen.\n\nNummer: %s\nSoort: %s\n", a->message_id, a->kind);
    else if (a->cls == CORV_INCOMING_REPEAT)
        add(&t,
            "Dit bericht was al aangenomen. Het is niet nog eens verstuurd.\n\nNummer: %s\n"
            "Soort: %s\n",
            a->message_id, a->kind);
    else
        add(&t, "Het bericht is niet aangenomen.\n\n%s. %s\n%s\n\nCode: %s\n", a->title, a->text,
            a->next, a->code);
    tell_findings(&t, s, a);
    return finish(&t);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void add_string(struct text *t, const char *key, const char *value)
{
    add(t, "\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        if (*p == '"' || *p == '\\')
            add(t, "\\%c", *p);
        else if (*p < 0x20)
            add(t, "\\u%04x", *p);
        else
            add(t, "%c", *p);
    }
    add(t, "\"");
}

static void add_finding(struct text *t, const struct corv_incoming_finding *f)
{
    const char *const pairs[][2] = {{"layer", f->layer}, {"severity", f->severity},
        {"code", f->code}, {"text", f->text}, {"who", f->actor}, {"path", f->path},
        {"article", f->article}};

    add(t, "{");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (!pairs[i][1][0])
            continue;
        if (i > 0)
            add(t, ",");
        add_string(t, pairs[i][0], pairs[i][1]);
    }
    if (f->line > 0)
        add(t, ",\"line\":%d", (int)f->line);
    add(t, "}");
}

static const char *word_of(uint32_t cls)
{
    switch (cls) {
    case CORV_INCOMING_ACCEPTED:
        return "accepted";
    case CORV_INCOMING_REPEAT:
        return "repeat";
    case CORV_INCOMING_CONFLICT:
        return "conflict";
    default:
        return "refused";
    }
}

static char *for_programs(const struct corv_services *s, const struct corv_incoming_answer *a)
{
    const char *const pairs[][2] = {{"result", word_of(a->cls)}, {"id", a->message_id},
        {"kind", a->kind}, {"referentienummer", a->referentienummer}, {"code", a->code},
        {"stuf", a->stuf_code}, {"title", a->title}, {"detail", a->text}, {"next", a->next}};
    struct corv_incoming_finding f;
    struct text t;

    begin(&t);
    add(&t, "{\"status\":%u", a->status);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (!pairs[i][1][0])
            continue;
        add(&t, ",");
        add_string(&t, pairs[i][0], pairs[i][1]);
    }
    add(&t, ",\"findings\":[");
    for (uint32_t i = 0; s->finding(a, i, &f) == 0; i++) {
        if (i > 0)
            add(&t, ",");
        add_finding(&t, &f);
    }
    add(&t, "],\"notShown\":%u}\n", a->findings_more);
    return finish(&t);
}

/* ---- both ------------------------------------------------------------------------------------ */

static bool keep(struct dropdir_item *item, char *text, char *json)
{
    free(item->text);
    free(item->json);
    item->text = text;
    item->json = json;
    return text && json;
}

bool dropdir_answer_write(struct dropdir_item *item, const struct corv_incoming_answer *answer)
{
    const struct corv_services *s = item->dropdir->services;

    return keep(item, for_people(s, answer), for_programs(s, answer));
}

bool dropdir_answer_too_large(struct dropdir_item *item)
{
    static const char text[] =
        "Het bericht is niet aangenomen.\n\nHet bestand is groter dan corvd aanneemt.\n"
        "Verbeter het bericht en stuur het opnieuw.\n\nCode: security.size\n";
    static const char json[] =
        "{\"status\":413,\"result\":\"refused\",\"kind\":\"unknown\",\"code\":\"security.size\","
        "\"detail\":\"Het bestand is groter dan corvd aanneemt.\",\"findings\":[],"
        "\"notShown\":0}\n";

    return keep(item, strdup(text), strdup(json));
}
