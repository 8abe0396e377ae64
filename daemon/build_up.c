/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/build_up.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/admin.h"
#include "daemon/alarms.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/confirm.h"
#include "daemon/deliver.h"
#include "daemon/expiry.h"
#include "daemon/glance.h"
#include "daemon/host/host.h"
#include "daemon/judge_up.h"
#include "daemon/lane.h"
#include "daemon/loop/pool.h"
#include "daemon/loop/tls.h"
#include "daemon/loop/watchdog.h"
#include "daemon/offer.h"
#include "daemon/receive.h"
#include "daemon/reload.h"
#include "daemon/retention.h"
#include "daemon/sealing.h"
#include "daemon/service.h"
#include "daemon/upkeep.h"
#include "queue/embedded_pg.h"
#include "queue/migrate.h"
#include "queue/patience.h"
#include "queue/queue.h"
#include "queue/vault.h"
#include "schemas/verdict.h"

#define POOL_QUEUE_MAX 4096
#define QUEUE_BACKLOG  4096
#define QUEUE_WAIT_MS  8000 /* a fail-over is waited for, an outage is not */
#define QUEUE_COMPANY_MS                                                                           \
    10 /* queue.h; a message that follows on the yes before it comes sooner                        \
        */
#define TOLD_US           1000000 /* the service manager hears so often what the start waits for */
#define ADMIN_BODY_BYTES  4096
#define ADMIN_CONNECTIONS 64

static corv_rc make_state_dir(struct corv_app *app, struct corv_fault *fault)
{
    const char *dir = app->config->state_dir;
    char path[4096];
    char pid[16];

    if (mkdir(dir, 0711) != 0 && errno != EEXIST)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "state-dir.make",
            "kan %s niet maken: %s", dir, strerror(errno));
    (void)snprintf(path, sizeof path, "%s/corvd.pid", dir);
    app->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (app->lock_fd < 0)
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_SETTINGS, "state-dir.write",
            "kan niet schrijven in %s: %s", dir, strerror(errno));
    if (flock(app->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SETTINGS, "state-dir.in-use",
            "een andere corvd gebruikt %s al; stop die eerst of kies een andere state_dir", dir);
    (void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(app->lock_fd, 0) != 0 ||
        write(app->lock_fd, pid, strlen(pid)) != (ssize_t)strlen(pid))
        return CORV_FAIL(fault, CORV_E_IO, CORV_FAULT_STORE, "state-dir.write",
            "kan niet schrijven in %s: %s", dir, strerror(errno));
    return CORV_OK;
}

/* While the start waits for the database: the loop does not run yet, a signal is heard here. So
 * nothing may be on the loop by then that needs what comes later. */
struct waiting {
    struct corv_app *app;
    int64_t told_us; /* monotonic */
};

static bool wait_on(void *ctx)
{
    struct waiting *w = ctx;
    int64_t now = corv_clock_mono_us();

    if (now - w->told_us >= TOLD_US) {
        w->told_us = now;
        corv_service_waits(
            w->app->embedded || strcmp(w->app->config->database, "embedded") != 0
                ? "Wacht op de database."
                : "Wacht tot de eigen PostgreSQL klaar is met starten of herstellen.");
    }
    (void)uv_run(&w->app->loop, UV_RUN_NOWAIT);
    return !w->app->unwanted;
}

/* Where the start does its work: at the server that is the primary now. */
static corv_rc find_primary(struct corv_app *app, struct corv_fault *fault)
{
    if (corv_primary_read(app->config->state_dir, &app->primary) != CORV_OK)
        app->primary = (struct corv_primary){.system = 0}; /* a new installation */
    return corv_primary_find(app->config->database, &app->primary, &app->place, fault);
}

static corv_rc reach_database(
    struct corv_app *app, struct waiting *w, const char **conninfo, struct corv_fault *fault)
{
    *conninfo = app->config->database;
    if (strcmp(app->config->database, "embedded") != 0)
        return find_primary(app, fault);

