/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/certs.h"

#include <stdlib.h>
#include <string.h>

static void add(struct corv_cert *out, unsigned *count, const char *key, const char *path)
{
    struct corv_cert *cert = &out[*count];

    if (!path || !*path || *count == CORV_CERTS_MAX)
        return;
    for (unsigned i = 0; i < *count; i++)
        if (strcmp(out[i].path, path) == 0)
            return;
    *cert = (struct corv_cert){.key = key, .path = path};
    cert->readable = corv_tls_file_read(path, &cert->file, &cert->fault) == CORV_OK;
    ++*count;
}

bool corv_cert_good(const struct corv_cert *c)
{
    return c->readable &&
           c->file.days >= (c->file.certificates > 0 ? CORV_CERT_DAYS : CORV_CRL_DAYS);
}

unsigned corv_cert_step(const struct corv_tls_file *f)
{
    static const int of_certificates[] = {90, 60, 30, 7, 0};
    static const int of_lists[] = {0, 0, 0, CORV_CRL_DAYS, 0};
    const int *before = f->certificates > 0 ? of_certificates : of_lists;
    unsigned step = 0;

    for (unsigned i = 0; i < 5; i++)
        if (f->days < before[i])
            step = i + 1;
    return step;
}

/* The settings by which an adapter names such a file. */
static bool names_certificates(const char *key)
{
    static const char *const keys[] = {
        "certificate", "ca", "listen_certificate", "listen_client_ca", "listen_client_crl"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

unsigned corv_certs_of(const struct corv_config *c, struct corv_cert out[CORV_CERTS_MAX])
{
    unsigned count = 0;

    add(out, &count, "listen.certificate", c->listen.certificate);
    add(out, &count, "listen.client_ca", c->listen.client_ca);
    add(out, &count, "listen.client_crl", c->listen.client_crl);
    add(out, &count, "delivery.certificate", c->delivery.certificate);
    add(out, &count, "delivery.ca", c->delivery.ca);
    for (unsigned a = 0; a < c->adapters_count; a++)
        for (unsigned s = 0; s < c->adapters[a].settings_count; s++) {
            const struct corv_setting *setting = &c->adapters[a].settings[s];

            if (names_certificates(setting->key))
                add(out, &count, c->adapters[a].name, setting->value);
        }
    return count;
}

void corv_certs_check(const struct corv_config *c, struct corv_findings *findings)
{
    struct corv_cert *certs = NULL;
    unsigned count = 0;

    if (!c->production)
        return;
    certs = calloc(CORV_CERTS_MAX, sizeof *certs);
    if (certs)
        count = corv_certs_of(c, certs);
    else
        corv_findings_addf(findings, CORV_LAYER_CONFIG, CORV_ACT_BEHEERDER, "config.memory", 0, "",
            "Er is te weinig geheugen.");
    for (unsigned i = 0; i < count; i++)
        if (certs[i].readable && certs[i].file.test)
            corv_findings_addf(findings, CORV_LAYER_CONFIG, CORV_ACT_BEHEERDER,
                "config.test-certificate", 0, certs[i].key,
                "In %.160s staat een certificaat dat voor tests is gemaakt; dat mag niet met "
                "production: true.",
                certs[i].path);
    free(certs);
}
