/* SPDX-License-Identifier: EUPL-1.2 */
/* How many messages of each party, and how many bytes of them, are between intake and answer, so
 * that a party that floods us takes no more than its share (limits.pipeline_per_party, half of
 * limits.total_body_bytes) and the others find room. There are
 * never more rows than messages under way. Owner: the app; loop thread only.
 * Test: tests/unit/test_share.c */
#ifndef CORV_DAEMON_SHARE_H
#define CORV_DAEMON_SHARE_H

#include <stdint.h>

#include "daemon/base/rc.h"

struct corv_share_row;

struct corv_shares {
    struct corv_share_row *rows; /* owned */
    unsigned count;
    unsigned room;
};

unsigned corv_share_now(const struct corv_shares *s, const char *party);
CORV_MUST_CHECK corv_rc corv_share_take(struct corv_shares *s, const char *party);
/* Once for each _take; with the bytes that were added for that one. */
void corv_share_give(struct corv_shares *s, const char *party, uint64_t bytes);
uint64_t corv_share_bytes(const struct corv_shares *s, const char *party);
void corv_share_add_bytes(struct corv_shares *s, const char *party, uint64_t bytes);
void corv_shares_free(struct corv_shares *s);

#endif
