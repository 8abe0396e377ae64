/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/servers.h"

#include <string.h>

#include "queue/pg_hosts.h"

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
        corv_findings_setting(findings, CORV_SEV_WARNING, "config.database-attrs", "database", "%s",
            "Bij meer databaseservers hoort target_session_attrs=read-write: anders kan corvd "
            "bij een standby uitkomen.");
    if (!c->synchronous_standby)
        corv_findings_setting(findings, CORV_SEV_WARNING, "config.database-async", "database", "%s",
            "Zonder synchronous_standby: true kan een bevestigd bericht verloren gaan als "
            "de standby achterliep bij een fail-over (docs/operating.md).");
    corv_pg_hosts_free(h);
}
