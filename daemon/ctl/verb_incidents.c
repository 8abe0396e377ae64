/* SPDX-License-Identifier: EUPL-1.2 */
/* The alarms that are open, as the daemon knows them (docs/alarmen.md). */
#include "daemon/ctl/incidents.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/admin_guess.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"

#define ANSWER_MAX (1u << 20)

const char *corv_ctl_incident_text(const json_t *incident, const char *key)
{
    const char *s = json_string_value(json_object_get(incident, key));

    return s ? s : "";
}

json_t *corv_ctl_incidents(const struct corv_config *c)
{
    struct corv_buf body;
    json_t *root = NULL;
    json_t *list = NULL;

    corv_buf_init(&body, ANSWER_MAX);
    if (corv_ctl_admin_ask(c, "/incidents", &body) == 200 && body.p)
        root = json_loads(body.p, 0, NULL);
    list = json_object_get(root, "incidents");
    list = json_is_array(list) ? json_incref(list) : NULL;
    json_decref(root);
    corv_buf_free(&body);
    return list;
}

bool corv_ctl_incident_acts(const json_t *incident)
{
    return strcmp(corv_ctl_incident_text(incident, "severity"), "notice") != 0;
}

static const char *severity(const json_t *incident)
{
    const char *s = corv_ctl_incident_text(incident, "severity");

    return strcmp(s, "error") == 0 ? "dringend" : strcmp(s, "warning") == 0 ? "let op" : "ter info";
}

/* The cause is the heading in docs/alarmen.md, which also says what the number counts. */
static void show(struct corv_ctl *ctl, const json_t *one)
{
    const char *subject = corv_ctl_incident_text(one, "subject");
    const char *code = corv_ctl_incident_text(one, "code");
    char since[32];

    (void)corv_ctl_when(corv_ctl_incident_text(one, "since"), since, sizeof since);
    corv_ctl_line(ctl, severity(one), "%s%s%s", subject, *subject ? ": " : "",
        corv_ctl_incident_text(one, "text"));
    corv_ctl_line(ctl, "", "%s", corv_ctl_incident_text(one, "advice"));
    corv_ctl_line(ctl, "", "sinds %s UTC; %s, getal %" PRIi64 "%s%s", since,
        corv_ctl_incident_text(one, "cause"),
        (int64_t)json_integer_value(json_object_get(one, "value")), *code ? ", " : "", code);
}

/* A file that is wrong now must not hide what is wrong besides. */
static json_t *ask(struct corv_ctl *ctl)
{
    struct corv_config c = {0};
    struct corv_arena arena;
    json_t *list;

    if (corv_ctl_config_errors(ctl) == 0 && ctl->config)
        return corv_ctl_incidents(ctl->config);
    corv_arena_init(&arena, CORV_CTL_GUESS_BYTES);
    corv_ctl_admin_guess(ctl->config_path, &arena, &c);
    list = corv_ctl_incidents(&c);
    corv_arena_free(&arena);
    return list;
}

int corv_verb_incidents(struct corv_ctl *ctl, int argc, char **argv)
{
    json_t *list;
    int code = CORV_CTL_YES;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0))
        return CORV_CTL_ERROR;
    list = ask(ctl);
    if (!list)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.no-daemon",
            "corvd antwoordt niet op de beheerpoort. Draait het? Kijk met: systemctl status corvd");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (corv_ctl_incident_acts(json_array_get(list, i)))
            code = CORV_CTL_NO;
    if (ctl->json) {
        corv_ctl_json(ctl, list);
        return code;
    }
    if (json_array_size(list) == 0)
        corv_ctl_printf(ctl, "Er is geen alarm.\n");
    for (size_t i = 0; i < json_array_size(list); i++)
        show(ctl, json_array_get(list, i));
    if (json_array_size(list) > 0)
        corv_ctl_printf(ctl, "\nWat elk alarm betekent: docs/alarmen.md\n");
    json_decref(list);
    return code;
}