    corv_rc rc =
        corv_embedded_pg_start_patient(app->config->state_dir, wait_on, w, &app->embedded, fault);

    if (rc != CORV_OK)
        return rc;
    *conninfo = corv_embedded_pg_conninfo(app->embedded);
    app->place = strdup(*conninfo);
    return app->place ? CORV_OK : CORV_E_NOMEM;
}

/* All of the start that waits for the database. */
static corv_rc start_database(struct corv_app *app, const char **conninfo, struct corv_fault *fault)
{
    struct waiting w = {.app = app};
    struct corv_patience patience = {.go_on = wait_on, .ctx = &w};
    corv_rc rc;

    corv_patience_set(&patience);
    rc = reach_database(app, &w, conninfo, fault);
    if (rc == CORV_OK)
        rc = corv_migrate(app->place, fault);
    if (rc == CORV_OK)
        rc = corv_sealing_start(app, fault);
    if (rc == CORV_OK && !corv_patience_asks()) /* it was said during the very last step */
        rc = corv_patience_fault(fault);
    corv_patience_set(NULL);
    return rc;
}

static corv_rc open_vault(struct corv_app *app, struct corv_fault *fault)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/keys", app->config->state_dir);
    return corv_vault_open(
        app->config->keys_dir ? app->config->keys_dir : path, &app->vault, fault);
}

static void database_came_or_went(void *ctx, bool connected)
{
    struct corv_app *app = ctx;

    corv_retention_connected(app, connected);
    if (!connected)
        return;
    corv_upkeep_connected(app);
    corv_hosts_room(app->hosts);
}

static void hint_came(void *ctx)
{
    corv_deliver_soon(ctx);
}

static corv_rc start_workers(struct corv_app *app, struct corv_fault *fault)
{
    corv_rc rc = corv_pool_new(&app->loop, app->config->workers, POOL_QUEUE_MAX, &app->pool);

    if (rc != CORV_E_IO)
        return rc;
    return CORV_FAIL(fault, rc, CORV_FAULT_STORE, "pool.no-threads",
        "Het systeem geeft geen %u draden (workers) en een bestandsnummer meer: zie TasksMax en "
        "LimitNOFILE van de dienst, of zet workers lager.",
        app->config->workers);
}

static corv_rc open_queue(struct corv_app *app, const char *conninfo, struct corv_fault *fault)
{
    struct corv_queue_options o = {.loop = &app->loop,
        .conninfo = conninfo,
        .migrated = true,
        .primary = app->primary,
        .state_dir = app->config->state_dir,
        .require_standby = app->config->synchronous_standby,
        .node = app->config->node,
        .backlog = QUEUE_BACKLOG,
        .wait_ms = QUEUE_WAIT_MS,
        .company_ms = QUEUE_COMPANY_MS,
        .lease_seconds = app->config->delivery.lease_seconds,
        .on_connected = database_came_or_went,
        .ctx = app};
    corv_rc rc = corv_queue_open(&o, &app->queue, fault);

    if (rc == CORV_OK)
        corv_queue_on_hint(app->queue, hint_came, app);
    return rc;
}

struct corv_http_limits corv_intake_limits(const struct corv_config *c)
{
    return (struct corv_http_limits){.body_bytes = c->limits.body_bytes,
        .total_body_bytes = c->limits.total_body_bytes,
        .header_bytes = c->limits.header_bytes,
        .connections = c->limits.connections,
        .handshake_ms = c->limits.handshake_seconds * 1000,
        .header_ms = c->limits.header_seconds * 1000,
        .body_ms = c->limits.body_seconds * 1000,
        .idle_ms = c->limits.idle_seconds * 1000,
        .write_ms = c->limits.body_seconds * 1000};
}

