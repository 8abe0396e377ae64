/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "queue/backlog_sql.h"
#include "queue/writer.h"

const struct corv_pg_stmt corv_sql_backlog = {"corv_backlog", CORV_SQL_BACKLOG};

struct backlog {
    struct corv_read read; /* first */
    corv_backlog_cb cb;
    void *ctx;
    int64_t now_us;
    struct corv_backlog *list; /* owned */
    size_t count;
};

static void backlog_found(struct corv_read *r, const PGresult *res)
{
    struct backlog *b = (struct backlog *)(void *)r;
    int rows = PQntuples(res);

    if (rows == 0)
        return;
    b->list = calloc((size_t)rows, sizeof *b->list);
    if (!b->list) {
        r->failed = true;
        return;
    }
    for (int row = 0; row < rows; row++) {
        struct corv_backlog *one = &b->list[b->count++];
        struct corv_view party = corv_pg_view(res, row, 0);
        int64_t first = corv_pg_time(res, row, 3);

        (void)snprintf(one->party, sizeof one->party, "%.*s", (int)party.n, party.p);
        one->waiting = (uint64_t)corv_pg_int(res, row, 1);
        one->due = (uint64_t)corv_pg_int(res, row, 2);
        one->next_due_us = first;
        one->oldest_due_us = first <= b->now_us ? first : 0;
    }
}

static void backlog_answer(struct corv_read *r)
{
    struct backlog *b = (struct backlog *)(void *)r;

    b->cb(b->ctx, b->list, r->failed ? 0 : b->count, r->failed);
    free(b->list);
    free(b);
}

corv_rc corv_queue_backlog(struct corv_queue *q, corv_backlog_cb cb, void *ctx)
{
    struct backlog *b = calloc(1, sizeof *b);
    struct corv_pg_params p = {0};
    corv_rc rc;

    if (!b)
        return CORV_E_NOMEM;
    b->read.found = backlog_found;
    b->read.answer = backlog_answer;
    b->cb = cb;
    b->ctx = ctx;
    b->now_us = corv_clock_us();
    corv_pg_add_time(&p, b->now_us);
    corv_pg_add_int8(&p, CORV_BACKLOG_COUNTED);
    rc = corv_read_ask(q, &b->read, &corv_sql_backlog, &p);
    if (rc != CORV_OK)
        free(b);
    return rc;
}
