/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/certs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(
    struct corv_cert *out, unsigned *count, const char *key, const char *path, bool issuers)
{
    struct corv_cert *cert = &out[*count];

    if (!path || !*path || *count == CORV_CERTS_MAX)
        return;
    for (unsigned i = 0; i < *count; i++)
        if (strcmp(out[i].path, path) == 0)
            return;
    *cert = (struct corv_cert){.key = key, .path = path, .issuers = issuers};
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

static bool is_issuers(const char *key)
{
    return strcmp(key, "ca") == 0 || strcmp(key, "listen_client_ca") == 0;
}

unsigned corv_certs_of(const struct corv_config *c, struct corv_cert out[CORV_CERTS_MAX])
{
    unsigned count = 0;

    add(out, &count, "listen.certificate", c->listen.certificate, false);
    add(out, &count, "listen.client_ca", c->listen.client_ca, true);
    add(out, &count, "listen.client_crl", c->listen.client_crl, false);
    add(out, &count, "delivery.certificate", c->delivery.certificate, false);
    add(out, &count, "delivery.ca", c->delivery.ca, true);
    for (unsigned a = 0; a < c->adapters_count; a++)
        for (unsigned s = 0; s < c->adapters[a].settings_count; s++) {
            const struct corv_setting *setting = &c->adapters[a].settings[s];

            if (names_certificates(setting->key))
                add(out, &count, c->adapters[a].name, setting->value, is_issuers(setting->key));
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

/* ---- judging what the files say ------------------------------------------------------------ */

static void judge_dates(const struct corv_cert *c, struct corv_findings *f)
{
    unsigned all = c->file.certificates + c->file.lists;
    bool spare = c->issuers && c->file.past + c->file.early < all;
    enum corv_severity bad = spare ? CORV_SEV_WARNING : CORV_SEV_ERROR;
    const char *what = c->file.certificates > 0 ? "certificaat" : "intrekkingslijst";

    if (c->file.past > 0)
        corv_findings_setting(f, bad, "config.certificate-expired", c->key,
            "%.120s: verlopen op %s (%s). Zet er een nieuwe neer.", c->path, c->file.until, what);
    else if (!corv_cert_good(c))
        corv_findings_setting(f, CORV_SEV_WARNING, "config.certificate-soon", c->key,
            "%.120s: verloopt op %s, over %d dag%s (%s). Vraag een nieuwe aan.", c->path,
            c->file.until, c->file.days, c->file.days == 1 ? "" : "en", what);
    if (c->file.early > 0)
        corv_findings_setting(f, bad, "config.certificate-early", c->key,
            "%.120s: geldt pas vanaf %s (%s). Klopt de klok van deze machine?", c->path,
            c->file.from, what);
}

static void judge_pair(
    const char *key, const char *certificate, const char *private_key, struct corv_findings *f)
{
    if (!certificate || !private_key || access(certificate, R_OK) != 0 ||
        access(private_key, R_OK) != 0)
        return;
    switch (corv_tls_file_fits(certificate, private_key)) {
    case CORV_OK:
        return;
    case CORV_E_STATE:
        corv_findings_setting(f, CORV_SEV_ERROR, "config.key-other", key,
            "De sleutel in %.100s hoort niet bij het certificaat in %.100s.", private_key,
            certificate);
        return;
    default:
        corv_findings_setting(f, CORV_SEV_ERROR, "config.key-unusable", key,
            "In %.100s staat geen sleutel die corvd kan gebruiken (PEM, zonder wachtwoord), of in "
            "%.80s geen certificaat.",
            private_key, certificate);
    }
}

static const char *setting_of(const struct corv_adapter_entry *a, const char *key)
{
    for (unsigned s = 0; s < a->settings_count; s++)
        if (strcmp(a->settings[s].key, key) == 0 && a->settings[s].value && *a->settings[s].value)
            return a->settings[s].value;
    return NULL;
}

static void judge_pairs(const struct corv_config *c, struct corv_findings *f)
{
    judge_pair("listen.key", c->listen.certificate, c->listen.key, f);
    judge_pair("delivery.key", c->delivery.certificate, c->delivery.key, f);
    for (unsigned i = 0; i < c->adapters_count; i++) {
        const struct corv_adapter_entry *a = &c->adapters[i];

        judge_pair(a->name, setting_of(a, "certificate"), setting_of(a, "key"), f);
        judge_pair(a->name, setting_of(a, "listen_certificate"), setting_of(a, "listen_key"), f);
    }
}

void corv_certs_judge(const struct corv_config *c, struct corv_findings *findings)
{
    struct corv_cert *certs = calloc(CORV_CERTS_MAX, sizeof *certs);
    unsigned count = 0;

    if (certs)
        count = corv_certs_of(c, certs);
    else
        corv_findings_setting(
            findings, CORV_SEV_ERROR, "config.memory", "", "Er is te weinig geheugen.");
    for (unsigned i = 0; i < count; i++)
        if (certs[i].readable)
            judge_dates(&certs[i], findings);
        else if (access(certs[i].path, R_OK) == 0)
            corv_findings_setting(findings, CORV_SEV_ERROR, "config.certificate-none", certs[i].key,
                "%s", certs[i].fault.text);
    judge_pairs(c, findings);
    free(certs);
}
