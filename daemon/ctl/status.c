/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"

#define LINES_MAX 10

void corv_status_add(struct corv_status *r, const char *name, const char *label,
    enum corv_status_level level, const char *fmt, ...)
{
    struct corv_status_check *c = &r->checks[r->count];
    va_list ap;

    if (r->count == CORV_STATUS_CHECKS)
        return;
    *c = (struct corv_status_check){.name = name, .label = label, .level = level};
    va_start(ap, fmt);
    (void)vsnprintf(c->text, sizeof c->text, fmt, ap);
    va_end(ap);
    r->count++;
}

enum corv_status_level corv_status_worst(const struct corv_status *r)
{
    enum corv_status_level worst = CORV_STATUS_WELL;

    for (unsigned i = 0; i < r->count; i++)
        worst = r->checks[i].level > worst ? r->checks[i].level : worst;
    return worst;
}

static const char *const level_names[] = {"ok", "attention", "broken"};

json_t *corv_status_json(const struct corv_status *r)
{
    json_t *checks = json_array();

    for (unsigned i = 0; i < r->count; i++)
        (void)json_array_append_new(checks,
            json_pack("{s:s, s:s, s:o}", "name", r->checks[i].name, "state",
                level_names[r->checks[i].level], "text", corv_ctl_json_text(r->checks[i].text)));
    return json_pack("{s:s, s:o}", "state", level_names[corv_status_worst(r)], "checks", checks);
}

/* How many lines it takes on a terminal. */
static unsigned render(const struct corv_status_check *c, struct corv_buf *out)
{
    static const char *const marks[] = {"  ", "! ", "X "};
    char label[32];
    unsigned lines = 0;

    (void)snprintf(label, sizeof label, "%s%s", marks[c->level], c->label);
    corv_ctl_wrap(out, label, 16, c->text);
    for (size_t i = 0; i < out->n; i++)
        lines += out->p[i] == '\n';
    return lines;
}

static const struct corv_status_check *find(const struct corv_status *r, const char *name)
{
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->checks[i].name, name) == 0 && r->checks[i].level == CORV_STATUS_WELL)
            return &r->checks[i];
    return NULL;
}

/* For people: three lines that say nothing become one. */
static void condense(const struct corv_status *r, struct corv_status *out)
{
    const struct corv_status_check *waiting = find(r, "waiting");
    bool calm = waiting && find(r, "held") && find(r, "dead");

    out->count = 0;
    for (unsigned i = 0; i < r->count; i++) {
        const struct corv_status_check *c = &r->checks[i];

        if (calm && c == waiting)
            corv_status_add(out, "queue", "Wachtrij", CORV_STATUS_WELL,
                "%s wachtend, 0 vastgehouden, 0 mislukt", c->text);
        else if (!calm || (strcmp(c->name, "held") != 0 && strcmp(c->name, "dead") != 0))
            out->checks[out->count++] = *c;
    }
}

/* Which of them fit in LINES_MAX with the verdict: first what is not well leaves the rest out. */
static void choose(const struct corv_status *r, bool shown[CORV_STATUS_CHECKS])
{
    unsigned room = LINES_MAX - 1;
    struct corv_buf b;

    corv_buf_init(&b, 4096);
    for (int level = CORV_STATUS_BROKEN; level >= CORV_STATUS_WELL; level--)
        for (unsigned i = 0; i < r->count; i++) {
            unsigned lines;

            if ((int)r->checks[i].level != level)
                continue;
            corv_buf_reset(&b);
            lines = render(&r->checks[i], &b);
            shown[i] = lines <= room;
            room -= shown[i] ? lines : 0;
        }
    corv_buf_free(&b);
}

void corv_status_say(struct corv_ctl *ctl, const struct corv_status *all)
{
    struct corv_status condensed;
    const struct corv_status *r = &condensed;
    bool shown[CORV_STATUS_CHECKS] = {false};
    static const char *const verdicts[] = {
        "Alles is in orde.", "Kijk hiernaar:", "corvd werkt nu niet goed:"};
    static const enum corv_ctl_tone tones[] = {CORV_TONE_GOOD, CORV_TONE_WARN, CORV_TONE_BAD};
    enum corv_status_level worst = corv_status_worst(all);

    corv_ctl_tone_write(&ctl->out, tones[worst], verdicts[worst], ctl->color);
    corv_ctl_printf(ctl, "\n");
    condense(all, &condensed);
    choose(r, shown);
    for (unsigned i = 0; i < r->count; i++)
        if (shown[i])
            (void)render(&r->checks[i], &ctl->out);
}
