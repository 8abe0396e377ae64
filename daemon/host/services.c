/* SPDX-License-Identifier: EUPL-1.2 */
/* The services of corv_adapter.h over libuv. Only complete and wake may be called from another
 * thread; a call of another service from there is refused and the adapter is named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/host/internal.h"

struct corv_watch {
    uv_poll_t poll;
    struct corv_list node; /* in host->watches */
    struct corv_host *host;
    int fd;
    corv_watch_cb cb; /* NULL: stopped */
    void *ctx;
};

struct corv_timer {
    uv_timer_t timer;
    struct corv_list node; /* in host->timers */
    struct corv_host *host;
    corv_timer_cb cb;
    void *ctx;
};

int64_t corv__call_begin(void)
{
    return corv_clock_mono_us();
}

void corv__call_end(struct corv_host *host, const char *what, int64_t began)
{
    int64_t took = corv_clock_mono_us() - began;

    host->stats.calls++;
    host->stats.call_us += (uint64_t)took;
    if ((uint64_t)took > host->stats.call_us_max)
        host->stats.call_us_max = (uint64_t)took;
    if (took <= HOST_SLOW_US)
        return;
    host->stats.slow_calls++;
    CORV_LOG(WARNING, "host.slow", NULL, CORV_F(ADAPTER, host->name), CORV_F(WHAT, what),
        CORV_N(MS, took / 1000));
}

bool corv__on_loop(const struct corv_host *host, const char *what)
{
    uv_thread_t self = uv_thread_self();

    if (!host->all)
        return false; /* during check there is no loop */
    if (uv_thread_equal(&self, &host->all->thread))
        return true;
    CORV_LOG(ERROR, "host.wrong-thread", NULL, CORV_F(ADAPTER, host->name), CORV_F(WHAT, what));
    return false;
}

/* ---- from any thread ---------------------------------------------------------------------- */

static void wake(struct corv_host *host)
{
    if (!host->all)
        return;
    atomic_store(&host->wake_wanted, true);
    (void)uv_async_send(&host->all->async);
}

/* ---- log and time ------------------------------------------------------------------------- */

static void log_note(struct corv_host *host, int level, const char *code, const char *text)
{
    static const enum corv_log_level levels[] = {[CORV_ALOG_ERROR] = CORV_LOG_ERROR,
        [CORV_ALOG_WARNING] = CORV_LOG_WARNING,
        [CORV_ALOG_INFO] = CORV_LOG_INFO,
        [CORV_ALOG_DEBUG] = CORV_LOG_DEBUG};
    bool known = level >= 0 && (size_t)level < sizeof levels / sizeof levels[0];
    char clean[200];

    corv__text_plain(text, clean, sizeof clean);
    corv_log_write(known ? levels[level] : CORV_LOG_WARNING, "adapter.note", NULL,
        (const struct corv_log_field[]){CORV_F(ADAPTER, host->name), CORV_F(CODE, code),
            CORV_F(REASON, clean), {CORV_LF_END, 0, 0}});
}

static int64_t now_us(struct corv_host *host)
{
    (void)host;
    return corv_clock_us();
}

/* ---- watches ------------------------------------------------------------------------------ */

static void watch_closed(uv_handle_t *handle)
{
    struct corv_watch *w = handle->data;
    struct corv_hosts *h = w->host->all;

    free(w);
    corv__handle_closed(h);
}

static void unwatch(struct corv_watch *w)
{
    if (!w || !w->cb || !corv__on_loop(w->host, "unwatch"))
        return;
    w->cb = NULL;
    corv_list_del(&w->node);
    uv_close((uv_handle_t *)&w->poll, watch_closed);
}

static void watch_ready(uv_poll_t *poll, int status, int events)
{
    struct corv_watch *w = poll->data;
    unsigned seen = 0;

    if (!w->cb)
        return;
    if (status < 0) /* the adapter finds out what is wrong when it reads or writes */
        seen = CORV_WATCH_READ | CORV_WATCH_WRITE;
    if (events & UV_READABLE)
        seen |= CORV_WATCH_READ;
    if (events & UV_WRITABLE)
        seen |= CORV_WATCH_WRITE;
    struct corv_host *host = w->host; /* the watch may be gone afterwards */
    int64_t began = corv__call_begin();

    w->cb(w->ctx, w->fd, seen);
    corv__call_end(host, "watch", began);
}

