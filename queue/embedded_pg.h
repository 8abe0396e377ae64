/* SPDX-License-Identifier: EUPL-1.2 */
/* The private PostgreSQL of `database: embedded`: initdb once, then a child process that listens on
 * a unix socket in the state directory only. initdb and postgres refuse root, so as root both run
 * as user postgres. A server left over from a killed corvd is adopted. Blocking; call before the
 * loop runs and after it ended. Test: tests/unit/test_embedded_pg.c */
#ifndef CORV_QUEUE_EMBEDDED_PG_H
#define CORV_QUEUE_EMBEDDED_PG_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/base/fault.h"

struct corv_embedded_pg;

/* Starts or adopts the server under state_dir/postgres; returns when it accepts connections. */
CORV_MUST_CHECK corv_rc corv_embedded_pg_start(
    const char *state_dir, struct corv_embedded_pg **out, struct corv_fault *fault);
/* The same, for a caller who can say when it takes too long: go_on is asked about every second,
 * and while it says yes a server that recovers from a crash is waited for without a limit. On its
 * no: CORV_E_STATE, "store.abandoned". */
CORV_MUST_CHECK corv_rc corv_embedded_pg_start_patient(const char *state_dir,
    bool (*go_on)(void *ctx), void *ctx, struct corv_embedded_pg **out, struct corv_fault *fault);
/* libpq connection string, borrowed. */
const char *corv_embedded_pg_conninfo(const struct corv_embedded_pg *pg);
pid_t corv_embedded_pg_pid(const struct corv_embedded_pg *pg);
/* The connection string alone, for corvctl: nothing is started. Returns out. */
char *corv_embedded_pg_conninfo_for(const char *state_dir, char *out, size_t size);
/* Restarts the server when it has died; call now and then from a worker or timer (cheap when it
 * lives). */
CORV_MUST_CHECK corv_rc corv_embedded_pg_revive(struct corv_embedded_pg *pg, struct corv_fault *f);
void corv_embedded_pg_stop(struct corv_embedded_pg *pg); /* fast shutdown, waits; accepts NULL */

#endif