static corv_rc start_adapters(struct corv_app *app, struct corv_fault *fault)
{
    struct corv_http_limits limits = corv_intake_limits(app->config);
    corv_rc rc = corv_hosts_new(&app->loop, &app->hosts);

    if (rc == CORV_OK) {
        corv_hosts_set_limits(app->hosts, &limits);
        corv_offer_start(app);
    }
    for (unsigned i = 0; i < app->config->adapters_count && rc == CORV_OK; i++) {
        struct corv_host_entry_room room;
        struct corv_host_entry e;

        corv_host_entry_of(app->config, i, &room, &e);
        rc = corv_hosts_add(app->hosts, &e, fault);
    }
    return rc;
}

struct corv_http_limits corv_admin_limits(const struct corv_config *c)
{
    struct corv_http_limits limits = corv_intake_limits(c);

    limits.body_bytes = limits.total_body_bytes = ADMIN_BODY_BYTES;
    limits.connections = ADMIN_CONNECTIONS;
    return limits;
}

static corv_rc listen_admin(struct corv_app *app, struct corv_fault *fault)
{
    const struct corv_config *c = app->config;
    struct corv_http_server_options o = {.loop = &app->loop,
        .address = c->admin.socket ? NULL : c->admin.address,
        .port = c->admin.port,
        .unix_path = c->admin.socket,
        .listening = app->admin_fd,
        .limits = corv_admin_limits(c),
        .handler = corv_admin_handler(app),
        .name = "admin"};

    corv_rc rc = corv_http_server_new(&o, &app->admin, fault);

    if (rc == CORV_OK)
        CORV_LOG(INFO, "admin.listening", NULL, CORV_F(WHAT, c->admin.socket),
            CORV_N(COUNT, corv_http_server_port(app->admin)));
    return rc;
}

struct corv_tls_files corv_intake_tls(const struct corv_config *c)
{
    return (struct corv_tls_files){.certificate = c->listen.certificate,
        .key = c->listen.key,
        .client_ca = c->listen.client_ca,
        .client_crl = c->listen.client_crl};
}

static corv_rc listen_intake(struct corv_app *app, struct corv_fault *fault)
{
    const struct corv_config *c = app->config;
    struct corv_tls_files files = corv_intake_tls(c);
    corv_rc rc = corv_tls_server_new(&files, &app->tls, fault);

    if (rc != CORV_OK)
        return rc;

    struct corv_http_server_options o = {.loop = &app->loop,
        .tls = app->tls,
        .address = c->listen.address,
        .port = c->listen.port,
        .listening = app->intake_fd,
        .limits = corv_intake_limits(c),
        .handler = corv_receive_handler(app),
        .name = "intake"};

    rc = corv_http_server_new(&o, &app->intake, fault);
    if (rc == CORV_OK)
        CORV_LOG(INFO, "intake.listening", NULL, CORV_F(WHAT, c->listen.address),
            CORV_N(COUNT, corv_http_server_port(app->intake)));
    return rc;
}

corv_rc corv_build_up(struct corv_app *app, struct corv_fault *fault)
{
    const char *conninfo = NULL;
    corv_rc rc = corv_service_sockets(app, fault);

    if (rc == CORV_OK)
        rc = make_state_dir(app, fault);

    corv_list_init(&app->unsettled);
    (void)snprintf(app->actor, sizeof app->actor, "node:%s", app->config->node);
    corv_schemas_init();
    if (rc == CORV_OK)
        rc = corv_judge_up(app->config, &app->judge, fault);
    if (rc == CORV_OK)
        rc = open_vault(app, fault);
    if (rc == CORV_OK)
        rc = start_database(app, &conninfo, fault);
    if (rc == CORV_OK)
        rc = start_workers(app, fault);
    if (rc == CORV_OK)
        rc = corv_watchdog_new(&app->loop, CORV_WATCHDOG_SLOW_MS, &app->watchdog);
    if (rc == CORV_OK)
        rc = start_adapters(app, fault);
    if (rc == CORV_OK)
        rc = corv_deliver_start(app);
    if (rc == CORV_OK)
        rc = open_queue(app, conninfo, fault);
    if (rc == CORV_OK)
        rc = corv_retention_start(app);
    if (rc == CORV_OK)
        rc = corv_upkeep_start(app);
    if (rc == CORV_OK)
        rc = listen_admin(app, fault);
    if (rc == CORV_OK)
        rc = listen_intake(app, fault);
    if (rc == CORV_OK)
        rc = corv_reload_start(app);
    if (rc == CORV_OK)
        rc = corv_expiry_start(app);
    if (rc == CORV_OK)
        rc = corv_alarms_start(app);
    if (rc == CORV_OK)
        rc = corv_service_start(app);
    return rc;
}

