/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/glance.h"

#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/page.h"
#include "daemon/problem.h"
#include "queue/queue.h"

#define FRESH_US 1000000

struct corv_glance {
    struct corv_app *app;
    json_t *model;   /* owned; NULL: never made */
    int64_t made_us; /* monotonic */
    bool asking;     /* the database has the question */
    struct corv_list waiting;
    struct corv_buf made[CORV_GLANCE_FORMS]; /* n == 0: not made of this model yet */
};

struct waiter {
    struct corv_list node;
    struct corv_http_request *request;
    enum corv_glance_form form;
};

static void forget(struct corv_glance *g)
{
    json_decref(g->model);
    g->model = NULL;
    for (unsigned i = 0; i < CORV_GLANCE_FORMS; i++) {
        corv_buf_free(&g->made[i]);
        corv_buf_init(&g->made[i], CORV_GLANCE_BYTES);
    }
}

static void make(struct corv_glance *g, enum corv_glance_form form)
{
    struct corv_buf *b = &g->made[form];

    if (form == CORV_GLANCE_JSON) {
        char *text = json_dumps(g->model, JSON_COMPACT);

        (void)corv_buf_add_str(b, text ? text : "");
        free(text);
    } else {
        corv_page_write(b, g->model, form == CORV_GLANCE_EN);
    }
}

static void reply(struct corv_glance *g, struct corv_http_request *r, enum corv_glance_form form)
{
    if (g->model && g->made[form].n == 0)
        make(g, form);
    if (g->model && g->made[form].n > 0)
        corv_page_send(r,
            form == CORV_GLANCE_JSON ? "application/json" : "text/html; charset=utf-8",
            corv_buf_view(&g->made[form]));
    else
        corv_problem_reply(r, "admin.metrics");
}

/* Whoever waits is answered, with what there is. */
static void tell(struct corv_glance *g, json_t *database_take)
{
    forget(g);
    g->model = corv_glance_model(g->app, database_take);
    g->made_us = corv_clock_mono_us();
    g->asking = false;
    CORV_LIST_EACH(node, &g->waiting)
    {
        struct waiter *w = CORV_LIST_ITEM(node, struct waiter, node);

        corv_list_del(node);
        reply(g, w->request, w->form);
        free(w);
    }
}

static void database_told(void *ctx, struct corv_view json)
{
    tell(ctx, json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL);
}

static struct corv_glance *begin(struct corv_app *app)
{
    struct corv_glance *g = calloc(1, sizeof *g);

    if (!g)
        return NULL;
    g->app = app;
    corv_list_init(&g->waiting);
    forget(g);
    app->glance = g;
    return g;
}

/* As many can wait as the listener has connections. */
static bool wait(struct corv_glance *g, struct corv_http_request *r, enum corv_glance_form form)
{
    struct waiter *w = calloc(1, sizeof *w);

    if (!w)
        return false;
    w->request = r;
    w->form = form;
    corv_list_add(&g->waiting, &w->node);
    return true;
}

void corv_glance_reply(
    struct corv_app *app, struct corv_http_request *r, enum corv_glance_form form)
{
    struct corv_glance *g = app->glance ? app->glance : begin(app);

    if (!g) {
        corv_problem_reply(r, "admin.metrics");
        return;
    }
    if (g->model && !g->asking && corv_clock_mono_us() - g->made_us < FRESH_US) {
        reply(g, r, form);
        return;
    }
    if (!wait(g, r, form)) {
        corv_problem_reply(r, "admin.metrics");
        return;
    }
    if (g->asking)
        return;
    g->asking = true;
    if (!app->queue || corv_queue_glance(app->queue, database_told, g) != CORV_OK)
        tell(g, NULL);
}

void corv_glance_free(struct corv_app *app)
{
    if (!app->glance)
        return;
    forget(app->glance);
    free(app->glance);
    app->glance = NULL;
}
