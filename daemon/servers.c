/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/servers.h"

#include <stdio.h>
#include <string.h>

#include "queue/pg_hosts.h"

static void warn(struct corv_findings *f, const char *code, const char *text)
{
    struct corv_finding one = {
        .layer = CORV_LAYER_CONFIG, .severity = CORV_SEV_WARNING, .actor = CORV_ACT_BEHEERDER};

    (void)snprintf(one.code, sizeof one.code, "%s", code);
    (void)snprintf(one.path, sizeof one.path, "database");
    (void)snprintf(one.text, sizeof one.text, "%s", text);
    corv_findings_add(f, &one);
}

bool corv_servers_several(const struct corv_config *c)
{
    struct corv_pg_hosts *h = NULL;
    bool several = false;

    if (strcmp(c->database, "embedded") != 0 && corv_pg_hosts_new(c->database, &h) == CORV_OK)
        several = corv_pg_hosts_count(h) > 1;
    corv_pg_hosts_free(h);
    return several;
}

void corv_servers_check(const struct corv_config *c, struct corv_findings *findings)
{
    struct corv_pg_hosts *h = NULL;

    if (!corv_servers_several(c) || corv_pg_hosts_new(c->database, &h) != CORV_OK)
        return;
    if (!corv_pg_hosts_wants_writable(h))
        warn(findings, "config.database-attrs",
            "Bij meer databaseservers hoort target_session_attrs=read-write: anders kan corvd bij "
            "een "
            "standby uitkomen.");
    if (!c->synchronous_standby)
        warn(findings, "config.database-async",
            "Zonder synchronous_standby: true kan een bevestigd bericht verloren gaan als de "
            "standby "
            "achterliep bij een fail-over (docs/operating.md).");
    corv_pg_hosts_free(h);
}
