/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>

#include "queue/writer.h"

/* By the small indexes only (delivery_set_aside, delivery_owner), and to a bound: a mountain that
 * waits for a partner, or lies in the tray, costs no more than a hill. */
const struct corv_pg_stmt corv_sql_aside = {"corv_aside",
    "SELECT coalesce(x.party, ''), s.state, count(*)"
    " FROM unnest(ARRAY[1, 2]::smallint[]) AS s (state) CROSS JOIN LATERAL"
    "  (SELECT party FROM delivery d WHERE d.state = s.state AND d.state <> 0 LIMIT $1::bigint) x"
    " GROUP BY 1, 2"
    " UNION ALL SELECT '', 0::smallint, count(*)"
    "  FROM (SELECT 1 FROM delivery WHERE owner IS NOT NULL LIMIT $1::bigint) o"};

struct aside {
    struct corv_read read; /* first */
    corv_aside_cb cb;
    void *ctx;
    struct corv_aside *list; /* owned */
    size_t count;
    uint64_t leased;
};

static void aside_found(struct corv_read *r, const PGresult *res)
{
    struct aside *a = (struct aside *)(void *)r;
    int rows = PQntuples(res);

    a->list = calloc((size_t)rows + 1, sizeof *a->list);
    if (!a->list) {
        r->failed = true;
        return;
    }
    for (int row = 0; row < rows; row++) {
        struct corv_view party = corv_pg_view(res, row, 0);
        struct corv_aside *one = &a->list[a->count];

        one->state = (enum corv_delivery_state)corv_pg_int(res, row, 1);
        one->n = (uint64_t)corv_pg_int(res, row, 2);
        if (one->state == CORV_DELIVERY_WAITING) {
            a->leased = one->n;
            continue;
        }
        (void)snprintf(one->party, sizeof one->party, "%.*s", (int)party.n, party.p);
        a->count++;
    }
}

static void aside_answer(struct corv_read *r)
{
    struct aside *a = (struct aside *)(void *)r;

    a->cb(a->ctx, a->list, r->failed ? 0 : a->count, a->leased, r->failed);
    free(a->list);
    free(a);
}

corv_rc corv_queue_aside(struct corv_queue *q, corv_aside_cb cb, void *ctx)
{
    struct aside *a = calloc(1, sizeof *a);
    struct corv_pg_params p = {0};
    corv_rc rc;

    if (!a)
        return CORV_E_NOMEM;
    a->read.found = aside_found;
    a->read.answer = aside_answer;
    a->cb = cb;
    a->ctx = ctx;
    corv_pg_add_int8(&p, CORV_BACKLOG_COUNTED);
    rc = corv_read_ask(q, &a->read, &corv_sql_aside, &p);
    if (rc != CORV_OK)
        free(a);
    return rc;
}
