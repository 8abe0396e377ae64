/* SPDX-License-Identifier: EUPL-1.2 */
#include <unistd.h>

#include "daemon/certs.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "daemon/host/host.h"
#include "daemon/judge_up.h"
#include "daemon/servers.h"
#include "schemas/verdict.h"

static void add(struct corv_findings *f, int line, enum corv_severity severity, const char *path,
    const char *code, const char *text)
{
    struct corv_finding one = {.layer = CORV_LAYER_CONFIG,
        .severity = severity,
        .actor = CORV_ACT_BEHEERDER,
        .line = line};

    (void)snprintf(one.code, sizeof one.code, "%s", code);
    (void)snprintf(one.path, sizeof one.path, "%s", path);
    (void)snprintf(one.text, sizeof one.text, "%s", text);
    corv_findings_add(f, &one);
}

/* The configuration knows that the files are there; whether this user may read them is for the one
 * who asks: corvctl may run as another user than the daemon. */
static void check_files(const struct corv_config *c, struct corv_findings *f)
{
    const struct {
        const char *key;
        const char *path;
    } files[] = {{"listen.certificate", c->listen.certificate}, {"listen.key", c->listen.key},
        {"listen.client_ca", c->listen.client_ca}, {"listen.client_crl", c->listen.client_crl},
        {"delivery.certificate", c->delivery.certificate}, {"delivery.key", c->delivery.key},
        {"delivery.ca", c->delivery.ca}};

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i].path && access(files[i].path, R_OK) != 0)
            add(f, 0, CORV_SEV_WARNING, files[i].key, "config.file-unreadable",
                "Dit bestand is voor u niet te lezen. Kan de gebruiker van corvd dat wel?");
}

/* Each adapter judges its own settings, with what the daemon adds to them. */
static void check_adapter(const struct corv_config *c, unsigned i, struct corv_findings *f)
{
    struct corv_host_entry_room room;
    struct corv_host_entry e;
    struct corv_fault fault = {0};

    corv_host_entry_of(c, i, &room, &e);
    if (corv_hosts_check(&e, &fault) != CORV_OK)
        add(f, c->adapters[i].line, CORV_SEV_ERROR, "adapters[]",
            fault.code[0] ? fault.code : "adapter.check", fault.text);
}

/* The schema sets and rules that it names must be there and work. */
static void check_judge(const struct corv_config *c, struct corv_findings *f)
{
    struct corv_judge *judge = NULL;
    struct corv_fault fault = {0};

    corv_schemas_init();
    if (corv_judge_up(c, &judge, &fault) != CORV_OK)
        add(f, 0, CORV_SEV_ERROR, strncmp(fault.code, "rules", 5) == 0 ? "rules[]" : "schemas[]",
            fault.code[0] ? fault.code : "schemas.check", fault.text);
    corv_judge_free(judge);
}

static void say(struct corv_ctl *ctl, const struct corv_findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct corv_finding *one = &f->list[i];
        bool error = one->severity == CORV_SEV_ERROR;

        (void)corv_buf_add_str(&ctl->out, ctl->config_path);
        corv_ctl_printf(ctl, ":%d: ", one->line);
        corv_ctl_tone_write(&ctl->out, error ? CORV_TONE_BAD : CORV_TONE_WARN,
            error ? "fout" : "let op", ctl->color);
        corv_ctl_printf(ctl, " %s\n", one->code);
        corv_ctl_wrap(&ctl->out, "", 4, one->text);
        if (one->path[0])
            corv_ctl_wrap(&ctl->out, "", 4, one->path);
    }
    if (f->dropped)
        corv_ctl_printf(ctl, "En nog %zu bevindingen.\n", f->dropped);
    (void)corv_buf_add_str(&ctl->out, ctl->config_path);
    if (f->errors)
        corv_ctl_printf(ctl, ": %zu fout%s\n", f->errors, f->errors == 1 ? "" : "en");
    else
        corv_ctl_printf(ctl, ": in orde\n");
}

int corv_verb_config_check(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_findings findings;
    int code;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0))
        return CORV_CTL_ERROR;
    if (access(ctl->config_path, F_OK) != 0)
        return corv_ctl_config(ctl) ? CORV_CTL_YES : CORV_CTL_ERROR; /* says what is wrong */
    corv_findings_init(&findings);
    if (corv_config_load(ctl->config_path, &ctl->config, &findings) == CORV_OK) {
        check_files(ctl->config, &findings);
        corv_certs_check(ctl->config, &findings);
        corv_certs_judge(ctl->config, &findings);
        corv_servers_check(ctl->config, &findings);
        for (unsigned i = 0; i < ctl->config->adapters_count; i++)
            check_adapter(ctl->config, i, &findings);
        check_judge(ctl->config, &findings);
    } else {
        ctl->config = NULL;
    }
    code = findings.errors ? CORV_CTL_NO : CORV_CTL_YES;
    if (ctl->json)
        corv_ctl_json(
            ctl, json_pack("{s:o, s:b, s:o, s:I}", "file", corv_ctl_json_text(ctl->config_path),
                     "valid", findings.errors == 0, "findings", corv_ctl_json_findings(&findings),
                     "more", (json_int_t)findings.dropped));
    else
        say(ctl, &findings);
    corv_findings_free(&findings);
    return code;
}
