/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/clock.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/read_file.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/try_schemas.h"
#include "daemon/ctl/verbs.h"
#include "daemon/judge_up.h"
#include "schemas/verdict.h"

static json_t *verdict_json(const char *path, const struct corv_verdict *v)
{
    return json_pack("{s:o, s:b, s:s, s:o, s:I}", "file", corv_ctl_json_text(path), "valid",
        v->valid, "kind", corv_kind_name(v->kind), "findings", corv_ctl_json_findings(&v->findings),
        "more", (json_int_t)v->findings.dropped);
}

static void say(struct corv_ctl *ctl, const char *path, const struct corv_verdict *v)
{
    if (!v->valid) {
        corv_ctl_invalid_lines(ctl, path, &v->findings);
        return;
    }
    corv_ctl_clean(&ctl->out, path);
    corv_ctl_printf(ctl, ": valid %s\n", corv_kind_name(v->kind));
}

static int judge(struct corv_ctl *ctl, const struct corv_judge *by, const char *path, json_t *list)
{
    struct corv_buf bytes;
    struct corv_verdict_input in = {.day = corv_clock_day(corv_clock_us())};
    struct corv_verdict v = {0};
    int code = CORV_CTL_ERROR;
    corv_rc rc;

    corv_buf_init(&bytes, corv_read_limits_default.bytes + 1);
    rc = corv_ctl_read_file(ctl, path, corv_read_limits_default.bytes, &bytes);
    if (rc != CORV_OK)
        goto out;
    in.bytes = corv_buf_view(&bytes);
    rc = corv_verdict_by(by, &in, &v);
    if (rc != CORV_OK) {
        (void)corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.memory", "Er is te weinig geheugen voor %s.", path);
        goto out;
    }
    code = v.valid ? CORV_CTL_YES : CORV_CTL_NO;
    if (ctl->json)
        (void)json_array_append_new(list, verdict_json(path, &v));
    else
        say(ctl, path, &v);
out:
    corv_verdict_free(&v);
    corv_buf_free(&bytes);
    return code;
}

/* Without --config only what is in the binary: schemas and rules as they come. */
static corv_rc judge_of(struct corv_ctl *ctl, const char *rules, const char *schemas,
    struct corv_judge **out, struct corv_fault *fault)
{
    struct corv_judge_options o = {.no_rules = rules && strcmp(rules, "uit") == 0};

    if (schemas)
        return corv_ctl_try_schemas(schemas, o.no_rules, out, fault);
    return ctl->config ? corv_judge_up(ctl->config, out, fault) : corv_judge_new(&o, out, fault);
}

int corv_verb_validate(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *rules = NULL, *schemas = NULL;
    const struct corv_ctl_option options[] = {
        {"--rules", &rules}, {"--schemas", &schemas}, {NULL, NULL}};
    struct corv_judge *by = NULL;
    struct corv_fault fault = {0};
    json_t *list = NULL;
    int worst = CORV_CTL_YES;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, INT32_MAX))
        return CORV_CTL_ERROR;
    if (schemas && ctl->config_given)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage",
            "Kies: --schemas (deze set) of --config (de sets van de configuratie).");
    corv_schemas_init();
    if (ctl->config_given && !corv_ctl_config(ctl))
        return CORV_CTL_ERROR;
    rc = judge_of(ctl, rules, schemas, &by, &fault);
    if (rc != CORV_OK) { /* no message was judged: never 1, which says that one is invalid */
        (void)corv_ctl_fault(ctl, rc, &fault);
        return CORV_CTL_ERROR;
    }
    list = json_array();
    for (int i = 0; i < argc; i++) {
        int code = judge(ctl, by, argv[i], list);

        worst = code > worst ? code : worst;
        if (!ctl->json)
            corv_ctl_flush(ctl); /* a long list shows how far it is */
    }
    if (ctl->json)
        corv_ctl_json(ctl, json_incref(list));
    json_decref(list);
    corv_judge_free(by);
    return worst;
}
