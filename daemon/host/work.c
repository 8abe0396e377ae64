/* SPDX-License-Identifier: EUPL-1.2 */
/* Work of adapters on libuv's threads. Those are shared with the chores of the daemon, so an
 * adapter has only a few at a time; what it asks more waits here, in order. */
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/host/internal.h"

struct work {
    uv_work_t request;
    struct corv_list node; /* in host->works_waiting, until it starts */
    struct corv_host *host;
    corv_work_cb run;
    corv_work_cb after;
    void *ctx;
};

static void start_next(struct corv_host *host);

static void run(uv_work_t *request)
{
    const struct work *w = request->data;

    w->run(w->ctx);
}

static void ran(uv_work_t *request, int status)
{
    struct work *w = request->data;
    struct corv_host *host = w->host;
    struct corv_hosts *h = host->all;
    int64_t began = corv__call_begin();

    (void)status; /* nothing is ever cancelled */
    w->after(w->ctx);
    corv__call_end(host, "work", began);
    free(w);
    host->works_running--;
    host->works--;
    h->works--;
    start_next(host);
    corv__hosts_idle(h);
}

static void start_next(struct corv_host *host)
{
    while (host->works_running < HOST_WORKS_RUNNING) {
        struct corv_list *node = corv_list_pop(&host->works_waiting);

        if (!node)
            return;
        struct work *w = CORV_LIST_ITEM(node, struct work, node);

        host->works_running++;
        (void)uv_queue_work(host->all->loop, &w->request, run, ran); /* fails without run only */
    }
}

int corv__work(struct corv_host *host, corv_work_cb run_cb, corv_work_cb after, void *ctx)
{
    struct work *w;

    if (!run_cb || !after || !corv__on_loop(host, "work") || host->works >= HOST_WORKS_MAX)
        return 1;
    w = calloc(1, sizeof *w);
    if (!w)
        return 1;
    *w = (struct work){.host = host, .run = run_cb, .after = after, .ctx = ctx};
    w->request.data = w;
    corv_list_add(&host->works_waiting, &w->node);
    host->works++;
    host->all->works++;
    start_next(host);
    return 0;
}
