/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_turn.h"

/* Nothing to do; but while it runs the loop does not sleep. */
static void keep_awake(uv_idle_t *idle)
{
    (void)idle;
}

bool corv__http_turn_take(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;

    if (s->flights < CORV_HTTP_FLIGHTS && (s->in_line || corv_list_empty(&s->line))) {
        s->flights++;
        return true;
    }
    s->stats.handshakes_waited++;
    corv_list_del(&c->turn);
    corv_list_add(&s->line, &c->turn);
    (void)uv_idle_start(&s->awake, keep_awake);
    return false;
}

void corv__http_turn_leave(struct corv_http_conn *c)
{
    corv_list_del(&c->turn);
}

void corv__http_turn_next(struct corv_http_server *s)
{
    struct corv_list *first = NULL;

    s->flights = 0;
    s->in_line = true;
    while (s->flights < CORV_HTTP_FLIGHTS && (first = corv_list_pop(&s->line)))
        corv__http_conn_go_on(CORV_LIST_ITEM(first, struct corv_http_conn, turn));
    s->in_line = false;
    if (corv_list_empty(&s->line))
        (void)uv_idle_stop(&s->awake);
}
