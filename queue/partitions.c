/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "queue/writer.h"

/* The coming week, so that a weekend without the database is no reason for the default ones. */
const struct corv_pg_stmt corv_sql_partitions = {"corv_partitions",
    "SELECT ensure_partitions($1::timestamptz - interval '1 day',"
    " $1::timestamptz + interval '8 days')::bigint"};

static void partitions_made(struct corv_read *r, const PGresult *res)
{
    (void)r;
    if (PQntuples(res) == 1 && corv_pg_int(res, 0, 0) > 0)
        CORV_LOG(INFO, "queue.partitions", NULL, CORV_N(COUNT, corv_pg_int(res, 0, 0)));
}

static void partitions_answered(struct corv_read *r)
{
    if (r->failed)
        CORV_LOG(WARNING, "queue.partitions-failed", NULL);
    free(r);
}

corv_rc corv_queue_ensure_partitions(struct corv_queue *q)
{
    struct corv_read *r = calloc(1, sizeof *r);
    struct corv_pg_params p = {0};
    corv_rc rc;

    if (!r)
        return CORV_E_NOMEM;
    corv_pg_add_time(&p, corv_clock_us());
    r->found = partitions_made;
    r->answer = partitions_answered;
    rc = corv_read_ask(q, r, &corv_sql_partitions, &p);
    if (rc != CORV_OK)
        free(r);
    return rc;
}
