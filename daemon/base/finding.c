/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void corv_findings_init(struct corv_findings *f)
{
    *f = (struct corv_findings){0};
}

void corv_findings_free(struct corv_findings *f)
{
    if (!f)
        return;
    free(f->list);
    *f = (struct corv_findings){0};
}

static corv_rc grow(struct corv_findings *f)
{
    if (f->count < f->cap)
        return CORV_OK;
    if (f->cap >= CORV_FINDINGS_MAX)
        return CORV_E_LIMIT;

    size_t cap = f->cap ? f->cap * 2 : 4;

    if (cap > CORV_FINDINGS_MAX)
        cap = CORV_FINDINGS_MAX;

    struct corv_finding *list = realloc(f->list, cap * sizeof *list);

    if (!list)
        return CORV_E_NOMEM;
    f->list = list;
    f->cap = cap;
    return CORV_OK;
}

void corv_findings_add(struct corv_findings *f, const struct corv_finding *finding)
{
    if (finding->severity == CORV_SEV_ERROR)
        f->errors++;
    if (grow(f) != CORV_OK) {
        f->dropped++;
        return;
    }
    f->list[f->count++] = *finding;
}

/* Completes one and adds it. */
static void add(struct corv_findings *f, struct corv_finding *one, const char *code,
    const char *path, const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void add(struct corv_findings *f, struct corv_finding *one, const char *code,
    const char *path, const char *fmt, va_list ap)
{
    (void)snprintf(one->code, sizeof one->code, "%s", code);
    (void)snprintf(one->path, sizeof one->path, "%s", path ? path : "");
    (void)vsnprintf(one->text, sizeof one->text, fmt, ap);
    corv_findings_add(f, one);
}

void corv_findings_addf(struct corv_findings *f, enum corv_layer layer, enum corv_actor actor,
    const char *code, int line, const char *path, const char *fmt, ...)
{
    struct corv_finding one = {.layer = layer, .actor = actor, .line = line};
    va_list ap;

    va_start(ap, fmt);
    add(f, &one, code, path, fmt, ap);
    va_end(ap);
}

void corv_findings_setting(struct corv_findings *f, enum corv_severity severity, const char *code,
    const char *key, const char *fmt, ...)
{
    struct corv_finding one = {
        .layer = CORV_LAYER_CONFIG, .severity = severity, .actor = CORV_ACT_BEHEERDER};
    va_list ap;

    va_start(ap, fmt);
    add(f, &one, code, key, fmt, ap);
    va_end(ap);
}

const char *corv_layer_name(enum corv_layer layer)
{
    static const char *const names[] = {
        "well-formed", "security", "schema", "rule", "addressing", "config"};

    return names[layer];
}

const char *corv_severity_name(enum corv_severity s)
{
    return s == CORV_SEV_ERROR ? "error" : "warning";
}

const char *corv_actor_name(enum corv_actor actor)
{
    static const char *const names[] = {"behandelaar", "beheerder", "leverancier", "partner"};

    return names[actor];
}
