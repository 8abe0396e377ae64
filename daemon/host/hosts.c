/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/host/internal.h"

#define WHY_MAX 160

static void call_wakes(struct corv_hosts *h)
{
    CORV_LIST_EACH(node, &h->hosts)
    {
        struct corv_host *host = CORV_LIST_ITEM(node, struct corv_host, node);

        if (!atomic_exchange(&host->wake_wanted, false) || !host->instance || !host->api->on_wake)
            continue;
        int64_t began = corv__call_begin();

        host->api->on_wake(host->instance);
        corv__call_end(host, "on_wake", began);
    }
}

static void news(uv_async_t *async)
{
    struct corv_hosts *h = async->data;

    call_wakes(h);
    corv__ops_tell(h);
}

/* For tests and tools; the daemon says its own (corv_hosts_set_limits). */
static const struct corv_http_limits limits_without_settings = {.body_bytes = 35u << 20,
    .total_body_bytes = 256u << 20,
    .header_bytes = 16384,
    .connections = 256,
    .handshake_ms = 10000,
    .header_ms = 10000,
    .body_ms = 120000,
    .idle_ms = 75000,
    .write_ms = 120000};

void corv_hosts_set_limits(struct corv_hosts *h, const struct corv_http_limits *limits)
{
    h->limits = *limits;
    CORV_LIST_EACH(node, &h->hosts)
    {
        corv__listeners_limit(CORV_LIST_ITEM(node, struct corv_host, node));
    }
}

void corv_hosts_set_self(struct corv_hosts *h, const char *oin, const char *application)
{
    (void)snprintf(h->oin, sizeof h->oin, "%s", oin ? oin : "");
    (void)snprintf(h->application, sizeof h->application, "%s", application ? application : "");
}

corv_rc corv_hosts_new(uv_loop_t *loop, struct corv_hosts **out)
{
    struct corv_hosts *h = calloc(1, sizeof *h);

    if (!h)
        return CORV_E_NOMEM;
    h->loop = loop;
    h->thread = uv_thread_self();
    corv_list_init(&h->idle);
    corv_list_init(&h->ended);
    corv_list_init(&h->hosts);
    corv_list_init(&h->libraries);
    corv_list_init(&h->offers);
    h->limits = limits_without_settings;
    if (uv_mutex_init(&h->mutex) != 0) {
        free(h);
        return CORV_E_IO;
    }
    if (uv_async_init(loop, &h->async, news) != 0) {
        uv_mutex_destroy(&h->mutex);
        free(h);
        return CORV_E_IO;
    }
    h->async.data = h;
    corv__handle_opened(h);
    (void)uv_timer_init(loop, &h->timer); /* cannot fail */
    h->timer.data = h;
    corv__handle_opened(h);
    *out = h;
    return CORV_OK;
}

static struct corv_host *host_of(const struct corv_hosts *h, const char *name)
{
    CORV_LIST_EACH(node, &h->hosts)
    {
        struct corv_host *host = CORV_LIST_ITEM(node, struct corv_host, node);

        if (!host->dead && strcmp(host->name, name) == 0)
            return host;
    }
    return NULL;
}

const char *corv_hosts_library(const struct corv_hosts *h, const char *name)
{
    const struct corv_host *host = host_of(h, name);

    return host ? host->library : NULL;
}

static struct corv_host *host_new(const struct corv_host_entry *e, const struct corv_adapter *api)
{
    struct corv_host *host = calloc(1, sizeof *host);

    if (!host)
        return NULL;
    corv_list_init(&host->node);
    corv_list_init(&host->watches);
    corv_list_init(&host->timers);
    corv_list_init(&host->listeners);
    corv_list_init(&host->works_waiting);
    (void)snprintf(host->name, sizeof host->name, "%s", e->name);
    host->api = api;
    host->library = strdup(e->library);
    if (!host->library) {
        free(host);
        return NULL;
    }
    return host;
}

void corv__host_free(struct corv_host *host)
{
    if (!host)
        return;
    corv__settings_free(host->settings);
    corv_buf_free(&host->said);
    free(host->library);
    free(host);
}

