/* SPDX-License-Identifier: EUPL-1.2 */
/* What the child says to corvd. Writing waits until there is room: nothing here has anything better
 * to do, and corvd always reads. Any thread. When corvd is gone, words are lost without a sound.
 * Test: tests/unit/test_process.c */
#ifndef CORV_RUNNER_TELL_H
#define CORV_RUNNER_TELL_H

#include "adapters/process/wire.h"
#include "daemon/base/log.h"
#include "daemon/host/host.h"

void corv_tell_start(int fd);       /* also takes the log from here on */
void corv_tell(struct wire_out *o); /* ends, sends and frees it */
void corv_tell_number(enum wire_type type, uint32_t number);
void corv_tell_failed(const char *code, const char *text);
void corv_tell_outcome(uint64_t op, const struct corv_host_outcome *o);
void corv_tell_offer(uint64_t offer, const struct corv_host_incoming *in);
void corv_tell_reconfigured(uint32_t verdict, const char *why);
void corv_tell_count(const char *what, uint64_t n);

#endif
