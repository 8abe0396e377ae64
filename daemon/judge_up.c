/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/judge_up.h"

#include <stdlib.h>

static enum corv_rule_mode mode_of(enum corv_mode m)
{
    switch (m) {
    case CORV_MODE_OFF:
        return CORV_RULE_OFF;
    case CORV_MODE_WARN:
        return CORV_RULE_WARN;
    case CORV_MODE_ENFORCE:
    default:
        return CORV_RULE_ENFORCE;
    }
}

static uint32_t bits_of(const struct corv_schema_rule *s)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < s->kinds_count; i++)
        bits |= 1u << corv_kind_by_name(s->kinds[i]);
    return bits;
}

struct corv_schema_choice *corv_judge_choices(const struct corv_config *c)
{
    struct corv_schema_choice *choices = calloc(c->schemas_count + 1, sizeof *choices);

    for (unsigned i = 0; choices && i < c->schemas_count; i++)
        choices[i] = (struct corv_schema_choice){.set = c->schemas[i].set,
            .kinds = bits_of(&c->schemas[i]),
            .party = c->schemas[i].party,
            .from = c->schemas[i].period.from,
            .until = c->schemas[i].period.until};
    return choices;
}

corv_rc corv_judge_up(
    const struct corv_config *c, struct corv_judge **out, struct corv_fault *fault)
{
    struct corv_schema_choice *choices = corv_judge_choices(c);
    struct corv_rule_setting *settings = calloc(c->rules_count + 1, sizeof *settings);
    struct corv_judge_options o = {.state_dir = c->state_dir,
        .choices = choices,
        .choices_count = c->schemas_count,
        .settings = settings,
        .settings_count = c->rules_count};
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    if (!choices || !settings)
        goto out;
    for (unsigned i = 0; i < c->rules_count; i++)
        settings[i] = (struct corv_rule_setting){.rule = c->rules[i].rule,
            .party = c->rules[i].party,
            .mode = mode_of(c->rules[i].mode),
            .from = c->rules[i].from};
    rc = corv_judge_new(&o, out, fault);
out:
    free(choices);
    free(settings);
    return rc;
}