/* The adapter's own sentence, cleaned, behind ours. */
static corv_rc says_no(const struct corv_host *host, struct corv_fault *f, const char *code,
    const char *what, const char *why)
{
    char clean[WHY_MAX];

    corv__text_clean(why, clean, sizeof clean);
    (void)CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, code, "Adapter %s %s: %s", host->name,
        what, clean[0] ? clean : "zonder reden.");
    return CORV_E_INVALID;
}

static corv_rc call_check(struct corv_host *host, struct corv_fault *f)
{
    char why[WHY_MAX] = "";
    int64_t began = corv__call_begin();
    int no = host->api->check(&corv__services, host, why, sizeof why);

    corv__call_end(host, "check", began);
    why[sizeof why - 1] = '\0';
    return no ? says_no(host, f, "adapter.check", "keurt de instellingen af", why) : CORV_OK;
}

static corv_rc call_create(struct corv_host *host, struct corv_fault *f)
{
    char why[WHY_MAX] = "";
    int64_t began = corv__call_begin();

    host->instance = host->api->create(&corv__services, host, why, sizeof why);
    corv__call_end(host, "create", began);
    why[sizeof why - 1] = '\0';
    return host->instance ? CORV_OK
                          : says_no(host, f, "adapter.create", "kan niet gemaakt worden", why);
}

static corv_rc call_start(struct corv_host *host, struct corv_fault *f)
{
    int64_t began = corv__call_begin();
    int no = host->api->start(host->instance);

    corv__call_end(host, "start", began);
    host->started = no == 0;
    return no ? says_no(host, f, "adapter.start", "start niet", "zie het logboek.") : CORV_OK;
}

static corv_rc no_memory(const struct corv_host_entry *e, struct corv_fault *f)
{
    return CORV_FAIL(
        f, CORV_E_NOMEM, CORV_FAULT_BUG, "host.memory", "Geen geheugen voor adapter %s.", e->name);
}

static corv_rc prepare(struct corv_list *libraries, const struct corv_host_entry *e,
    struct corv_host **out, struct corv_fault *f)
{
    const struct corv_adapter *api = NULL;
    struct corv_host *host = NULL;
    corv_rc rc = corv__library_get(libraries, e, &api, f);

    if (rc == CORV_E_NOMEM)
        return no_memory(e, f);
    if (rc != CORV_OK)
        return rc;
    host = host_new(e, api);
    if (!host)
        return no_memory(e, f);
    rc = corv__settings_new(e, api, &host->settings, f);
    if (rc == CORV_OK)
        rc = call_check(host, f);
    if (rc == CORV_OK) {
        *out = host;
        host = NULL;
    }
    corv__host_free(host);
    return rc;
}

corv_rc corv_hosts_describe(
    const struct corv_host_entry *e, const struct corv_adapter **api, struct corv_fault *f)
{
    struct corv_list libraries;

    corv_list_init(&libraries);
    corv_rc rc = corv__library_get(&libraries, e, api, f);

    corv__libraries_forget(&libraries);
    return rc;
}

corv_rc corv_hosts_check_keep(
    const struct corv_host_entry *e, struct corv_host **out, struct corv_fault *f)
{
    struct corv_list libraries;

    corv_list_init(&libraries);
    corv_rc rc = prepare(&libraries, e, out, f);

    corv__libraries_forget(&libraries);
    return rc;
}

corv_rc corv_hosts_check_again(struct corv_host *host, struct corv_fault *f)
{
    return call_check(host, f);
}

void corv_hosts_check_free(struct corv_host *host)
{
    corv__host_free(host);
}

corv_rc corv_hosts_check(const struct corv_host_entry *e, struct corv_fault *f)
{
    struct corv_host *host = NULL;
    corv_rc rc = corv_hosts_check_keep(e, &host, f);

    corv_hosts_check_free(host);
    return rc;
}

