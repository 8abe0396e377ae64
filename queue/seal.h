/* SPDX-License-Identifier: EUPL-1.2 */
/* Signed heads of the audit chains. The hash chain shows a change in the middle; that the last
 * lines are missing, or that somebody with all rights on the database wrote the whole chain anew,
 * is shown by heads signed with a key that is not in the database: Ed25519, in state_dir/audit.key
 * (0600, made at the first start), its public half beside it in audit.pub for whoever must verify.
 * Signed is the SHA-256 over
 *     fields("corvd-audit-seal", chain, seq, hash of that line, at_us)
 * with fields and numbers as in queue/audit.h.
 * Test: tests/unit/test_seal.c */
#ifndef CORV_QUEUE_SEAL_H
#define CORV_QUEUE_SEAL_H

#include "queue/audit.h"
#include "queue/fence.h"

#define CORV_SEAL_KEY       32
#define CORV_SEAL_SIGNATURE 64
#define CORV_SEAL_FILE      "audit.key"
#define CORV_SEAL_PUBLIC    "audit.pub"

struct corv_seal {
    int32_t chain;
    int64_t seq;
    int64_t at_us;
    struct corv_digest hash;
    uint8_t key[CORV_SEAL_KEY];
    uint8_t signature[CORV_SEAL_SIGNATURE];
};

/* ---- keys; any thread ----------------------------------------------------------------------- */

struct corv_signer;
/* Makes key and public key when they are not there. */
CORV_MUST_CHECK corv_rc corv_signer_open(
    const char *state_dir, struct corv_signer **out, struct corv_fault *fault);
void corv_signer_close(struct corv_signer *s); /* accepts NULL */
/* With several nodes each seals with a key of its own; the public halves come together in the
 * folder that they share (keys_dir), as NODE.audit.pub. */
#define CORV_SEAL_SHARED ".audit.pub"
CORV_MUST_CHECK corv_rc corv_signer_share(
    const struct corv_signer *s, const char *dir, const char *node, struct corv_fault *fault);
/* Adds those of a folder to keys (realloc'ed); what is unreadable is left out. */
void corv_seal_read_shared(const char *dir, uint8_t (**keys)[CORV_SEAL_KEY], size_t *count);
/* Fills key and signature. */
CORV_MUST_CHECK corv_rc corv_seal_sign(const struct corv_signer *s, struct corv_seal *seal);
/* CORV_OK: the signature is that of its key. CORV_E_INVALID: it is not. */
CORV_MUST_CHECK corv_rc corv_seal_check(const struct corv_seal *seal);
/* The public keys in a PEM file: one node's, or several after one another. *keys is the caller's.
 */
CORV_MUST_CHECK corv_rc corv_seal_read_public(
    const char *path, uint8_t (**keys)[CORV_SEAL_KEY], size_t *count);

/* ---- sealing; on a worker ------------------------------------------------------------------- */

struct corv_seal_head { /* the node's own chain, as it knows it from its last COMMIT */
    int32_t chain;      /* 0: not known */
    int64_t seq;
    struct corv_digest hash;
};
/* Signs the heads that have moved: the node's own by what it knows itself (when own->chain is 0: as
 * the others), the shared chains ("operator", "keeper") after doing the sums since their last seal
 * again. A chain that is broken is not signed: CORV_E_STATE, and the others are. A database that
 * does not hold what fence remembers is an older one: CORV_E_STATE, nothing is signed, and fence
 * stays as it is. What was seen is set in fence; *sealed counts. */
CORV_MUST_CHECK corv_rc corv_seal_heads(struct corv_keeper *k, const struct corv_signer *s,
    const struct corv_seal_head *own, int64_t now_us, struct corv_fence *fence, unsigned *sealed,
    struct corv_fault *fault);

#endif
