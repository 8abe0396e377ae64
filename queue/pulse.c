/* SPDX-License-Identifier: EUPL-1.2 */
/* A sign of life for people (corvctl node list), and a look whether a COMMIT still waits for a
 * standby: that may change while the session lives. */
#include <stdlib.h>

#include "daemon/base/log.h"
#include "queue/writer.h"

const struct corv_pg_stmt corv_sql_pulse = {"corv_pulse",
    "UPDATE node SET seen_at = now(), stopped_at = NULL WHERE name = $1::text"
    " RETURNING (current_setting('synchronous_standby_names') <> '')::integer"};

static void pulse_found(struct corv_read *r, const PGresult *res)
{
    struct corv_queue *q = r->q;

    if (PQntuples(res) != 1) /* forgotten by an operator, who thought it dead */
        return;
    q->synchronous = corv_pg_int(res, 0, 0) != 0;
    if (q->o.require_standby && !q->synchronous)
        corv_pg_drop(q->writer, CORV_QUEUE_NO_STANDBY);
}

static void pulse_answered(struct corv_read *r)
{
    free(r);
}

corv_rc corv_queue_pulse(struct corv_queue *q)
{
    struct corv_read *r = calloc(1, sizeof *r);
    struct corv_pg_params p = {0};
    corv_rc rc;

    if (!r)
        return CORV_E_NOMEM;
    corv_pg_add_text(&p, q->o.node);
    r->found = pulse_found;
    r->answer = pulse_answered;
    rc = corv_read_ask(q, r, &corv_sql_pulse, &p);
    if (rc != CORV_OK)
        free(r);
    return rc;
}