corv_rc corv_hosts_add(struct corv_hosts *h, const struct corv_host_entry *e, struct corv_fault *f)
{
    struct corv_host *host = NULL;
    corv_rc rc;

    if (h->phase != HOSTS_OPEN)
        return CORV_E_STATE;
    if (host_of(h, e->name))
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "adapter.twice",
            "Adapter %s staat twee keer in de configuratie; verwacht: één keer.", e->name);
    rc = prepare(&h->libraries, e, &host, f);
    if (rc != CORV_OK || !host)
        return rc;
    host->all = h;
    corv_list_add(&h->hosts, &host->node); /* from here on closing takes care of it */
    rc = call_create(host, f);
    if (rc == CORV_OK)
        rc = call_start(host, f);
    if (rc != CORV_OK) {
        host->dead = true;
        return rc;
    }
    CORV_LOG(
        INFO, "host.started", NULL, CORV_F(ADAPTER, host->name), CORV_F(WHAT, host->api->version));
    return CORV_OK;
}

corv_rc corv_hosts_reconfigure(
    struct corv_hosts *h, const struct corv_host_entry *e, struct corv_fault *f)
{
    struct corv_host *host = host_of(h, e->name);
    struct settings *fresh = NULL;
    char why[WHY_MAX] = "";
    corv_rc rc;

    if (!host)
        return CORV_FAIL(f, CORV_E_NOTFOUND, CORV_FAULT_SETTINGS, "adapter.unknown",
            "Adapter %.40s draait niet.", e->name);
    if (!host->api->reconfigure) {
        (void)says_no(host, f, "adapter.reconfigure", "kan niet",
            "nieuwe instellingen gelden pas na een herstart.");
        return CORV_E_STATE;
    }
    rc = corv__settings_new(e, host->api, &fresh, f);
    if (rc != CORV_OK)
        return rc;
    struct settings *old = host->settings;

    host->settings = fresh;
    rc = call_check(host, f);
    if (rc == CORV_OK) {
        int64_t began = corv__call_begin();

        if (host->api->reconfigure(host->instance, why, sizeof why) != 0) {
            why[sizeof why - 1] = '\0';
            rc = says_no(host, f, "adapter.reconfigure", "houdt de oude instellingen", why);
        }
        corv__call_end(host, "reconfigure", began);
    }
    if (rc == CORV_OK) {
        fresh->older = old;
    } else {
        host->settings = old;
        corv__settings_free(fresh);
    }
    return rc;
}

corv_rc corv_hosts_deliver(struct corv_hosts *h, const char *adapter,
    const struct corv_outgoing_spec *spec, unsigned timeout_ms, corv_host_done done, void *ctx)
{
    struct corv_host *host = host_of(h, adapter);
    struct op *op = NULL;

    if (!host)
        return CORV_E_NOTFOUND;
    if (h->phase != HOSTS_OPEN || !host->started || !(host->api->kind & CORV_ADAPTER_OUTBOUND))
        return CORV_E_STATE;
    corv_rc rc = corv__op_new(host, &op);

    if (rc != CORV_OK)
        return rc;
    op->message.spec = *spec;
    op->done = done;
    op->ctx = ctx;
    host->stats.in_flight++;
    h->in_flight++;
    corv__op_hand_over(op, timeout_ms);
    return CORV_OK;
}

corv_rc corv_hosts_stats(
    const struct corv_hosts *h, const char *adapter, struct corv_host_stats *out)
{
    const struct corv_host *host = host_of(h, adapter);
    uv_mutex_t *mutex = (uv_mutex_t *)(uintptr_t)&h->mutex; /* locking changes nothing to see */

    if (!host)
        return CORV_E_NOTFOUND;
    uv_mutex_lock(mutex);
    *out = host->stats;
    uv_mutex_unlock(mutex);
    return CORV_OK;
}

const char *corv_hosts_at(const struct corv_hosts *h, unsigned i, struct corv_host_stats *stats,
    const struct corv_host_count **counts, unsigned *counts_used)
{
    CORV_LIST_EACH(node, &h->hosts)
    {
        const struct corv_host *host = CORV_LIST_ITEM(node, struct corv_host, node);

        if (host->dead || i-- > 0)
            continue;
        *counts = host->counts;
        *counts_used = host->counts_used;
        return corv_hosts_stats(h, host->name, stats) == CORV_OK ? host->name : NULL;
    }
    return NULL;
}
