/* SPDX-License-Identifier: EUPL-1.2 */
/* What a session of ours waits for, as far as PostgreSQL tells: the log event "database.waits",
 * with number and program of the session that holds us up; never what it is doing. Over a
 * connection of its own, which waits as pg_wait.h does. Blocking; any thread.
 * Test: tests/unit/test_pg_wait.c */
#ifndef CORV_QUEUE_PG_HOLDER_H
#define CORV_QUEUE_PG_HOLDER_H

#include <libpq-fe.h>
#include <stdint.h>

void corv_pg_holder_tell(PGconn *waiting, int64_t waited_ms);

#endif
