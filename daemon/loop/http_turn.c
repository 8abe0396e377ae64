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
    corv_list_add(&s->line[c->begun ? 0 : 1], &c->turn);
    s->line_count++;
    s->stats.handshakes_waited++;
    (void)uv_idle_start(&s->awake, keep_awake);
}

bool corv__http_turn_take(struct corv_http_conn *c)
{
    struct corv_http_server *s = c->server;

    if (s->flights == CORV_HTTP_FLIGHTS || !(s->in_line || s->line_count == 0)) {
        join(s, c);
        return false;
    }
    s->flights++;
    c->begun = true;
    return true;
}

void corv__http_turn_written(struct corv_http_conn *c)
{
    corv_list_del(&c->done);
    corv_list_add(&c->server->written, &c->done);
    (void)uv_idle_start(&c->server->awake, keep_awake);
}

/* Those of this turn: what they ask next may be answered at once, and ends with the next turn. */
static void written_go_on(struct corv_http_server *s)
{
    struct corv_list *node;
    struct corv_list last;

    corv_list_add(&s->written, &last);
    while ((node = corv_list_pop(&s->written)) != &last)
        corv__http_conn_written(CORV_LIST_ITEM(node, struct corv_http_conn, done));
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

/* What was begun holds memory until it is done, so it goes first. */
struct corv_http_conn *corv__http_turn_first(const struct corv_http_server *s)
{
    const struct corv_list *line = &s->line[corv_list_empty(&s->line[0]) ? 1 : 0];

    return corv_list_empty(line) ? NULL : CORV_LIST_ITEM(line->next, struct corv_http_conn, turn);
}

void corv__http_turn_next(struct corv_http_server *s)
{
    struct corv_http_conn *c = NULL;

    written_go_on(s);
    s->flights = 0;
    s->in_line = true;
    while (s->flights < CORV_HTTP_FLIGHTS && (c = corv__http_turn_first(s))) {
        corv__http_turn_leave(c);
        corv__http_conn_go_on(c);
    }
    s->in_line = false;
    if (s->line_count == 0 && corv_list_empty(&s->written))
        (void)uv_idle_stop(&s->awake);
    if (s->deaf && !corv__http_turn_is_long(s))
        corv__http_server_listen(s);
}
