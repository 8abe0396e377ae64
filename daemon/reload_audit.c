/* SPDX-License-Identifier: EUPL-1.2 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "daemon/base/log.h"
#include "daemon/reload_parts.h"
#include "queue/queue.h"

#define TRIES 40 /* of eight seconds each while the database is away */

struct note {
    struct corv_app *app;
    char actor[96];
    char *detail; /* owned */
    struct corv_queue_event event;
    unsigned tries;
};

/* How long what is kept, and on which ground: that may have changed. */
static void add_retention(json_t *root, const struct corv_config *c)
{
    (void)json_object_set_new(
        root, "payload_hours", json_integer((json_int_t)c->retention.payload_hours));
    (void)json_object_set_new(
        root, "traffic_days", json_integer((json_int_t)c->retention.traffic_days));
    if (c->retention.ground && c->retention.ground[0])
        (void)json_object_set_new(root, "ground", json_string(c->retention.ground));
}

static char *detail_of(const struct corv_app *app, const struct corv_reload_result *r)
{
    json_t *restart = json_array();
    json_t *root;
    char *text;

    for (unsigned i = 0; i < r->restart_count; i++)
        (void)json_array_append_new(restart, json_string(r->restart[i]));
    root = json_pack("{s:s, s:s?, s:i, s:s?, s:o}", "from", r->from, "to", r->to[0] ? r->to : NULL,
        "errors", (int)r->findings.errors, "first",
        r->findings.count > 0 ? r->findings.list[0].code : NULL, "restart", restart);
    if (root && r->applied)
        add_retention(root, app->config);
    text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static void write_down(struct note *n);

static void noted(void *ctx, bool committed)
{
    struct note *n = ctx;

    if (!committed && ++n->tries < TRIES && !n->app->draining) {
        write_down(n);
        return;
    }
    if (!committed)
        CORV_LOG(ERROR, "config.not-audited", NULL, CORV_N(COUNT, n->tries));
    free(n->detail);
    free(n);
}

static void write_down(struct note *n)
{
    if (corv_queue_note(n->app->queue, &n->event, noted, n) == CORV_OK)
        return;
    n->tries = TRIES;
    noted(n, false);
}

void corv_reload_audit(struct corv_app *app, const struct corv_reload_result *r)
{
    struct note *n = calloc(1, sizeof *n);

    if (!n || !app->queue || !(n->detail = detail_of(app, r))) {
        CORV_LOG(ERROR, "config.not-audited", NULL);
        free(n);
        return;
    }
    n->app = app;
    (void)snprintf(n->actor, sizeof n->actor, "%s", r->actor);
    n->event =
        (struct corv_queue_event){.event = r->applied ? "config.reloaded" : "config.rejected",
            .actor = n->actor,
            .detail = n->detail};
    write_down(n);
}
