/* SPDX-License-Identifier: EUPL-1.2 */
/* The verb config: a corvd.yaml in which corvd knows the parties that corv-partner plays. */
#include <stdio.h>
#include <string.h>

#include "daemon/partner/partner.h"
#include "daemon/partner/verbs.h"

#define STATE_DIR "/var/lib/corvd-ketentest"

static void print_top(const struct partner_settings *s)
{
    (void)printf("# Een corvd voor de ketentest, gemaakt door corv-partner config. Niet voor echte "
                 "berichten.\n"
                 "production: false\n"
                 "oin: \"00000099000000100800\"\n"
                 "state_dir: \"%s\"\n"
                 "database: embedded\n\n"
                 "listen:\n  address: 127.0.0.1\n  port: %u\n"
                 "  certificate: \"%s/server.pem\"\n  key: \"%s/server.key\"\n"
                 "  client_ca: \"%s/ca.pem\"\n\n",
        s->corvd.state_dir ? s->corvd.state_dir : STATE_DIR, partner_url_port(s->corvd.intake),
        s->certificates, s->certificates, s->certificates);
    if (s->corvd.admin[0] == '/')
        (void)printf("admin:\n  socket: \"%s\"\n\n", s->corvd.admin);
    else
        (void)printf("admin:\n  port: %u\n\n", partner_url_port(s->corvd.admin));
    (void)printf("delivery:\n  certificate: \"%s/server.pem\"\n  key: \"%s/server.key\"\n"
                 "  ca: \"%s/ca.pem\"\n"
                 "  timeout_seconds: 4         # kort, om het uitblijven van een antwoord te "
                 "kunnen testen\n"
                 "  lease_seconds: 30\n"
                 "  retry_first_seconds: 1\n  retry_max_seconds: 2\n\n",
        s->certificates, s->certificates, s->certificates);
}

static void print_adapters(const struct partner_settings *s)
{
    const char *path = strchr(strstr(s->corvd.dai, "://") + 3, '/');
    bool plain = strncmp(s->corvd.dai, "http://", 7) == 0;

    (void)printf("adapters:\n"
                 "  - name: https\n    library: builtin:https\n"
                 "  - name: test-dai\n    library: builtin:dai\n    settings:\n"
                 "      - {key: listen_address, value: \"127.0.0.1\"}\n"
                 "      - {key: listen_port, value: \"%u\"}\n"
                 "      - {key: path, value: \"%s\"}\n",
        partner_url_port(s->corvd.dai), path);
    if (plain)
        (void)printf("      - {key: listen_tls, value: none}\n"
                     "      - {key: sender, value: test-gemeente}\n\n");
    else
        (void)printf("      - {key: listen_tls, value: two-way}\n"
                     "      - {key: listen_certificate, value: \"%s/server.pem\"}\n"
                     "      - {key: listen_key, value: \"%s/server.key\"}\n"
                     "      - {key: listen_client_ca, value: \"%s/ca.pem\"}\n\n",
            s->certificates, s->certificates, s->certificates);
}

static void print_parties(const struct partner_settings *s)
{
    (void)printf("parties:\n");
    for (int i = 0; i < PARTNER_PARTIES; i++) {
        const struct partner_party *p = &partner_parties[i];

        (void)printf(
            "  - id: %s\n    name: \"%s\"\n    oin: \"%s\"\n    roles:\n      - role: %s\n", p->id,
            p->title, p->oin, p->role);
        if (strcmp(p->role, "gemeente") == 0)
            (void)printf("    gemeentecode: \"9999\"\n    woonplaatsen: [Testdorp]\n");
        (void)printf("    adapter: %s\n", p->dai ? "test-dai" : "https");
        if (p->dai && s->application)
            (void)printf("    address: \"%s\"\n", s->application);
        else
            (void)printf(
                "    address: \"https://%s:%u/%s\"\n", s->listen.host, s->listen.port, p->name);
    }
}

static void print_routes(void)
{
    static const char *const kinds[] = {"vtoDi01", "notificatieDi01", "notificatiejrDi01",
        "zorgmeldingDi01", "zorgmeldingTerugkoppelingDi01", "Bv01Bericht", "Fo01Bericht"};

    (void)printf("\nroutes:\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        (void)printf("  - {name: test-%zu, kind: %s, to: ontvanger}\n", i + 1, kinds[i]);
}

int partner_verb_config(const struct partner_options *o)
{
    struct partner_settings *s = NULL;

    if (partner_settings_load(o->config, &s) != CORV_OK)
        return PARTNER_ERROR;
    print_top(s);
    print_adapters(s);
    print_parties(s);
    print_routes();
    partner_settings_free(s);
    return fflush(stdout) == 0 ? PARTNER_GOOD : PARTNER_ERROR;
}
