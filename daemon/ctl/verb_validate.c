/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/json.h"
#include "daemon/ctl/read_file.h"
#include "daemon/ctl/verbs.h"

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
    (void)corv_buf_add_str(&ctl->out, path);
    corv_ctl_printf(ctl, ": valid %s\n", corv_kind_name(v->kind));
}

static int judge(
    struct corv_ctl *ctl, const struct corv_schemas *schemas, const char *path, json_t *list)
{
    struct corv_buf bytes;
    struct corv_verdict v = {0};
    int code = CORV_CTL_ERROR;
    corv_rc rc;

    corv_buf_init(&bytes, corv_read_limits_default.bytes + 1);
    rc = corv_ctl_read_file(ctl, path, corv_read_limits_default.bytes, &bytes);
    if (rc != CORV_OK)
        goto out;
    rc = corv_verdict_of(schemas, corv_buf_view(&bytes), &corv_read_limits_default, &v);
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

int corv_verb_validate(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_schemas *schemas = NULL;
    struct corv_fault fault = {0};
    json_t *list = NULL;
    int worst = CORV_CTL_YES;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 1, INT32_MAX))
        return CORV_CTL_ERROR;
    corv_schemas_init();
    rc = corv_schemas_new(&schemas, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    list = json_array();
    for (int i = 0; i < argc; i++) {
        int code = judge(ctl, schemas, argv[i], list);

        worst = code > worst ? code : worst;
        if (!ctl->json)
            corv_ctl_flush(ctl); /* a long list shows how far it is */
    }
    if (ctl->json)
        corv_ctl_json(ctl, json_incref(list));
    json_decref(list);
    corv_schemas_free(schemas);
    return worst;
}
