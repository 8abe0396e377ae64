/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>

#include "queue/inspect_rows.h"

static const struct corv_column columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_hour, sender),
    CORV_COLUMN(TEXT, struct corv_inspect_hour, kind),
    CORV_COLUMN(I64, struct corv_inspect_hour, hour),
    CORV_COLUMN(U64, struct corv_inspect_hour, messages),
};
static const struct corv_table table = {
    columns, sizeof columns / sizeof columns[0], sizeof(struct corv_inspect_hour)};

/* A range of ids is a range of time: what is read is what came in between. */
static const char sql[] =
    "SELECT sender, kind, floor(extract(epoch FROM received_at) / 3600)::bigint, count(*)"
    " FROM message WHERE id >= id_at(to_timestamp($1::float8 / 1e6))"
    " AND id < id_at(to_timestamp($2::float8 / 1e6)) AND parent_id IS NULL"
    " GROUP BY 1, 2, 3 ORDER BY 3";

corv_rc corv_inspect_hours(struct corv_inspect *i, int64_t from_us, int64_t until_us,
    struct corv_inspect_hour **out, size_t *count, struct corv_fault *fault)
{
    char from[24];
    char until[24];
    const char *params[] = {from, until};

    (void)snprintf(from, sizeof from, "%" PRId64, from_us);
    (void)snprintf(until, sizeof until, "%" PRId64, until_us);
    return corv_inspect_select(i, sql, 2, params, &table, out, count, fault);
}
