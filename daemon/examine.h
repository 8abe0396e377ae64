/* SPDX-License-Identifier: EUPL-1.2 */
/* Parse, validate, identify, authorise, route, derive and seal: everything about a message that is
 * computing and no waiting, in one job on a worker thread. Loop thread only (the job itself
 * touches nothing but its message, the configuration, the schemas and the vault). */
#ifndef CORV_DAEMON_EXAMINE_H
#define CORV_DAEMON_EXAMINE_H

struct corv_message;

/* What the applicatie of a message that is only a test begins with; in production it is refused.
 * Test: tests/path/test_a12_chain.py */
#define CORV_TEST_MARK "CORV-TEST"

/* Goes on with store.c or acknowledge.c. Takes the message over. */
void corv_examine(struct corv_message *m);

#endif
