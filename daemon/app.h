/* SPDX-License-Identifier: EUPL-1.2 */
/* What one running daemon holds. Built by main.c, passed to every step; no step keeps a part of it
 * longer than its own life. Loop thread only, except what examine.c borrows for a worker: the
 * configuration (counted), the schemas and the vault. */
#ifndef CORV_DAEMON_APP_H
#define CORV_DAEMON_APP_H

#include <stdbool.h>
#include <uv.h>

#include "daemon/base/digest.h"
#include "daemon/base/list.h"
#include "daemon/depth.h"
#include "daemon/metrics.h"
#include "daemon/share.h"
#include "queue/primary.h"

struct corv_config;
struct corv_judge;
struct corv_vault;
struct corv_queue;
struct corv_hosts;
struct corv_lanes;
struct corv_poller;
struct corv_upkeep;
struct corv_retention;
struct corv_sealing;
struct corv_pool;
struct corv_alarms;
struct corv_expiry;
struct corv_glance;
struct corv_reload;
struct corv_service;
struct corv_watchdog;
struct corv_http_server;
struct corv_tls_server;
struct corv_embedded_pg;

struct corv_app {
    uv_loop_t loop;
    struct corv_config *config; /* the one in force; counted */
    struct corv_judge *judge;   /* the one in force; counted */
    struct corv_vault *vault;
    struct corv_embedded_pg *embedded; /* NULL with a database of one's own */
    char *place;                       /* owned: the server of the start, a connection string */
    struct corv_primary primary;       /* as state_dir remembered it then */
    struct corv_queue *queue;
    struct corv_hosts *hosts;
    struct corv_lanes *lanes;
    struct corv_poller *poller; /* deliver.c's */
    struct corv_list unsettled; /* confirm.c's: outcomes that wait for the database */
    struct corv_pool *pool;
    struct corv_watchdog *watchdog;
    struct corv_tls_server *tls;
    struct corv_http_server *intake;
    struct corv_http_server *admin;
    struct corv_metrics metrics;
    struct corv_depth depth;      /* upkeep.c counts it */
    struct corv_shares shares;    /* of the intake, by party */
    char actor[80];               /* "node:NAME", for audit lines */
    struct corv_upkeep *upkeep;   /* upkeep.c's */
    struct corv_reload *reload;   /* reload.c's */
    struct corv_service *service; /* service.c's */
    struct corv_digest secret;    /* of the database: what outlives the content is keyed with it */
    struct corv_retention *retention; /* retention.c's */
    struct corv_expiry *expiry;       /* expiry.c's */
    struct corv_sealing *sealing;     /* sealing.c's */
    struct corv_alarms *alarms;       /* alarms.c's */
    struct corv_glance *glance;       /* glance.c's */
    int intake_fd;                    /* listening sockets from systemd, 0: none */
    int admin_fd;
    int lock_fd;       /* of the state directory */
    unsigned drain_ms; /* how long what is under way may take at the end */
    bool open;         /* the database was reached and our old leases were given back */
    bool draining;     /* SIGTERM came: take no more */
    bool built;        /* corv_build_up is over: from here on the loop runs */
    bool unwanted;     /* a signal to stop came before that */
    bool closed;       /* everything was closed: the loop may end */
};

#endif
