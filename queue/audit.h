/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail's arithmetic, shared by the daemon (which appends), corvctl (which verifies) and
 * the tests (which tamper). Per node one chain:
 *     commitment = SHA-256 over fields(salt, event, message, delivery, party, actor, code, detail)
 *     hash       = SHA-256 over fields(previous hash, chain, seq, at_us, commitment)
 * fields() prefixes each part with its length (corv_digest_fields). Numbers are eight bytes, big
 * endian; the message is its 16 bytes, or nothing for an event about no message; an absent text is
 * an empty one; before the first line the previous hash is 32 zero bytes. The salt is stored beside
 * the row; destroying salt and texts after six months leaves the chain verifiable (promise 6). Pure
 * functions, any thread. Test: tests/unit/test_audit.c */
#ifndef CORV_QUEUE_AUDIT_H
#define CORV_QUEUE_AUDIT_H

#include "queue/types.h"

#define CORV_AUDIT_SALT 16

struct corv_audit_line {
    int32_t chain;
    int64_t seq; /* 1.. without gaps */
    int64_t at_us;
    uint8_t salt[CORV_AUDIT_SALT];
    struct corv_queue_event event;
};
CORV_MUST_CHECK corv_rc corv_audit_commitment(
    const struct corv_audit_line *line, struct corv_digest *commitment);
CORV_MUST_CHECK corv_rc corv_audit_hash(const struct corv_digest *previous,
    const struct corv_audit_line *line, const struct corv_digest *commitment,
    struct corv_digest *hash);

#endif
