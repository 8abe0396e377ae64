/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/log.h"
#include "daemon/host/host.h"
#include "daemon/reload_parts.h"

static int find(const struct corv_config *c, const char *name)
{
    for (unsigned i = 0; i < c->adapters_count; i++)
        if (strcmp(c->adapters[i].name, name) == 0)
            return (int)i;
    return -1;
}

static bool same_settings(const struct corv_adapter_entry *a, const struct corv_adapter_entry *b)
{
    if (a->settings_count != b->settings_count)
        return false;
    for (unsigned i = 0; i < a->settings_count; i++)
        if (strcmp(a->settings[i].key, b->settings[i].key) != 0 ||
            strcmp(a->settings[i].value, b->settings[i].value) != 0)
            return false;
    return true;
}

static void wait_for_restart(struct corv_reload_result *r, const char *name, const char *what)
{
    char text[64];

    (void)snprintf(text, sizeof text, "adapters[%.40s].%s", name, what);
    corv_reload_add_restart(r, text);
}

static bool other_library(const struct corv_app *app, const struct corv_adapter_entry *a)
{
    const char *running = corv_hosts_library(app->hosts, a->name);

    return running && strcmp(running, a->library) != 0;
}

void corv_reload_check_adapters(
    struct corv_app *app, struct corv_config *fresh, struct corv_reload_result *r)
{
    for (unsigned i = 0; i < fresh->adapters_count; i++) {
        struct corv_host_entry_room room;
        struct corv_host_entry e;
        struct corv_fault f = {0};
        int old = find(app->config, fresh->adapters[i].name);

        corv_host_entry_of(fresh, i, &room, &e);
        if (corv_hosts_check(&e, &f) != CORV_OK)
            corv_reload_add_fault(r, &f, fresh->adapters[i].line, "adapters[]");
        if (!other_library(app, &fresh->adapters[i]))
            continue;
        wait_for_restart(r, fresh->adapters[i].name, "library");
        if (old >= 0)
            fresh->adapters[i] = app->config->adapters[old];
    }
    for (unsigned i = 0; i < app->config->adapters_count; i++)
        if (find(fresh, app->config->adapters[i].name) < 0)
            wait_for_restart(r, app->config->adapters[i].name, "name");
}

static corv_rc give(struct corv_app *app, const struct corv_config *c, unsigned i,
    struct corv_reload_result *r, struct corv_fault *f)
{
    const struct corv_adapter_entry *a = &c->adapters[i];
    struct corv_host_entry_room room;
    struct corv_host_entry e;
    int old = find(app->config, a->name);
    corv_rc rc;

    if (other_library(app, a))
        return CORV_OK; /* named already */
    corv_host_entry_of(c, i, &room, &e);
    if (!corv_hosts_library(app->hosts, a->name))
        return corv_hosts_add(app->hosts, &e, f);
    rc = corv_hosts_reconfigure(app->hosts, &e, f);
    if (rc != CORV_E_STATE)
        return rc;
    if (old < 0 || !same_settings(a, &app->config->adapters[old]))
        wait_for_restart(r, a->name, "settings");
    return CORV_OK; /* it never takes new settings, and says so */
}

/* Best effort: what the files held before may be gone. */
static void take_back(struct corv_app *app, const struct corv_config *fresh, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct corv_reload_result ignored = {0};
        struct corv_fault f = {0};
        int old = find(app->config, fresh->adapters[i].name);

        if (old >= 0 && give(app, app->config, (unsigned)old, &ignored, &f) != CORV_OK)
            CORV_LOG(ERROR, "config.adapter-not-taken-back", NULL,
                CORV_F(ADAPTER, fresh->adapters[i].name), CORV_F(CODE, f.code),
                CORV_F(REASON, f.text));
    }
}

corv_rc corv_reload_apply_adapters(
    struct corv_app *app, const struct corv_config *fresh, struct corv_reload_result *r)
{
    for (unsigned i = 0; i < fresh->adapters_count; i++) {
        struct corv_fault f = {0};
        corv_rc rc = give(app, fresh, i, r, &f);

        if (rc != CORV_OK) {
            corv_reload_add_fault(r, &f, fresh->adapters[i].line, "adapters[]");
            take_back(app, fresh, i);
            return rc;
        }
    }
    return CORV_OK;
}