static void rewatch(struct corv_watch *w, unsigned events)
{
    int wanted = 0;

    if (!w || !w->cb || !corv__on_loop(w->host, "rewatch"))
        return;
    if (events & CORV_WATCH_READ)
        wanted |= UV_READABLE;
    if (events & CORV_WATCH_WRITE)
        wanted |= UV_WRITABLE;
    if (wanted)
        (void)uv_poll_start(&w->poll, wanted, watch_ready);
    else
        (void)uv_poll_stop(&w->poll);
}

static struct corv_watch *watch_again(
    struct corv_watch *w, unsigned events, corv_watch_cb cb, void *ctx)
{
    w->cb = cb;
    w->ctx = ctx;
    rewatch(w, events);
    return w;
}

static struct corv_watch *watch(
    struct corv_host *host, int fd, unsigned events, corv_watch_cb cb, void *ctx)
{
    struct corv_watch *w;

    if (!cb || !corv__on_loop(host, "watch"))
        return NULL;
    CORV_LIST_EACH(node, &host->watches)
    {
        w = CORV_LIST_ITEM(node, struct corv_watch, node);
        if (w->fd == fd)
            return watch_again(w, events, cb, ctx);
    }
    w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->host = host;
    w->fd = fd;
    w->cb = cb;
    w->ctx = ctx;
    if (uv_poll_init(host->all->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    corv__handle_opened(host->all);
    corv_list_add(&host->watches, &w->node);
    rewatch(w, events);
    return w;
}

/* ---- timers ------------------------------------------------------------------------------- */

static struct corv_timer *timer_new(struct corv_host *host, corv_timer_cb cb, void *ctx)
{
    struct corv_timer *t;

    if (!cb || !corv__on_loop(host, "timer"))
        return NULL;
    t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->host = host;
    t->cb = cb;
    t->ctx = ctx;
    (void)uv_timer_init(host->all->loop, &t->timer); /* cannot fail */
    t->timer.data = t;
    corv__handle_opened(host->all);
    corv_list_add(&host->timers, &t->node);
    return t;
}

static void timer_over(uv_timer_t *handle)
{
    struct corv_timer *t = handle->data;
    struct corv_host *host = t->host;
    int64_t began = corv__call_begin();

    host->all->in_timer = true;
    t->cb(t->ctx);
    host->all->in_timer = false;
    corv__call_end(host, "timer", began);
}

static void timer_start(struct corv_timer *t, uint64_t ms)
{
    if (!t || !t->cb || !corv__on_loop(t->host, "timer_start"))
        return;
    uv_update_time(t->host->all->loop);
    /* libuv 1.44 runs timers until none is due: one that starts itself again with 0 would never let
     * the loop go on. */
    if (ms == 0 && t->host->all->in_timer)
        ms = 1;
    (void)uv_timer_start(&t->timer, timer_over, ms, 0);
}

static void timer_stop(struct corv_timer *t)
{
    if (t && t->cb && corv__on_loop(t->host, "timer_stop"))
        (void)uv_timer_stop(&t->timer);
}

static void timer_closed(uv_handle_t *handle)
{
    struct corv_timer *t = handle->data;
    struct corv_hosts *h = t->host->all;

    free(t);
    corv__handle_closed(h);
}

static void timer_free(struct corv_timer *t)
{
    if (!t || !t->cb || !corv__on_loop(t->host, "timer_free"))
        return;
    t->cb = NULL;
    corv_list_del(&t->node);
    uv_close((uv_handle_t *)&t->timer, timer_closed);
}

void corv__leftovers_close(struct corv_host *host)
{
    unsigned n = 0;

    CORV_LIST_EACH(node, &host->watches)
    {
        unwatch(CORV_LIST_ITEM(node, struct corv_watch, node));
        n++;
    }
    CORV_LIST_EACH(timer, &host->timers)
    {
        timer_free(CORV_LIST_ITEM(timer, struct corv_timer, node));
        n++;
    }
    n += corv__listeners_close(host);
    if (n > 0)
        CORV_LOG(WARNING, "host.leftover", NULL, CORV_F(ADAPTER, host->name), CORV_N(COUNT, n));
}

/* ---- settings and the message ------------------------------------------------------------- */

static const char *setting(struct corv_host *host, const char *key)
{
    return corv__settings_get(host->settings, host->api, key);
}

static const char *setting_at(struct corv_host *host, uint32_t i, const char **key)
{
    return corv__settings_at(host->settings, i, key);
}

static const char *instance_name(struct corv_host *host)
{
    return host->name;
}

static struct corv_incoming_address self(struct corv_host *host)
{
    const struct corv_hosts *h = host->all;

    return (struct corv_incoming_address){h ? h->oin : "", h ? h->application : "", "", ""};
}

static struct corv_host_count *counter(struct corv_host *host, const char *what)
{
    for (unsigned i = 0; i < host->counts_used; i++)
        if (strcmp(host->counts[i].what, what) == 0)
            return &host->counts[i];
    if (host->counts_used == CORV_HOST_COUNTS_MAX)
        return NULL;
    struct corv_host_count *c = &host->counts[host->counts_used++];

    (void)snprintf(c->what, sizeof c->what, "%s", what);
    return c;
}

static void count(struct corv_host *host, const char *what, uint64_t n)
{
    size_t length = what ? strnlen(what, sizeof host->counts[0].what) : 0;

    if (!corv__on_loop(host, "count"))
        return;
    if (length == 0 || length > 30 || strspn(what, "abcdefghijklmnopqrstuvwxyz_") != length) {
        CORV_LOG(ERROR, "host.broken-rule", NULL, CORV_F(ADAPTER, host->name),
            CORV_F(CODE, "count.name"));
        return;
    }
    struct corv_host_count *c = counter(host, what);

    if (c)
        c->n += n;
}

static struct corv_text payload(const struct corv_outgoing *m)
{
    return (struct corv_text){m->spec.payload.p, m->spec.payload.n};
}

static uint32_t attempt(const struct corv_outgoing *m)
{
    return m->spec.attempt;
}

#define ACCESSOR(name)                                                                             \
    static const char *name(const struct corv_outgoing *m)                                         \
    {                                                                                              \
        return m->spec.name ? m->spec.name : "";                                                   \
    }
ACCESSOR(message_id)
ACCESSOR(delivery_id)
ACCESSOR(kind)
ACCESSOR(to_party)
ACCESSOR(to_oin)
ACCESSOR(from_oin)
ACCESSOR(address)
ACCESSOR(content_type)

const struct corv_services corv__services = {
    .size = sizeof(struct corv_services),
    .complete = corv__op_complete,
    .wake = wake,
    .log = log_note,
    .now_us = now_us,
    .watch = watch,
    .rewatch = rewatch,
    .unwatch = unwatch,
    .timer = timer_new,
    .timer_start = timer_start,
    .timer_stop = timer_stop,
    .timer_free = timer_free,
    .setting = setting,
    .payload = payload,
    .message_id = message_id,
    .delivery_id = delivery_id,
    .attempt = attempt,
    .kind = kind,
    .to_party = to_party,
    .to_oin = to_oin,
    .from_oin = from_oin,
    .address = address,
    .content_type = content_type,
    .offer = corv__offer,
    .finding = corv__finding,
    .stuf_answer = corv__stuf_answer,
    .work = corv__work,
    .listen_http = corv__listen,
    .listen_port = corv__listen_port,
    .listen_renew = corv__listen_renew,
    .listen_close = corv__listen_close,
    .request_method = corv__request_method,
    .request_path = corv__request_path,
    .request_header = corv__request_header,
    .request_body = corv__request_body,
    .request_oin = corv__request_oin,
    .request_peer = corv__request_peer,
    .reply = corv__reply,
    .name = instance_name,
    .setting_at = setting_at,
    .count = count,
    .self = self,
};
