/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/vault_form.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

/* ---- the head ----------------------------------------------------------------------------- */

static void put_number(uint8_t *p, uint32_t number)
{
    number = htobe32(number);
    memcpy(p, &number, sizeof number);
}

static uint32_t get_number(const uint8_t *p)
{
    uint32_t number;

    memcpy(&number, p, sizeof number);
    return be32toh(number);
}

void corv_sealed_put_head(uint8_t *p, const struct corv_sealed_head *h)
{
    memcpy(p, h->packed ? "CV2" : "CV1", CORV_SEALED_HOUR);
    put_number(p + CORV_SEALED_HOUR, h->hour);
    if (h->packed)
        put_number(p + CORV_SEALED_SIZE, (uint32_t)h->size);
}

struct corv_sealed_head corv_sealed_head_of(struct corv_view sealed)
{
    const uint8_t *p = (const uint8_t *)sealed.p;
    struct corv_sealed_head h = {.n = 0};

    if (sealed.n >= CORV_SEALED_OVERHEAD && memcmp(p, "CV1", CORV_SEALED_HOUR) == 0)
        h = (struct corv_sealed_head){
            .n = CORV_SEALED_HEAD, .size = sealed.n - CORV_SEALED_OVERHEAD};
    else if (sealed.n >= CORV_SEALED_OVERHEAD_PACKED && memcmp(p, "CV2", CORV_SEALED_HOUR) == 0)
        h = (struct corv_sealed_head){
            .n = CORV_SEALED_HEAD_PACKED, .size = get_number(p + CORV_SEALED_SIZE), .packed = true};
    if (h.n > 0)
        h.hour = get_number(p + CORV_SEALED_HOUR);
    if (h.hour == 0 || h.size > (h.packed ? CORV_SEALED_PACK_MAX : (size_t)INT_MAX))
        return (struct corv_sealed_head){.n = 0};
    return h;
}

/* ---- AES-256-GCM -------------------------------------------------------------------------- */

struct corv_box_label corv_box_label(
    const struct corv_id *id, const struct corv_sealed_head *h, const uint8_t *p)
{
    return (struct corv_box_label){id, p, h->packed ? h->n : 0};
}

corv_rc corv_box_lock(
    const EVP_CIPHER *cipher, const struct corv_box_label *l, const struct corv_box *x)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    corv_rc rc = CORV_E_NOMEM;
    int n = 0;

    if (ctx && EVP_EncryptInit_ex2(ctx, cipher, x->key, x->nonce, NULL) &&
        EVP_EncryptUpdate(ctx, NULL, &n, l->id->b, sizeof l->id->b) &&
        EVP_EncryptUpdate(ctx, NULL, &n, l->head, (int)l->head_n) &&
        EVP_EncryptUpdate(ctx, x->out, &n, x->in, (int)x->n) &&
        EVP_EncryptFinal_ex(ctx, x->out + n, &n) &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, CORV_BOX_TAG, x->tag))
        rc = CORV_OK;
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

corv_rc corv_box_unlock(
    const EVP_CIPHER *cipher, const struct corv_box_label *l, const struct corv_box *x)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    corv_rc rc = CORV_E_NOMEM;
    int n = 0;

    if (!ctx || !EVP_DecryptInit_ex2(ctx, cipher, x->key, x->nonce, NULL) ||
        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CORV_BOX_TAG, x->tag))
        goto out;
    rc = CORV_E_INVALID;
    if (EVP_DecryptUpdate(ctx, NULL, &n, l->id->b, sizeof l->id->b) &&
        EVP_DecryptUpdate(ctx, NULL, &n, l->head, (int)l->head_n) &&
        EVP_DecryptUpdate(ctx, x->out, &n, x->in, (int)x->n) &&
        EVP_DecryptFinal_ex(ctx, x->out + n, &n) > 0)
        rc = CORV_OK;
out:
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}
