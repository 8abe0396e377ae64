/* SPDX-License-Identifier: EUPL-1.2 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl/import.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/read_file.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "schemas/import.h"
#include "schemas/rule_date.h"
#include "schemas/store_manifest.h"
#include "schemas/verdict.h"

/* ---- shared with verb_reference.c --------------------------------------------------------------
 */

const char *corv_ctl_user(void)
{
    const struct passwd *p = getpwuid(geteuid());

    return p ? p->pw_name : "";
}

const char *corv_ctl_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool corv_ctl_state_dir(struct corv_ctl *ctl, const char *given, const char **out)
{
    if (!given && !corv_ctl_config(ctl))
        return false;
    *out = given ? given : ctl->config->state_dir;
    return true;
}

bool corv_ctl_read_whole(struct corv_ctl *ctl, const char *path, size_t limit, struct corv_buf *out)
{
    if (corv_ctl_read_file(ctl, path, limit, out) != CORV_OK)
        return false;
    if (out->n <= limit)
        return true;
    (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.file", "%s is te groot.", path);
    return false;
}

/* ---- what is said -------------------------------------------------------------------------------
 */

json_t *corv_ctl_kinds_json(uint32_t kinds)
{
    json_t *list = json_array();

    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        if (kinds >> k & 1)
            (void)json_array_append_new(list, json_string(corv_kind_name((enum corv_kind)k)));
    return list;
}

static json_t *repairs_json(const struct corv_schema_set *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->repairs_count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:o, s:i, s:s}", "file", corv_ctl_json_text(s->repairs[i].file),
                      "line", s->repairs[i].line, "what", s->repairs[i].what));
    return list;
}

json_t *corv_ctl_set_json(const struct corv_schema_set *s)
{
    char published[16], from[16];

    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
        corv_ctl_json_text(s->name), "sha256", s->hash, "version", corv_ctl_json_text(s->version),
        "published", corv_ctl_json_text(corv_manifest_day(s->published, published)), "from",
        corv_ctl_json_text(corv_manifest_day(s->from, from)), "source",
        corv_ctl_json_text(s->source), "imported_at", corv_ctl_json_text(s->imported_at),
        "imported_by", corv_ctl_json_text(s->imported_by), "kinds", corv_ctl_kinds_json(s->kinds),
        "repairs", repairs_json(s));
}

/* "jr vt stuf", or "alles". */
char *corv_ctl_families_text(const struct corv_schema_set *s, char *out, size_t size)
{
    static const char *const names[CORV_FAMILY_COUNT] = {[CORV_FAMILY_JR] = "jr",
        [CORV_FAMILY_VT] = "vt",
        [CORV_FAMILY_VV] = "vv",
        [CORV_FAMILY_GM] = "gm",
        [CORV_FAMILY_STUF] = "stuf"};
    size_t n = 0;

    out[0] = '\0';
    for (int f = 0; f < CORV_FAMILY_COUNT; f++)
        if (names[f] && s->entry[f] && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " " : "", names[f]);
    return out;
}

static void say_repairs(struct corv_ctl *ctl, const struct corv_schema_set *s)
{
    if (s->repairs_count)
        corv_ctl_printf(ctl, "Gerepareerd (de zip zelf is ongewijzigd bewaard):\n");
    for (size_t i = 0; i < s->repairs_count; i++) {
        corv_ctl_printf(ctl, "  ");
        corv_ctl_clean(&ctl->out, s->repairs[i].file);
        corv_ctl_printf(ctl, ":%d %s\n", s->repairs[i].line,
            strcmp(s->repairs[i].what, "backslash") == 0
                ? "backslash in schemaLocation"
                : "ontbrekende include toegevoegd achter deze regel");
    }
}

static void say_set(struct corv_ctl *ctl, const struct corv_schema_set *s, bool already)
{
    char families[64], day[16];

    corv_ctl_printf(
        ctl, already ? "Deze set was er al.\n" : "De schema's zijn nagekeken en opgeslagen.\n");
    corv_ctl_line(ctl, "Naam", "%s", s->name);
    corv_ctl_line(ctl, "Versie", "%s", *s->version ? s->version : "(onbekend)");
    corv_ctl_line(ctl, "SHA-256", "%s", s->hash);
    corv_ctl_line(ctl, "Berichten", "%s", corv_ctl_families_text(s, families, sizeof families));
    if (s->from)
        corv_ctl_line(ctl, "Vanaf", "%s", corv_manifest_day(s->from, day));
    say_repairs(ctl, s);
    if (!already)
        corv_ctl_printf(ctl, "De set geldt pas als de configuratie hem kiest.\n");
}

/* ---- schemas import -----------------------------------------------------------------------------
 */

/* JJJJ-MM-DD as YYYYMMDD; 0 when it is none. */
static int read_day(const char *text)
{
    char day[9];

    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return 0;
    (void)snprintf(day, sizeof day, "%.4s%.2s%.2s", text, text + 5, text + 8);
    return corv_rule_date_read(corv_view_str(day), 'V').first;
}

static int import(struct corv_ctl *ctl, const struct corv_import_request *request)
{
    struct corv_schema_set *set = NULL;
    struct corv_fault fault = {0};
    bool already = false;
    corv_rc rc;

    corv_schemas_init();
    rc = corv_schemas_import(request, &set, &already, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json) {
        json_t *value = corv_ctl_set_json(set);

        (void)json_object_set_new(value, "already", json_boolean(already));
        corv_ctl_json(ctl, value);
    } else {
        say_set(ctl, set, already);
    }
    corv_schema_set_free(set);
    return CORV_CTL_YES;
}

int corv_verb_schemas_import(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *from = NULL, *name = NULL, *state = NULL;
    const struct corv_ctl_option options[] = {
        {"--from", &from}, {"--name", &name}, {"--state-dir", &state}, {NULL, NULL}};
    struct corv_import_request r = {0};
    struct corv_buf zip;
    int code = CORV_CTL_ERROR;

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1) ||
        !corv_ctl_state_dir(ctl, state, &r.state_dir))
        return CORV_CTL_ERROR;
    r.from = from ? read_day(from) : 0;
    if (from && !r.from)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage",
            "Schrijf de dag achter --from als JJJJ-MM-DD, bijvoorbeeld 2026-11-22.");
    corv_buf_init(&zip, CORV_IMPORT_ZIP_MOST + 2);
    if (corv_ctl_read_whole(ctl, argv[0], CORV_IMPORT_ZIP_MOST, &zip)) {
        r.source = corv_ctl_base_name(argv[0]);
        r.zip = corv_buf_view(&zip);
        r.name = name;
        r.by = corv_ctl_user();
        code = import(ctl, &r);
    }
    corv_buf_free(&zip);
    return code;
}
