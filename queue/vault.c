/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/vault.h"

#include <limits.h>
#include <lz4.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "queue/vault_form.h"
#include "queue/vault_keys.h"

#define HOUR_US  INT64_C(3600000000)
#define PACK_MIN 256 /* smaller is not worth it */

struct corv_vault {
    pthread_mutex_t mutex; /* around keys only, never around the work itself */
    struct corv_vault_keys *keys;
    EVP_CIPHER *cipher; /* fetched once: a fetch costs as much as a small message */
};

/* ---- sealing ------------------------------------------------------------------------------ */

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
    uint8_t nonce[CORV_BOX_NONCE];
    uint8_t wrap_nonce[CORV_BOX_NONCE];
};

/* Seals the n bytes that stand in their place in p, behind the head. */
static corv_rc seal_into(struct corv_vault *v, const struct corv_id *id,
    const struct corv_sealed_head *h, const struct corv_vault_key *hour, uint8_t *p, size_t n)
{
    struct corv_box_label label = corv_box_label(id, h, p);
    uint8_t *body = p + h->n;
    struct fresh fresh;
    corv_rc rc = CORV_E_IO;

    corv_sealed_put_head(p, h);
    if (RAND_priv_bytes((uint8_t *)&fresh, sizeof fresh) != 1)
        goto out;
    memcpy(body + CORV_SEALED_WRAP_NONCE, fresh.wrap_nonce, CORV_BOX_NONCE);
    memcpy(body + CORV_SEALED_NONCE, fresh.nonce, CORV_BOX_NONCE);
    rc = corv_box_lock(v->cipher, &label,
        &(struct corv_box){hour->b, body + CORV_SEALED_WRAP_NONCE, fresh.key,
            body + CORV_SEALED_WRAPPED, CORV_VAULT_KEY, body + CORV_SEALED_WRAP_TAG});
    if (rc == CORV_OK)
        rc = corv_box_lock(v->cipher, &label,
            &(struct corv_box){fresh.key, body + CORV_SEALED_NONCE, body + CORV_SEALED_TEXT,
                body + CORV_SEALED_TEXT, n, body + CORV_SEALED_TEXT + n});
out:
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return rc;
}

/* Puts the content in its place in p, which has room for CORV_SEALED_OVERHEAD_PACKED more; packed,
 * when that makes it an eighth smaller. Returns the bytes it takes there. */
static size_t put_text(uint8_t *p, struct corv_view plain, struct corv_sealed_head *h)
{
    int n = 0;

    if (plain.n >= PACK_MIN && plain.n <= CORV_SEALED_PACK_MAX)
        n = LZ4_compress_default(plain.p, (char *)p + CORV_SEALED_HEAD_PACKED + CORV_SEALED_TEXT,
            (int)plain.n, (int)(plain.n - plain.n / 8));
    h->packed = n > 0;
    h->n = h->packed ? CORV_SEALED_HEAD_PACKED : CORV_SEALED_HEAD;
    if (h->packed)
        return (size_t)n;
    if (plain.n > 0)
        memcpy(p + CORV_SEALED_HEAD + CORV_SEALED_TEXT, plain.p, plain.n);
    return plain.n;
}

corv_rc corv_vault_seal(struct corv_vault *v, const struct corv_id *id, struct corv_view plain,
    char **out, size_t *size)
{
    struct corv_sealed_head head = {.hour = hour_now(), .size = plain.n};
    struct corv_vault_key key = {0};
    uint8_t *p = NULL;
    size_t n;
    corv_rc rc;

    *out = NULL;
    *size = 0;
    if (plain.n > INT_MAX - CORV_SEALED_OVERHEAD_PACKED)
        return CORV_E_LIMIT;
    rc = hour_key(v, head.hour, true, &key);
    if (rc != CORV_OK)
        goto out;
    rc = CORV_E_NOMEM;
    p = malloc(plain.n + CORV_SEALED_OVERHEAD_PACKED);
    if (!p)
        goto out;
    n = put_text(p, plain, &head);
    rc = seal_into(v, id, &head, &key, p, n);
    if (rc != CORV_OK) {
        OPENSSL_cleanse(p, plain.n + CORV_SEALED_OVERHEAD_PACKED); /* the content may stand there */
        goto out;
    }
    *out = (char *)p;
    *size = head.n + CORV_SEALED_BODY + n;
    p = NULL;
out:
    OPENSSL_cleanse(&key, sizeof key);
    free(p);
    return rc;
}

