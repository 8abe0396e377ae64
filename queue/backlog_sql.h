/* SPDX-License-Identifier: EUPL-1.2 */
/* How the backlog is counted, once for all who ask: per party what waits (1: now, 2: where counting
 * stops). Hops from party to party through the index and counts to a bound, so that a dead
 * partner's mountain costs the same as a hill. The oldest and the next due are exact. Test:
 * tests/unit/test_queue_lease.c */
#ifndef CORV_QUEUE_BACKLOG_SQL_H
#define CORV_QUEUE_BACKLOG_SQL_H

#define CORV_SQL_BACKLOG                                                                           \
    "WITH RECURSIVE lane (party) AS ("                                                             \
    "  (SELECT party FROM delivery WHERE state = 0 AND party IS NOT NULL ORDER BY party LIMIT 1)"  \
    "  UNION ALL SELECT (SELECT d.party FROM delivery d WHERE d.state = 0"                         \
    "   AND d.party > lane.party ORDER BY d.party LIMIT 1) FROM lane"                              \
    "  WHERE lane.party IS NOT NULL)"                                                              \
    " SELECT lane.party, n.waiting, n.due, f.first"                                                \
    " FROM lane CROSS JOIN LATERAL (SELECT min(x.due_at) AS first"                                 \
    "   FROM unnest(ARRAY[0, 5]::smallint[]) AS p (priority) CROSS JOIN LATERAL"                   \
    "    (SELECT due_at FROM delivery WHERE state = 0 AND party = lane.party"                      \
    "      AND priority = p.priority ORDER BY due_at LIMIT 1) x) f"                                \
    "  CROSS JOIN LATERAL (SELECT count(*) AS waiting,"                                            \
    "    count(*) FILTER (WHERE w.due_at <= $1::timestamptz) AS due"                               \
    "   FROM (SELECT due_at FROM delivery WHERE state = 0 AND party = lane.party"                  \
    "    ORDER BY priority, due_at LIMIT $2::bigint) w) n"                                         \
    " WHERE lane.party IS NOT NULL"

#endif
