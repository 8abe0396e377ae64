/* SPDX-License-Identifier: EUPL-1.2 */
/* Processes of the private PostgreSQL: finding its programs, starting them as the owner, and
 * telling a living server from a pid file that was left behind.
 * Safe in a process with other threads: the child calls only async-signal-safe functions.
 * Test: tests/unit/test_embedded_pg.c */
#ifndef CORV_QUEUE_EMBEDDED_RUN_H
#define CORV_QUEUE_EMBEDDED_RUN_H

#include "queue/embedded_home.h"

/* The folder with initdb and postgres: CORV_PG_BIN, else the version that made the cluster, else
 * the newest of at least 14 under /usr/lib/postgresql, else along PATH. */
CORV_MUST_CHECK corv_rc corv_pg_run_find_bin(
    const struct corv_pg_home *h, char *out, size_t size, struct corv_fault *fault);
/* Starts argv[0] (absolute) in a session of its own, without our descriptors; its words go to
 * start.log, which is emptied first. */
CORV_MUST_CHECK corv_rc corv_pg_run_spawn(
    const struct corv_pg_home *h, const char *const *argv, pid_t *pid, struct corv_fault *fault);

#define CORV_PG_RUN_NO_USER   121 /* exit codes of a child that did not come to exec */
#define CORV_PG_RUN_NO_FOLDER 122
#define CORV_PG_RUN_NO_EXEC   123

/* The living server of this cluster, 0 when none. */
pid_t corv_pg_run_server(const struct corv_pg_home *h);
/* Removes a pid file whose process is another program by now, and only then: while the dead
 * server's own processes still hold its shared memory a new one would damage the data, so
 * PostgreSQL's own check must see the file. CORV_AGAIN: not yet. */
CORV_MUST_CHECK corv_rc corv_pg_run_clean(const struct corv_pg_home *h);
/* Why the server did not come up, from what it wrote since `from` (corv_pg_run_log_mark). */
struct corv_pg_log_mark {
    char path[CORV_PG_PATH + 300];
    long size;
};
void corv_pg_run_log_mark(const struct corv_pg_home *h, struct corv_pg_log_mark *mark);
corv_rc corv_pg_run_fault(const struct corv_pg_home *h, const struct corv_pg_log_mark *from,
    int exit_code, struct corv_fault *fault);

#endif
