/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/vault.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "queue/vault_keys.h"

#define HOUR_US INT64_C(3600000000)
#define MAGIC   "CV1"
#define NONCE   12
#define TAG     16

/* Places in the sealed form (vault.h). */
enum {
    AT_HOUR = 3,
    AT_WRAP_NONCE = AT_HOUR + 4,
    AT_WRAPPED = AT_WRAP_NONCE + NONCE,
    AT_WRAP_TAG = AT_WRAPPED + CORV_VAULT_KEY,
    AT_NONCE = AT_WRAP_TAG + TAG,
    AT_TEXT = AT_NONCE + NONCE,
    OVERHEAD = AT_TEXT + TAG,
};

struct corv_vault {
    pthread_mutex_t mutex; /* around keys only, never around the work itself */
    struct corv_vault_keys *keys;
    EVP_CIPHER *cipher; /* fetched once: a fetch costs as much as a small message */
};

/* ---- AES-256-GCM -------------------------------------------------------------------------- */

struct box { /* one encryption or decryption */
    const uint8_t *key;
    const uint8_t *nonce;
    const uint8_t *in;
    uint8_t *out;
    size_t n;
    uint8_t *tag; /* written when encrypting, compared when decrypting */
};

static corv_rc lock_box(const struct corv_vault *v, const struct corv_id *id, const struct box *x)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    corv_rc rc = CORV_E_NOMEM;
    int n = 0;

    if (ctx && EVP_EncryptInit_ex2(ctx, v->cipher, x->key, x->nonce, NULL) &&
        EVP_EncryptUpdate(ctx, NULL, &n, id->b, sizeof id->b) &&
        EVP_EncryptUpdate(ctx, x->out, &n, x->in, (int)x->n) &&
        EVP_EncryptFinal_ex(ctx, x->out + n, &n) &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, x->tag))
        rc = CORV_OK;
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

static corv_rc unlock_box(const struct corv_vault *v, const struct corv_id *id, const struct box *x)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    corv_rc rc = CORV_E_NOMEM;
    int n = 0;

    if (!ctx || !EVP_DecryptInit_ex2(ctx, v->cipher, x->key, x->nonce, NULL) ||
        !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, x->tag))
        goto out;
    rc = CORV_E_INVALID;
    if (EVP_DecryptUpdate(ctx, NULL, &n, id->b, sizeof id->b) &&
        EVP_DecryptUpdate(ctx, x->out, &n, x->in, (int)x->n) &&
        EVP_DecryptFinal_ex(ctx, x->out + n, &n) > 0)
        rc = CORV_OK;
out:
    EVP_CIPHER_CTX_free(ctx);
    return rc;
}

/* ---- sealing ------------------------------------------------------------------------------ */

static void put_hour(uint8_t *p, uint32_t hour)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(hour >> (24 - 8 * i));
}

static corv_rc hour_key(struct corv_vault *v, uint32_t hour, bool make, struct corv_vault_key *out)
{
    corv_rc rc;

    (void)pthread_mutex_lock(&v->mutex);
    rc = make ? corv_vault_keys_make(v->keys, hour, out) : corv_vault_keys_find(v->keys, hour, out);
    (void)pthread_mutex_unlock(&v->mutex);
    return rc;
}

static uint32_t hour_now(void)
{
    return (uint32_t)(corv_clock_us() / HOUR_US);
}

/* One draw for everything random in a message: its key and both nonces. */
struct fresh {
    uint8_t key[CORV_VAULT_KEY];
    uint8_t nonce[NONCE];
    uint8_t wrap_nonce[NONCE];
};

static corv_rc seal_into(struct corv_vault *v, const struct corv_id *id, struct corv_view plain,
    const struct corv_vault_key *hour, uint8_t *p)
{
    struct fresh fresh;
    corv_rc rc = CORV_E_IO;

    if (RAND_priv_bytes((uint8_t *)&fresh, sizeof fresh) != 1)
        goto out;
    memcpy(p + AT_WRAP_NONCE, fresh.wrap_nonce, NONCE);
    memcpy(p + AT_NONCE, fresh.nonce, NONCE);
    rc = lock_box(v, id,
        &(struct box){hour->b, p + AT_WRAP_NONCE, fresh.key, p + AT_WRAPPED, CORV_VAULT_KEY,
            p + AT_WRAP_TAG});
    if (rc == CORV_OK)
        rc = lock_box(v, id,
            &(struct box){fresh.key, p + AT_NONCE, (const uint8_t *)plain.p, p + AT_TEXT, plain.n,
                p + AT_TEXT + plain.n});
out:
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return rc;
}