/* ---- down again, in reverse; each step goes on with the next ------------------------------- */

static void stop_loop(void *ctx)
{
    struct corv_app *app = ctx;

    app->closed = true;
    uv_stop(&app->loop);
}

static void close_last(void *ctx)
{
    struct corv_app *app = ctx;

    app->queue = NULL;
    corv_service_close(app);
    if (app->poller)
        corv_deliver_close(app);
    corv_watchdog_close(app->watchdog);
    app->watchdog = NULL;
    if (app->admin)
        corv_http_server_close(app->admin, 0, stop_loop, app);
    else
        stop_loop(app);
}

static void close_queue(void *ctx)
{
    struct corv_app *app = ctx;

    app->hosts = NULL;
    /* nothing of ours is under way any more: another node need not wait for our leases to end */
    if (app->queue && app->open && corv_queue_connected(app->queue) &&
        corv_queue_release_own(app->queue, NULL, NULL) != CORV_OK)
        CORV_LOG(DEBUG, "daemon.leases-kept", NULL);
    if (app->queue)
        corv_queue_close(app->queue, app->drain_ms, close_last, app);
    else
        close_last(app);
}

static void close_adapters(void *ctx)
{
    struct corv_app *app = ctx;

    app->pool = NULL;
    if (app->hosts)
        corv_hosts_close(app->hosts, app->drain_ms, close_queue, app);
    else
        close_queue(app);
}

static void close_pool(void *ctx)
{
    struct corv_app *app = ctx;

    app->intake = NULL;
    corv_pool_close(app->pool, close_adapters, app);
}

void corv_drain(struct corv_app *app, unsigned limit_ms)
{
    if (app->draining)
        return;
    app->draining = true;
    app->drain_ms = limit_ms;
    CORV_LOG(INFO, "daemon.draining", NULL, CORV_N(MS, limit_ms));
    corv_service_stopping(app);
    corv_expiry_stop(app);
    corv_alarms_stop(app);
    corv_upkeep_stop(app);
    corv_retention_stop(app);
    corv_sealing_stop(app);
    if (app->poller)
        corv_deliver_stop(app);
    corv_confirm_stop(app);
    if (app->intake)
        corv_http_server_close(app->intake, limit_ms, close_pool, app);
    else
        close_pool(app);
}

void corv_take_down(struct corv_app *app, unsigned limit_ms)
{
    corv_drain(app, limit_ms);
    while (!app->closed)
        (void)uv_run(&app->loop, UV_RUN_DEFAULT);
    while (uv_run(&app->loop, UV_RUN_NOWAIT)) /* the last close callbacks */
        ;
    corv_depth_clear(&app->depth);
    corv_retention_free(app);
    corv_sealing_free(app);
    corv_tls_server_free(app->tls);
    corv_embedded_pg_stop(app->embedded);
    corv_vault_close(app->vault);
    free(app->place);
    corv_judge_free(app->judge);
    corv_config_free(app->config);
    corv_shares_free(&app->shares);
    corv_expiry_free(app);
    corv_alarms_free(app);
    corv_glance_free(app);
    corv_reload_free(app); /* after the configuration, which borrows from the one we started with */
    if (app->lock_fd > 0)
        (void)close(app->lock_fd);
}
