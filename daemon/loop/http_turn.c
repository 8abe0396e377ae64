/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_turn.h"

/* Nothing to do; but while it runs the loop does not sleep. */
static void keep_awake(uv_idle_t *idle)
{
    (void)idle;
}

static void join(struct corv_http_server *s, struct corv_http_conn *c)
{
    corv__http_turn_leave(c);
    /* What was begun holds memory until it is done, so it goes first. */
    corv_list_add(c->begun ? s->line.next : &s->line, &c->turn);
    s->line_count++;
    s->stats.handshakes_waited++;
    (void)uv_idle_start(&s->awake, keep_awake);
}

bool corv__http_turn_take(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;

    if (s->flights == CORV_HTTP_FLIGHTS || !(s->in_line || corv_list_empty(&s->line))) {
        join(s, c);
        return false;
    }
    s->flights++;
    c->begun = true;
    return true;
}

void corv__http_turn_leave(struct corv_http_conn *c)
{
    if (!corv_list_empty(&c->turn))
        c->server->line_count--;
    corv_list_del(&c->turn);
}

bool corv__http_turn_is_long(const struct corv_http_server *s)
{
    return s->line_count >= CORV_HTTP_LINE;
}

void corv__http_turn_next(struct corv_http_server *s)
{
    s->flights = 0;
    s->in_line = true;
    while (s->flights < CORV_HTTP_FLIGHTS && !corv_list_empty(&s->line)) {
        struct corv_http_conn *c = CORV_LIST_ITEM(s->line.next, struct corv_http_conn, turn);

        corv__http_turn_leave(c);
        corv__http_conn_go_on(c);
    }
    s->in_line = false;
    if (corv_list_empty(&s->line))
        (void)uv_idle_stop(&s->awake);
    if (s->deaf && !corv__http_turn_is_long(s))
        corv__http_server_listen(s);
}
