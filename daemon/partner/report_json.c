/* SPDX-License-Identifier: EUPL-1.2 */
#include <jansson.h>
#include <stdio.h>

#include "daemon/base/clock.h"
#include "daemon/partner/fault.h"
#include "daemon/partner/report.h"

const char *partner_schema_of(
    const struct partner_about *a, struct corv_view kind, const char *member)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%.*s", (int)kind.n, kind.p ? kind.p : "");

    const char *text =
        json_string_value(json_object_get(json_object_get(a->schemas, name), member));

    return text ? text : "";
}

static json_t *step_json(const struct partner_step *s)
{
    char began[CORV_TIME_TEXT];

    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:f}", "number", s->number, "title",
        s->title, "sent", s->sent, "got", s->got, "passed", s->passed, "reason", s->reason, "began",
        corv_clock_text(s->began_us, began), "seconds", (double)(s->ended_us - s->began_us) / 1e6);
}

static json_t *section_json(const struct partner_section *s)
{
    json_t *steps = json_array();

    for (size_t i = 0; i < s->count; i++)
        (void)json_array_append_new(steps, step_json(&s->steps[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "scenario", s->scenario->id, "name",
        s->scenario->name, "cluster", s->scenario->cluster, "fault", s->fault ? s->fault->name : "",
        "passed", s->failed == 0, "steps", steps);
}

void partner_report_json(const struct partner *p, const struct partner_results *r)
{
    const struct partner_about *a = &p->about;
    json_t *sections = json_array();
    json_t *root = NULL;
    char began[CORV_TIME_TEXT];
    char ended[CORV_TIME_TEXT];

    for (size_t i = 0; i < r->count; i++)
        (void)json_array_append_new(sections, section_json(&r->sections[i]));
    root = json_pack("{s:b, s:i, s:i, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}, s:O}, s:o}",
        "passed", partner_results_good(r), "count", (int)r->steps, "failed", (int)r->failed,
        "began", corv_clock_text(r->began_us, began), "ended", corv_clock_text(r->ended_us, ended),
        "version", CORV_VERSION, "corvd", "version", a->version, "node", a->node, "config",
        a->config, "rules", "version", a->rules_version, "hash", a->rules_hash, "schemas",
        a->schemas, "sections", sections);
    if (root)
        (void)json_dumpf(root, stdout, JSON_INDENT(1));
    (void)putchar('\n');
    json_decref(root);
}