/* Never packed: what is too large to have twice is too large for that. */
corv_rc corv_vault_seal_own(struct corv_vault *v, const struct corv_id *id, char **p, size_t *size)
{
    struct corv_sealed_head head = {.n = CORV_SEALED_HEAD, .hour = hour_now(), .size = *size};
    struct corv_vault_key key = {0};
    size_t n = *size;
    corv_rc rc;

    if (n > INT_MAX - CORV_SEALED_OVERHEAD)
        return CORV_E_LIMIT;
    rc = hour_key(v, head.hour, true, &key);
    if (rc != CORV_OK)
        return rc;

    char *more =
        realloc(*p, n + CORV_SEALED_OVERHEAD); /* of large ones the kernel moves the pages */

    rc = CORV_E_NOMEM;
    if (!more)
        goto out;
    *p = more;
    memmove(more + CORV_SEALED_HEAD + CORV_SEALED_TEXT, more, n);
    rc = seal_into(v, id, &head, &key, (uint8_t *)more, n);
    if (rc == CORV_OK)
        *size = n + CORV_SEALED_OVERHEAD;
out:
    OPENSSL_cleanse(&key, sizeof key);
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* The content as it was sealed, packed or not, to out (which may be its own place). */
static corv_rc open_into(struct corv_vault *v, const struct corv_id *id, struct corv_view sealed,
    const struct corv_sealed_head *h, uint8_t *out)
{
    uint8_t *p = (uint8_t *)(uintptr_t)sealed.p; /* OpenSSL takes the tag to compare unconst */
    uint8_t *body = p + h->n;
    size_t n = sealed.n - h->n - CORV_SEALED_BODY;
    struct corv_box_label label = corv_box_label(id, h, p);
    struct corv_vault_key hour = {0};
    uint8_t key[CORV_VAULT_KEY];
    corv_rc rc = hour_key(v, h->hour, false, &hour);

    if (rc != CORV_OK)
        return rc;
    rc = corv_box_unlock(v->cipher, &label,
        &(struct corv_box){hour.b, body + CORV_SEALED_WRAP_NONCE, body + CORV_SEALED_WRAPPED, key,
            CORV_VAULT_KEY, body + CORV_SEALED_WRAP_TAG});
    if (rc == CORV_OK)
        rc = corv_box_unlock(v->cipher, &label,
            &(struct corv_box){key, body + CORV_SEALED_NONCE, body + CORV_SEALED_TEXT, out, n,
                body + CORV_SEALED_TEXT + n});
    if (rc != CORV_OK && rc != CORV_E_NOTFOUND)
        OPENSSL_cleanse(out, n); /* what was decrypted so far is not known to be right */
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(&hour, sizeof hour);
    return rc;
}

/* CORV_E_INVALID: what was packed was not this, though we sealed it: our bug. */
static corv_rc unpack(const char *packed, size_t n, size_t size, char **out)
{
    char *p = malloc(size + 1);

    *out = NULL;
    if (!p)
        return CORV_E_NOMEM;
    if (n > INT_MAX || LZ4_decompress_safe(packed, p, (int)n, (int)size) != (int)size) {
        OPENSSL_cleanse(p, size);
        free(p);
        return CORV_E_INVALID;
    }
    p[size] = '\0';
    *out = p;
    return CORV_OK;
}

corv_rc corv_vault_open_sealed(struct corv_vault *v, const struct corv_id *id,
    struct corv_view sealed, char **out, size_t *size)
{
    struct corv_sealed_head h = corv_sealed_head_of(sealed);
    size_t n = sealed.n - h.n - CORV_SEALED_BODY;
    char *p = NULL;
    corv_rc rc;

    *out = NULL;
    *size = 0;
    if (h.n == 0)
        return CORV_E_INVALID;
    p = malloc(n + 1);
    if (!p)
        return CORV_E_NOMEM;
    rc = open_into(v, id, sealed, &h, (uint8_t *)p);
    if (rc != CORV_OK)
        goto out;
    if (h.packed) {
        rc = unpack(p, n, h.size, out);
        OPENSSL_cleanse(p, n);
    } else {
        p[n] = '\0';
        *out = p;
        p = NULL;
    }
    if (rc == CORV_OK)
        *size = h.size;
out:
    free(p);
    return rc;
}

/* What was opened in its own place becomes the content and nothing else. */
static corv_rc settle_own(const struct corv_sealed_head *h, char **p, size_t n)
{
    char *text = *p + h->n + CORV_SEALED_TEXT;
    char *content = NULL;
    corv_rc rc = CORV_OK;

    if (!h->packed) {
        memmove(*p, text, n);
        (*p)[n] = '\0';
        return CORV_OK;
    }
    rc = unpack(text, n, h->size, &content);
    OPENSSL_cleanse(text, n);
    if (rc == CORV_OK) {
        free(*p);
        *p = content;
    }
    return rc;
}

corv_rc corv_vault_open_own(struct corv_vault *v, const struct corv_id *id, char **p, size_t *size)
{
    struct corv_view sealed = corv_view_of(*p, *size);
    struct corv_sealed_head h = corv_sealed_head_of(sealed);
    corv_rc rc;

    if (h.n == 0)
        return CORV_E_INVALID;
    rc = open_into(v, id, sealed, &h, (uint8_t *)*p + h.n + CORV_SEALED_TEXT);
    if (rc == CORV_OK)
        rc = settle_own(&h, p, sealed.n - h.n - CORV_SEALED_BODY);
    if (rc == CORV_OK)
        *size = h.size;
    return rc;
}

uint32_t corv_vault_hour_of(struct corv_view sealed)
{
    return corv_sealed_head_of(sealed).hour;
}

size_t corv_vault_size_of(struct corv_view sealed)
{
    return corv_sealed_head_of(sealed).size;
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
