/* SPDX-License-Identifier: EUPL-1.2 */
/* Questions about deliveries, lanes and events. */
#include <stdio.h>

#include "queue/inspect_rows.h"

#define LIMIT_DEFAULT 50

static const struct corv_column delivery_columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, message),
    CORV_COLUMN(INT, struct corv_inspect_delivery, no),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, kind),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, route),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, party),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, state),
    CORV_COLUMN(INT, struct corv_inspect_delivery, priority),
    CORV_COLUMN(INT, struct corv_inspect_delivery, attempts),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, created),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, due),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, done),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, code),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, text),
    CORV_COLUMN(INT, struct corv_inspect_delivery, status),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, held_question),
    CORV_COLUMN(TEXT, struct corv_inspect_delivery, receipt),
};
static const struct corv_table delivery_table = {delivery_columns,
    sizeof delivery_columns / sizeof delivery_columns[0], sizeof(struct corv_inspect_delivery)};

/* A held delivery's code is why it is held. */
#define OPEN                                                                                       \
    "SELECT d.message_id, d.no, m.kind, d.route, d.party, d.state_name, d.priority, "              \
    "d.attempts, " CORV_SQL_TIME("d.created_at") ", CASE WHEN d.state = 0 THEN " CORV_SQL_TIME(    \
        "d.due_at") " END, NULL, CASE WHEN d.state = 1 THEN d.held_code ELSE d.last_code END,"     \
                    " d.last_text, d.last_status, CASE WHEN d.state = 1 THEN d.held_question END," \
                    " NULL"                                                                        \
                    " FROM (SELECT *, " CORV_SQL_OPEN_STATE                                        \
                    " AS state_name FROM delivery) d LEFT JOIN message m ON m.id = d.message_id"
#define DONE                                                                                       \
    "SELECT d.message_id, d.no, m.kind, d.route, d.party, d.state_name, d.priority, "              \
    "d.attempts, " CORV_SQL_TIME("d.created_at") ", NULL, " CORV_SQL_TIME(                         \
        "d.done_at") ", d.code, NULL, d.status, NULL,"                                             \
                     " left(encode(d.receipt, 'hex'), 127)"                                        \
                     " FROM (SELECT *, " CORV_SQL_DONE_STATE                                       \
                     " AS state_name FROM delivery_done) d"                                        \
                     " LEFT JOIN message m ON m.id = d.message_id"

corv_rc corv_inspect_deliveries(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_delivery **out, size_t *count, struct corv_fault *fault)
{
    corv_rc rc = corv_inspect_check_id(message_id, fault);

    *out = NULL;
    *count = 0;
    if (rc == CORV_OK)
        rc = corv_inspect_select(i,
            OPEN " WHERE d.message_id = $1::uuid UNION ALL " DONE
                 " WHERE d.message_id = $1::uuid ORDER BY 2",
            1, &message_id, &delivery_table, out, count, fault);
    return rc;
}

corv_rc corv_inspect_open_deliveries(struct corv_inspect *i, const char *state, unsigned limit,
    struct corv_inspect_delivery **out, size_t *count, struct corv_fault *fault)
{
    char number[16];
    const char *params[] = {state, number};

    (void)snprintf(number, sizeof number, "%u", limit ? limit : LIMIT_DEFAULT);
    return corv_inspect_select(i,
        OPEN " WHERE ($1::text IS NULL OR d.state_name = $1 OR ($1 = 'waiting' AND d.state = 0))"
             " ORDER BY (d.state <> 0), d.due_at, d.message_id, d.no LIMIT $2::bigint",
        2, params, &delivery_table, out, count, fault);
}

/* ---- events ------------------------------------------------------------------------------- */

static const struct corv_column event_columns[] = {
    CORV_COLUMN(INT, struct corv_inspect_event, chain),
    CORV_COLUMN(I64, struct corv_inspect_event, seq),
    CORV_COLUMN(TEXT, struct corv_inspect_event, at),
    CORV_COLUMN(TEXT, struct corv_inspect_event, event),
    CORV_COLUMN(TEXT, struct corv_inspect_event, message),
    CORV_COLUMN(INT, struct corv_inspect_event, delivery),
    CORV_COLUMN(TEXT, struct corv_inspect_event, party),
    CORV_COLUMN(TEXT, struct corv_inspect_event, actor),
    CORV_COLUMN(TEXT, struct corv_inspect_event, code),
    CORV_COLUMN(TEXT, struct corv_inspect_event, detail),
};
static const struct corv_table event_table = {event_columns,
    sizeof event_columns / sizeof event_columns[0], sizeof(struct corv_inspect_event)};

corv_rc corv_inspect_trace(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_event **out, size_t *count, struct corv_fault *fault)
{
    corv_rc rc = corv_inspect_check_id(message_id, fault);

    *out = NULL;
    *count = 0;
    if (rc != CORV_OK)
        return rc;
    return corv_inspect_select(i,
        "SELECT chain, seq, " CORV_SQL_TIME(
            "at") ", event, message_id, delivery, party, actor, code,"
                  " detail FROM audit WHERE message_id = $1::uuid ORDER BY at, chain, seq",
        1, &message_id, &event_table, out, count, fault);
}

/* ---- lanes -------------------------------------------------------------------------------- */

static const struct corv_column lane_columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_lane, party),
    CORV_COLUMN(U64, struct corv_inspect_lane, waiting),
    CORV_COLUMN(U64, struct corv_inspect_lane, leased),
    CORV_COLUMN(U64, struct corv_inspect_lane, held),
    CORV_COLUMN(U64, struct corv_inspect_lane, dead),
    CORV_COLUMN(TEXT, struct corv_inspect_lane, oldest_due),
    CORV_COLUMN(DOUBLE, struct corv_inspect_lane, oldest_due_seconds),
    CORV_COLUMN(TEXT, struct corv_inspect_lane, next_due),
    CORV_COLUMN(TEXT, struct corv_inspect_lane, last_code),
    CORV_COLUMN(TEXT, struct corv_inspect_lane, last_text),
};
static const struct corv_table lane_table = {
    lane_columns, sizeof lane_columns / sizeof lane_columns[0], sizeof(struct corv_inspect_lane)};

#define LAST(column)                                                                               \
    "(array_agg(" column                                                                           \
    " ORDER BY last_at DESC NULLS LAST) FILTER (WHERE last_code IS NOT NULL AND state <> 1))[1]"
#define OLDEST_DUE CORV_SQL_TIME("min(due_at) FILTER (WHERE due)")
#define NEXT_DUE   CORV_SQL_TIME("min(due_at) FILTER (WHERE state = 0 AND NOT leased)")
#define LAST_CODE  LAST("last_code")
#define LAST_TEXT  LAST("last_text")
static const char lanes_sql[] =
    "SELECT coalesce(party, ''), count(*) FILTER (WHERE state = 0 AND NOT leased),"
    " count(*) FILTER (WHERE leased), count(*) FILTER (WHERE state = 1),"
    " count(*) FILTER (WHERE state = 2), " OLDEST_DUE ","
    " coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due)), 0), " NEXT_DUE ","
    " " LAST_CODE ", " LAST_TEXT " FROM (SELECT *, " CORV_SQL_LEASED
    " AS leased, state = 0 AND due_at <= now() AS due"
    "  FROM delivery) d GROUP BY party ORDER BY party NULLS FIRST";

corv_rc corv_inspect_lanes(
    struct corv_inspect *i, struct corv_inspect_lane **out, size_t *count, struct corv_fault *fault)
{
    return corv_inspect_select(i, lanes_sql, 0, NULL, &lane_table, out, count, fault);
}
