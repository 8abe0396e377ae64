/* SPDX-License-Identifier: EUPL-1.2 */
/* corvd's second hand on the database: blocking libpq on a connection of its own, for the chores
 * that may take their time - destroying what the law wants gone, signing the audit trail - and that
 * must not hold up the queue's writer. What it does it writes in the audit chain "keeper", which
 * all nodes share: whoever holds its end works, the others wait.
 * For a worker thread, one at a time. Opened and closed while no work runs.
 * Test: tests/unit/test_purge.c */
#ifndef CORV_QUEUE_KEEPER_H
#define CORV_QUEUE_KEEPER_H

#include "queue/act_chain.h"
#include "queue/pg_array.h"
#include "queue/vault.h"

#define CORV_KEEPER_CHAIN "keeper"

struct corv_keeper {
    struct corv_inspect *i; /* owned */
    struct corv_vault *vault;
    char *node;  /* owned */
    char *actor; /* owned: "node:NAME" */
};

/* conninfo and node are borrowed for the call; vault until close. */
CORV_MUST_CHECK corv_rc corv_keeper_open(const char *conninfo, const char *node,
    struct corv_vault *vault, struct corv_keeper **out, struct corv_fault *fault);
void corv_keeper_close(struct corv_keeper *k); /* accepts NULL */
/* From another thread: ends the statement that runs now, which then fails. */
void corv_keeper_cancel(struct corv_keeper *k);

/* The secret of this database (queue/sql/002): the same for all its nodes. */
CORV_MUST_CHECK corv_rc corv_keeper_secret(
    struct corv_keeper *k, struct corv_digest *out, struct corv_fault *fault);

/* ---- for queue/ ----------------------------------------------------------------------------- */

CORV_MUST_CHECK corv_rc corv_keeper_begin(
    struct corv_keeper *k, struct corv_act *act, int64_t now_us, struct corv_fault *fault);
/* A statement with binary parameters and results. *out may be NULL; else PQclear it. */
CORV_MUST_CHECK corv_rc corv_keeper_run(struct corv_keeper *k, const char *sql,
    const struct corv_pg_params *p, PGresult **out, struct corv_fault *fault);

#endif
