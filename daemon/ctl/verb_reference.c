/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>

#include "daemon/base/clock.h"
#include "daemon/ctl/import.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"
#include "schemas/reference_import.h"

static size_t active(const struct corv_reference *r, int day)
{
    size_t count = 0;

    for (size_t i = 0; i < r->instances_count; i++)
        count += corv_instance_valid(&r->instances[i], day);
    return count;
}

static void say(struct corv_ctl *ctl, const struct corv_reference *r, json_t *extra)
{
    int today = corv_clock_day(corv_clock_us());

    if (ctl->json) {
        json_t *value = json_pack("{s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:I}", "edition",
            corv_ctl_json_text(r->edition), "sha256", r->source_hash, "source",
            corv_ctl_json_text(r->source), "imported_at", corv_ctl_json_text(r->imported_at),
            "imported_by", corv_ctl_json_text(r->imported_by), "instances",
            (json_int_t)r->instances_count, "active", (json_int_t)active(r, today), "roles",
            (json_int_t)r->roles_count);

        (void)json_object_update(value, extra);
        corv_ctl_json(ctl, value);
        return;
    }
    corv_ctl_line(ctl, "Lijst", "%s", r->edition);
    corv_ctl_line(
        ctl, "Instanties", "%zu, waarvan %zu nu geldig", r->instances_count, active(r, today));
    corv_ctl_line(ctl, "Rollen", "%zu", r->roles_count);
    corv_ctl_line(ctl, "Bron", "%s", r->source);
    corv_ctl_line(ctl, "SHA-256", "%s", r->source_hash);
    corv_ctl_line(ctl, "Sinds", "%s", r->imported_at);
}

static int import(struct corv_ctl *ctl, const struct corv_reference_request *request)
{
    struct corv_reference *r = NULL;
    struct corv_fault fault = {0};
    bool already = false;
    corv_rc rc = corv_reference_import(request, &r, &already, &fault);
    json_t *extra;

    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    extra = json_pack("{s:b}", "already", already);
    if (!ctl->json)
        corv_ctl_printf(ctl, already ? "Deze lijst was al in gebruik.\n"
                                     : "De lijst is nagekeken en nu in gebruik.\n");
    say(ctl, r, extra);
    json_decref(extra);
    corv_reference_free(r);
    return CORV_CTL_YES;
}

int corv_verb_reference_import(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *state = NULL;
    const struct corv_ctl_option options[] = {{"--state-dir", &state}, {NULL, NULL}};
    struct corv_reference_request r = {0};
    struct corv_buf file;
    int code = CORV_CTL_ERROR;

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1) ||
        !corv_ctl_state_dir(ctl, state, &r.state_dir))
        return CORV_CTL_ERROR;
    corv_buf_init(&file, CORV_REFERENCE_FILE_MOST + 2);
    if (corv_ctl_read_whole(ctl, argv[0], CORV_REFERENCE_FILE_MOST, &file)) {
        r.source = corv_ctl_base_name(argv[0]);
        r.file = corv_buf_view(&file);
        r.by = corv_ctl_user();
        code = import(ctl, &r);
    }
    corv_buf_free(&file);
    return code;
}

int corv_verb_reference_list(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *given = NULL, *state = NULL;
    const struct corv_ctl_option options[] = {{"--state-dir", &given}, {NULL, NULL}};
    struct corv_reference *r = NULL;
    struct corv_fault fault = {0};
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0) ||
        !corv_ctl_state_dir(ctl, given, &state))
        return CORV_CTL_ERROR;
    rc = corv_reference_load(state, &r, &fault);
    if (rc == CORV_E_NOTFOUND)
        return corv_ctl_complain(ctl, CORV_CTL_NO, "reference.none",
            "Er is nog geen referentielijst geïmporteerd: corvctl reference import BESTAND");
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    say(ctl, r, NULL);
    corv_reference_free(r);
    return CORV_CTL_YES;
}
