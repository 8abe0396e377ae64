/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/partner/yaml.h"

#define TEXT(of, key)  CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, of, key, 1, 400)
#define MAYBE(of, key) CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_OPTIONAL, of, key, 1, 400)

static const cyaml_schema_field_t corvd_fields[] = {TEXT(struct partner_corvd, intake),
    TEXT(struct partner_corvd, dai), TEXT(struct partner_corvd, admin),
    MAYBE(struct partner_corvd, state_dir), CYAML_FIELD_END};
static const cyaml_schema_field_t listen_fields[] = {TEXT(struct partner_listen, address),
    TEXT(struct partner_listen, host),
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct partner_listen, port), CYAML_FIELD_END};
static const cyaml_schema_field_t top_fields[] = {
    CYAML_FIELD_MAPPING("corvd", CYAML_FLAG_DEFAULT, struct partner_settings, corvd, corvd_fields),
    CYAML_FIELD_MAPPING(
        "listen", CYAML_FLAG_DEFAULT, struct partner_settings, listen, listen_fields),
    TEXT(struct partner_settings, certificates), MAYBE(struct partner_settings, application),
    CYAML_FIELD_END};
static const cyaml_schema_value_t top = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct partner_settings, top_fields)};

unsigned partner_url_port(const char *url)
{
    const char *host = strstr(url, "://");
    const char *port = host ? strchr(host + 3, ':') : NULL;
    const char *path = host ? strchr(host + 3, '/') : NULL;

    if (!host || host[3] == '\0')
        return 0;
    if (!port || (path && path < port))
        return 443;

    unsigned long n = strtoul(port + 1, NULL, 10);

    return n <= 65535 ? (unsigned)n : 0;
}

static bool good(const char *path, const struct partner_settings *s)
{
    const char *wrong = NULL;

    if (strncmp(s->corvd.intake, "https://", 8) != 0 || partner_url_port(s->corvd.intake) == 0)
        wrong = "corvd.intake is geen adres als https://localhost:8443";
    else if (partner_url_port(s->corvd.dai) == 0 || !strchr(s->corvd.dai + 8, '/'))
        wrong = "corvd.dai is geen adres als https://localhost:8455/dai";
    else if (s->corvd.admin[0] != '/' && strncmp(s->corvd.admin, "http://", 7) != 0)
        wrong = "corvd.admin is geen pad van een socket en geen adres als http://127.0.0.1:8444";
    else if (s->listen.port == 0 || s->listen.port > 65535)
        wrong = "listen.port is geen poort van 1 tot 65535";
    if (wrong)
        (void)fprintf(stderr, "corv-partner: %s: %s\n", path, wrong);
    return !wrong;
}

corv_rc partner_settings_load(const char *path, struct partner_settings **out)
{
    cyaml_config_t how = partner_yaml(path);
    cyaml_err_t e;

    *out = NULL;
    e = cyaml_load_file(path, &how, &top, (cyaml_data_t **)out, NULL);
    if (e != CYAML_OK || !*out) { /* an empty file is no error to libcyaml */
        (void)fprintf(
            stderr, "corv-partner: %s: niet te gebruiken (%s)\n", path, cyaml_strerror(e));
        return CORV_E_INVALID;
    }
    if (good(path, *out))
        return CORV_OK;
    partner_settings_free(*out);
    *out = NULL;
    return CORV_E_INVALID;
}

void partner_settings_free(struct partner_settings *s)
{
    cyaml_config_t how = partner_yaml("");

    (void)cyaml_free(&how, &top, s, 0);
}
