/* SPDX-License-Identifier: EUPL-1.2 */
/* Taking the hosts down: drain, cancel what is left, stop, destroy, close the handles, tell. */
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/host/internal.h"

void corv__handle_opened(struct corv_hosts *h)
{
    h->handles++;
}

static void free_all(struct corv_hosts *h)
{
    void (*closed)(void *) = h->closed;
    void *ctx = h->closed_ctx;

    CORV_LIST_EACH(node, &h->hosts)
    {
        corv__host_free(CORV_LIST_ITEM(node, struct corv_host, node));
    }
    corv__libraries_forget(&h->libraries);
    uv_mutex_destroy(&h->mutex);
    free(h);
    if (closed)
        closed(ctx);
}

void corv__handle_closed(struct corv_hosts *h)
{
    if (--h->handles == 0)
        free_all(h);
}

static void own_handle_closed(uv_handle_t *handle)
{
    corv__handle_closed(handle->data);
}

static void call(struct corv_host *host, const char *what, void (*function)(void *))
{
    int64_t began = corv__call_begin();

    function(host->instance);
    corv__call_end(host, what, began);
}

static void stop(struct corv_hosts *h, struct corv_host *host)
{
    if (host->instance && host->started)
        call(host, "stop", host->api->stop);
    host->started = false;
    corv__offers_forget(h, host);
    if (host->instance)
        corv__ops_give_up(h, host);
}

static void destroy(struct corv_hosts *h, struct corv_host *host)
{
    if (!host->instance)
        return;
    call(host, "destroy", host->api->destroy);
    host->instance = NULL;
    corv__ops_release(h, host);
}

static void destroy_all(struct corv_hosts *h)
{
    h->phase = HOSTS_CLOSED;
    CORV_LIST_EACH(node, &h->hosts)
    {
        destroy(h, CORV_LIST_ITEM(node, struct corv_host, node));
    }
    corv__ops_tell(h);
    CORV_LIST_EACH(left, &h->hosts)
    {
        corv__leftovers_close(CORV_LIST_ITEM(left, struct corv_host, node));
    }
    corv__ops_free(h);
    uv_close((uv_handle_t *)&h->timer, own_handle_closed);
    uv_close((uv_handle_t *)&h->async, own_handle_closed);
}

/* An instance must outlive its work on other threads; that has an end of its own. */
static void stop_all(struct corv_hosts *h)
{
    if (h->phase >= HOSTS_STOPPED)
        return;
    h->phase = HOSTS_STOPPED;
    CORV_LIST_EACH(node, &h->hosts)
    {
        stop(h, CORV_LIST_ITEM(node, struct corv_host, node));
    }
    if (h->works == 0)
        destroy_all(h);
}

static void works_over(uv_timer_t *timer)
{
    struct corv_hosts *h = timer->data;

    if (h->phase == HOSTS_STOPPED && h->works == 0)
        destroy_all(h);
}

static void grace_over(uv_timer_t *timer)
{
    stop_all(timer->data);
}

bool corv__hosts_busy(const struct corv_hosts *h)
{
    return h->in_flight > 0 || h->works > 0 || !corv_list_empty(&h->offers);
}

static void drain_over(uv_timer_t *timer)
{
    struct corv_hosts *h = timer->data;

    if (corv__hosts_busy(h)) {
        h->phase = HOSTS_CANCELLING;
        (void)uv_timer_start(&h->timer, grace_over, HOST_CLOSE_GRACE_MS, 0);
        corv__ops_cancel_all(h);
        return;
    }
    stop_all(h);
}

/* In the next turn: this is called between two outcomes of the same turn. */
void corv__hosts_idle(struct corv_hosts *h)
{
    if (h->phase == HOSTS_STOPPED && h->works == 0)
        (void)uv_timer_start(&h->timer, works_over, 0, 0);
    else if (!corv__hosts_busy(h) && (h->phase == HOSTS_DRAINING || h->phase == HOSTS_CANCELLING))
        (void)uv_timer_start(&h->timer, grace_over, 0, 0);
}

void corv_hosts_close(struct corv_hosts *h, unsigned limit_ms, void (*cb)(void *), void *ctx)
{
    if (h->phase != HOSTS_OPEN)
        return;
    h->phase = HOSTS_DRAINING;
    h->closed = cb;
    h->closed_ctx = ctx;
    CORV_LIST_EACH(node, &h->hosts)
    {
        struct corv_host *host = CORV_LIST_ITEM(node, struct corv_host, node);

        if (host->started && host->api->drain)
            call(host, "drain", host->api->drain);
    }
    uv_update_time(h->loop);
    (void)uv_timer_start(&h->timer, drain_over, corv__hosts_busy(h) ? limit_ms : 0, 0);
}
