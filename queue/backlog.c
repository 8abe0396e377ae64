/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "queue/writer.h"

/* Hops from party to party through the index and counts to a bound, so that a dead partner's
 * mountain costs the same as a hill. The oldest and the next due are exact. */
const struct corv_pg_stmt corv_sql_backlog = {"corv_backlog",
    "WITH RECURSIVE lane (party) AS ("
    "  (SELECT party FROM delivery WHERE state = 0 AND party IS NOT NULL ORDER BY party LIMIT 1)"
    "  UNION ALL SELECT (SELECT d.party FROM delivery d WHERE d.state = 0 AND d.party > lane.party"
    "   ORDER BY d.party LIMIT 1) FROM lane WHERE lane.party IS NOT NULL)"
    " SELECT lane.party, n.waiting, n.due, f.first"
    " FROM lane CROSS JOIN LATERAL (SELECT min(x.due_at) AS first"
    "   FROM unnest(ARRAY[0, 5]::smallint[]) AS p (priority) CROSS JOIN LATERAL"
    "    (SELECT due_at FROM delivery WHERE state = 0 AND party = lane.party"
    "      AND priority = p.priority ORDER BY due_at LIMIT 1) x) f"
    "  CROSS JOIN LATERAL (SELECT count(*) AS waiting,"
    "    count(*) FILTER (WHERE w.due_at <= $1::timestamptz) AS due"
    "   FROM (SELECT due_at FROM delivery WHERE state = 0 AND party = lane.party"
    "    ORDER BY priority, due_at LIMIT $2::bigint) w) n"
    " WHERE lane.party IS NOT NULL"};

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