corv_rc corv_vault_seal(struct corv_vault *v, const struct corv_id *id, struct corv_view plain,
    char **out, size_t *size)
{
    uint32_t hour = hour_now();
    struct corv_vault_key key = {0};
    uint8_t *p = NULL;
    corv_rc rc;

    *out = NULL;
    *size = 0;
    if (plain.n > INT_MAX - OVERHEAD)
        return CORV_E_LIMIT;
    rc = hour_key(v, hour, true, &key);
    if (rc != CORV_OK)
        goto out;
    rc = CORV_E_NOMEM;
    p = malloc(plain.n + OVERHEAD);
    if (!p)
        goto out;
    memcpy(p, MAGIC, AT_HOUR);
    put_hour(p + AT_HOUR, hour);
    rc = seal_into(v, id, plain, &key, p);
    if (rc != CORV_OK)
        goto out;
    *out = (char *)p;
    *size = plain.n + OVERHEAD;
    p = NULL;
out:
    OPENSSL_cleanse(&key, sizeof key);
    free(p);
    return rc;
}

corv_rc corv_vault_seal_own(struct corv_vault *v, const struct corv_id *id, char **p, size_t *size)
{
    uint32_t hour = hour_now();
    struct corv_vault_key key = {0};
    size_t n = *size;
    corv_rc rc;

    if (n > INT_MAX - OVERHEAD)
        return CORV_E_LIMIT;
    rc = hour_key(v, hour, true, &key);
    if (rc != CORV_OK)
        return rc;

    char *more = realloc(*p, n + OVERHEAD); /* of large ones the kernel moves the pages */

    rc = CORV_E_NOMEM;
    if (!more)
        goto out;
    *p = more;
    memmove(more + AT_TEXT, more, n);
    memcpy(more, MAGIC, AT_HOUR);
    put_hour((uint8_t *)more + AT_HOUR, hour);
    rc = seal_into(v, id, corv_view_of(more + AT_TEXT, n), &key, (uint8_t *)more);
    if (rc == CORV_OK)
        *size = n + OVERHEAD;
out:
    OPENSSL_cleanse(&key, sizeof key);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------ */

uint32_t corv_vault_hour_of(struct corv_view sealed)
{
    const uint8_t *p = (const uint8_t *)sealed.p;
    uint32_t hour = 0;

    if (sealed.n < OVERHEAD || memcmp(p, MAGIC, AT_HOUR) != 0)
        return 0;
    for (int i = 0; i < 4; i++)
        hour = hour << 8 | p[AT_HOUR + i];
    return hour;
}

static corv_rc open_into(struct corv_vault *v, const struct corv_id *id, struct corv_view sealed,
    const struct corv_vault_key *hour, uint8_t *out)
{
    uint8_t *p = (uint8_t *)(uintptr_t)sealed.p; /* OpenSSL takes the tag to compare unconst */
    uint8_t key[CORV_VAULT_KEY];
    size_t n = sealed.n - OVERHEAD;
    corv_rc rc = unlock_box(v, id,
        &(struct box){
            hour->b, p + AT_WRAP_NONCE, p + AT_WRAPPED, key, CORV_VAULT_KEY, p + AT_WRAP_TAG});

    if (rc == CORV_OK)
        rc = unlock_box(
            v, id, &(struct box){key, p + AT_NONCE, p + AT_TEXT, out, n, p + AT_TEXT + n});
    OPENSSL_cleanse(key, sizeof key);
    return rc;
}

corv_rc corv_vault_open_sealed(struct corv_vault *v, const struct corv_id *id,
    struct corv_view sealed, char **out, size_t *size)
{
    uint32_t hour = corv_vault_hour_of(sealed);
    struct corv_vault_key key = {0};
    size_t n = sealed.n - OVERHEAD;
    char *p = NULL;
    corv_rc rc;

    *out = NULL;
    *size = 0;
    if (hour == 0 || n > INT_MAX)
        return CORV_E_INVALID;
    rc = hour_key(v, hour, false, &key);
    if (rc != CORV_OK)
        goto out;
    rc = CORV_E_NOMEM;
    p = malloc(n + 1);
    if (!p)
        goto out;
    rc = open_into(v, id, sealed, &key, (uint8_t *)p);
    if (rc != CORV_OK) { /* what was decrypted so far is not known to be right */
        OPENSSL_cleanse(p, n);
        goto out;
    }
    p[n] = '\0';
    *out = p;
    *size = n;
    p = NULL;
out:
    OPENSSL_cleanse(&key, sizeof key);
    free(p);
    return rc;
}

corv_rc corv_vault_open_own(struct corv_vault *v, const struct corv_id *id, char **p, size_t *size)
{
    struct corv_view sealed = corv_view_of(*p, *size);
    uint32_t hour = corv_vault_hour_of(sealed);
    struct corv_vault_key key = {0};
    corv_rc rc;

    if (hour == 0 || sealed.n - OVERHEAD > INT_MAX)
        return CORV_E_INVALID;
    rc = hour_key(v, hour, false, &key);
    if (rc == CORV_OK) {
        size_t n = sealed.n - OVERHEAD;

        rc = open_into(v, id, sealed, &key, (uint8_t *)*p + AT_TEXT);
        if (rc == CORV_OK) {
            memmove(*p, *p + AT_TEXT, n);
            (*p)[n] = '\0';
            *size = n;
        } else {
            OPENSSL_cleanse(*p, sealed.n); /* what was decrypted so far is not known to be right */
        }
    }
    OPENSSL_cleanse(&key, sizeof key);
    return rc;
}

/* ---- life --------------------------------------------------------------------------------- */

corv_rc corv_vault_destroy_hour(struct corv_vault *v, uint32_t hour)
{
    corv_rc rc;

    /* a worker may be sealing with it, and a second key of the same hour would make the first
     * one's payloads look damaged instead of forgotten */
    if (hour >= hour_now())
        return CORV_E_STATE;
    (void)pthread_mutex_lock(&v->mutex);
    rc = corv_vault_keys_destroy(v->keys, hour);
    (void)pthread_mutex_unlock(&v->mutex);
    return rc;
}

corv_rc corv_vault_hours(struct corv_vault *v, uint32_t **out, size_t *count)
{
    corv_rc rc;

    (void)pthread_mutex_lock(&v->mutex);
    rc = corv_vault_keys_list(v->keys, out, count);
    (void)pthread_mutex_unlock(&v->mutex);
    return rc;
}

corv_rc corv_vault_open(const char *dir, struct corv_vault **out, struct corv_fault *fault)
{
    struct corv_vault *v = calloc(1, sizeof *v);
    corv_rc rc;

    *out = NULL;
    if (!v)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "vault.memory", "Er is te weinig geheugen.");
    (void)pthread_mutex_init(&v->mutex, NULL);
    v->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (!v->cipher)
        rc = CORV_FAIL(fault, CORV_E_INTERNAL, CORV_FAULT_SETTINGS, "vault.cipher",
            "OpenSSL op deze machine kent AES-256-GCM niet.");
    else
        rc = corv_vault_keys_open(dir, &v->keys, fault);
    if (rc != CORV_OK) {
        corv_vault_close(v);
        return rc;
    }
    *out = v;
    return CORV_OK;
}

const char *corv_vault_house(const struct corv_vault *v)
{
    return corv_vault_keys_house(v->keys);
}

void corv_vault_close(struct corv_vault *v)
{
    if (!v)
        return;
    corv_vault_keys_close(v->keys);
    EVP_CIPHER_free(v->cipher);
    (void)pthread_mutex_destroy(&v->mutex);
    free(v);
}
