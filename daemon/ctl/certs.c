/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/certs.h"

#include <string.h>

#include "daemon/loop/tls.h"

static void add(struct corv_ctl_cert *out, unsigned *count, const char *key, const char *path)
{
    struct corv_ctl_cert *cert = &out[*count];

    if (!path || !*path || *count == CORV_CTL_CERTS_MAX)
        return;
    for (unsigned i = 0; i < *count; i++)
        if (strcmp(out[i].path, path) == 0)
            return;
    *cert = (struct corv_ctl_cert){.key = key, .path = path};
    cert->readable = corv_tls_days_left(path, &cert->days, &cert->fault) == CORV_OK;
    ++*count;
}

unsigned corv_ctl_certs(const struct corv_config *c, struct corv_ctl_cert out[CORV_CTL_CERTS_MAX])
{
    unsigned count = 0;

    add(out, &count, "listen.certificate", c->listen.certificate);
    add(out, &count, "listen.client_ca", c->listen.client_ca);
    add(out, &count, "delivery.certificate", c->delivery.certificate);
    add(out, &count, "delivery.ca", c->delivery.ca);
    for (unsigned a = 0; a < c->adapters_count; a++)
        for (unsigned s = 0; s < c->adapters[a].settings_count; s++) {
            const struct corv_setting *setting = &c->adapters[a].settings[s];

            if (strcmp(setting->key, "certificate") == 0 || strcmp(setting->key, "ca") == 0)
                add(out, &count, c->adapters[a].name, setting->value);
        }
    return count;
}
