/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/judge.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "schemas/reference.h"

struct corv_judge {
    unsigned references;
    struct corv_schema_shelf *shelf;
    struct corv_rules *rules;
    struct corv_reference *reference;
    struct corv_rule_setting *settings; /* owned, texts too */
    size_t settings_count;
};

static bool fits_a_rule(const struct corv_rule_pack *pack, const char *pattern)
{
    for (size_t i = 0; i < pack->rules_count; i++)
        if (fnmatch(pattern, pack->rules[i].id, 0) == 0)
            return true;
    return false;
}

static corv_rc keep_settings(
    struct corv_judge *j, const struct corv_judge_options *o, struct corv_fault *fault)
{
    const struct corv_rule_pack *pack = corv_rules_pack(j->rules);

    j->settings = calloc(o->settings_count + 1, sizeof *j->settings);
    if (!j->settings)
        return CORV_E_NOMEM;
    for (size_t i = 0; i < o->settings_count; i++) {
        struct corv_rule_setting *s = &j->settings[j->settings_count++];

        if (!fits_a_rule(pack, o->settings[i].rule))
            return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SETTINGS, "rules.unknown",
                "Regel %.60s bestaat niet; docs/rules.md noemt ze alle.", o->settings[i].rule);
        *s = o->settings[i];
        s->rule = strdup(o->settings[i].rule);
        s->party = o->settings[i].party ? strdup(o->settings[i].party) : NULL;
        if (!s->rule || (o->settings[i].party && !s->party))
            return CORV_E_NOMEM;
    }
    return CORV_OK;
}

static corv_rc load_reference(
    struct corv_judge *j, const struct corv_judge_options *o, struct corv_fault *fault)
{
    corv_rc rc;

    if (!o->state_dir)
        return CORV_OK;
    rc = corv_reference_load(o->state_dir, &j->reference, fault);
    if (rc != CORV_E_NOTFOUND)
        return rc;
    if (fault)
        *fault = (struct corv_fault){0}; /* none was imported yet: its rules say nothing */
    return CORV_OK;
}

corv_rc corv_judge_new(
    const struct corv_judge_options *o, struct corv_judge **out, struct corv_fault *fault)
{
    struct corv_judge *j = calloc(1, sizeof *j);
    corv_rc rc;

    *out = NULL;
    if (!j)
        return CORV_E_NOMEM;
    j->references = 1;
    rc = corv_schema_shelf_new(o->state_dir, o->choices, o->choices_count, &j->shelf, fault);
    if (rc == CORV_OK && !o->no_rules)
        rc = corv_rules_new(NULL, &j->rules, fault);
    if (rc == CORV_OK && j->rules)
        rc = keep_settings(j, o, fault);
    if (rc == CORV_OK)
        rc = load_reference(j, o, fault);
    if (rc == CORV_OK)
        *out = j;
    else
        corv_judge_free(j);
    return rc;
}

struct corv_judge *corv_judge_hold(struct corv_judge *j)
{
    j->references++;
    return j;
}

void corv_judge_free(struct corv_judge *j)
{
    if (!j || --j->references > 0)
        return;
    for (size_t i = 0; i < j->settings_count; i++) {
        free((char *)j->settings[i].rule);
        free((char *)j->settings[i].party);
    }
    free(j->settings);
    corv_reference_free(j->reference);
    corv_rules_free(j->rules);
    corv_schema_shelf_free(j->shelf);
    free(j);
}

const struct corv_schemas *corv_judge_schemas(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day)
{
    return corv_schema_shelf_pick(j->shelf, kind, party, day);
}

const char *corv_judge_set_name(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day)
{
    return corv_schema_shelf_name(j->shelf, kind, party, day);
}

const char *corv_judge_set_hash(
    const struct corv_judge *j, enum corv_kind kind, const char *party, int day)
{
    return corv_schema_shelf_hash(j->shelf, kind, party, day);
}

const char *corv_judge_pack_version(const struct corv_judge *j)
{
    return j->rules ? corv_rules_pack(j->rules)->version : "";
}

const struct corv_reference *corv_judge_reference(const struct corv_judge *j)
{
    return j->reference;
}

corv_rc corv_judge_rules(const struct corv_judge *j, const struct corv_document *document,
    struct _xmlNode *message, enum corv_kind kind, const char *party, int day,
    struct corv_findings *findings)
{
    const struct corv_rule_input in = {.document = document,
        .message = message,
        .kind = kind,
        .party = party,
        .today = day,
        .reference = j->reference,
        .settings = j->settings,
        .settings_count = j->settings_count};

    return j->rules ? corv_rules_apply(j->rules, &in, findings) : CORV_OK;
}
