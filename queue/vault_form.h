/* SPDX-License-Identifier: EUPL-1.2 */
/* The form of a sealed payload (vault.h says what stands where) and its two AES-256-GCM boxes: the
 * one around the message's key, under the key of the hour, and the one around the content.
 * Any thread. Test: tests/unit/test_vault.c */
#ifndef CORV_QUEUE_VAULT_FORM_H
#define CORV_QUEUE_VAULT_FORM_H

#include <openssl/evp.h>

#include "daemon/base/buf.h"
#include "daemon/base/fault.h"
#include "daemon/base/id.h"
#include "queue/vault_keys.h"

#define CORV_BOX_NONCE 12
#define CORV_BOX_TAG   16

/* The most that is packed, and so the most that opening makes of a few bytes. */
#define CORV_SEALED_PACK_MAX (256 << 10)

/* Places: in the head, and behind it. */
enum {
    CORV_SEALED_HOUR = 3,
    CORV_SEALED_SIZE = CORV_SEALED_HOUR + 4,
    CORV_SEALED_HEAD = CORV_SEALED_SIZE,            /* bytes of "CV1" with its hour */
    CORV_SEALED_HEAD_PACKED = CORV_SEALED_SIZE + 4, /* of "CV2" with hour and size */

    CORV_SEALED_WRAP_NONCE = 0,
    CORV_SEALED_WRAPPED = CORV_SEALED_WRAP_NONCE + CORV_BOX_NONCE,
    CORV_SEALED_WRAP_TAG = CORV_SEALED_WRAPPED + CORV_VAULT_KEY,
    CORV_SEALED_NONCE = CORV_SEALED_WRAP_TAG + CORV_BOX_TAG,
    CORV_SEALED_TEXT = CORV_SEALED_NONCE + CORV_BOX_NONCE,
    CORV_SEALED_BODY = CORV_SEALED_TEXT + CORV_BOX_TAG, /* all but head and text */

    CORV_SEALED_OVERHEAD = CORV_SEALED_HEAD + CORV_SEALED_BODY,
    CORV_SEALED_OVERHEAD_PACKED = CORV_SEALED_HEAD_PACKED + CORV_SEALED_BODY,
};

struct corv_sealed_head {
    size_t n;      /* its bytes; 0: not a sealed payload */
    uint32_t hour; /* of the key */
    size_t size;   /* of the content; known to be true only after opening */
    bool packed;
};

void corv_sealed_put_head(uint8_t *p, const struct corv_sealed_head *h);
struct corv_sealed_head corv_sealed_head_of(struct corv_view sealed);

/* What is authenticated beside the text. */
struct corv_box_label {
    const struct corv_id *id;
    const uint8_t *head; /* of a packed one; head_n is 0 otherwise */
    size_t head_n;
};
/* p: where the sealed form begins. */
struct corv_box_label corv_box_label(
    const struct corv_id *id, const struct corv_sealed_head *h, const uint8_t *p);

struct corv_box { /* one encryption or decryption; out may be in */
    const uint8_t *key;
    const uint8_t *nonce;
    const uint8_t *in;
    uint8_t *out;
    size_t n;
    uint8_t *tag; /* written when encrypting, compared when decrypting */
};
CORV_MUST_CHECK corv_rc corv_box_lock(
    const EVP_CIPHER *cipher, const struct corv_box_label *l, const struct corv_box *x);
/* CORV_E_INVALID: something of it was changed; out then holds what is not known to be right. */
CORV_MUST_CHECK corv_rc corv_box_unlock(
    const EVP_CIPHER *cipher, const struct corv_box_label *l, const struct corv_box *x);

#endif
