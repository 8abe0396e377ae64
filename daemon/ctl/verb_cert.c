/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "daemon/certs.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"

static const char *state_of(const struct corv_cert *c)
{
    if (!c->readable)
        return "onleesbaar";
    if (c->file.days < 0)
        return "VERLOPEN";
    return corv_cert_good(c) ? "goed" : "vernieuwen";
}

static json_t *certs_json(const struct corv_cert *certs, unsigned count)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < count; i++) {
        json_t *one = json_pack("{s:s, s:o, s:b, s:o}", "key", certs[i].key, "file",
            corv_ctl_json_text(certs[i].path), "good", corv_cert_good(&certs[i]), "text",
            corv_ctl_json_text(certs[i].fault.text));

        (void)json_object_set_new(
            one, "days", certs[i].readable ? json_integer(certs[i].file.days) : json_null());
        (void)json_array_append_new(list, one);
    }
    return list;
}

static void certs_table(struct corv_ctl *ctl, const struct corv_cert *certs, unsigned count)
{
    static const struct corv_ctl_column columns[] = {{.title = "INSTELLING", .least = 12},
        {.title = "BESTAND", .least = 20}, {.title = "DAGEN", .right = true},
        {.title = "OORDEEL", .toned = true}, {.title = NULL}};
    struct corv_ctl_table t;

    corv_ctl_table_init(&t, columns);
    for (unsigned i = 0; i < count; i++) {
        const char *name = strrchr(certs[i].path, '/');
        char days[16] = "?";
        const char *cells[] = {
            certs[i].key, name ? name + 1 : certs[i].path, days, state_of(&certs[i])};

        if (certs[i].readable)
            (void)snprintf(days, sizeof days, "%d", certs[i].file.days);
        corv_ctl_table_add(&t,
            corv_cert_good(&certs[i])                      ? CORV_TONE_GOOD
            : certs[i].readable && certs[i].file.days >= 0 ? CORV_TONE_WARN
                                                           : CORV_TONE_BAD,
            cells);
    }
    corv_ctl_table_end(ctl, &t);
    for (unsigned i = 0; i < count; i++)
        if (!certs[i].readable)
            corv_ctl_line(ctl, certs[i].key, "%s", certs[i].fault.text);
}

int corv_verb_cert_check(struct corv_ctl *ctl, int argc, char **argv)
{
    static struct corv_cert certs[CORV_CERTS_MAX];
    unsigned count;
    int code = CORV_CTL_YES;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0) || !corv_ctl_config(ctl))
        return CORV_CTL_ERROR;
    count = corv_certs_of(ctl->config, certs);
    for (unsigned i = 0; i < count; i++)
        if (!corv_cert_good(&certs[i]))
            code = CORV_CTL_NO;
    if (ctl->json)
        corv_ctl_json(ctl, certs_json(certs, count));
    else
        certs_table(ctl, certs, count);
    return code;
}
