/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

/* Fetched once: a fetch costs as much as a small digest, and a lock. Never given back. */
static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static corv_rc digest(
    const struct corv_view *parts, size_t count, bool prefixed, struct corv_digest *out)
{
    corv_rc rc = CORV_E_NOMEM;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    (void)pthread_once(&once, fetch);
    if (!ctx || !EVP_DigestInit_ex(ctx, sha256 ? sha256 : EVP_sha256(), NULL))
        goto out;
    for (size_t i = 0; i < count; i++) {
        uint8_t len[8];

        for (int b = 0; b < 8; b++)
            len[b] = (uint8_t)((uint64_t)parts[i].n >> (56 - 8 * b));
        if (prefixed && !EVP_DigestUpdate(ctx, len, sizeof len))
            goto out;
        if (!EVP_DigestUpdate(ctx, parts[i].p, parts[i].n))
            goto out;
    }
    if (EVP_DigestFinal_ex(ctx, out->b, NULL))
        rc = CORV_OK;
out:
    EVP_MD_CTX_free(ctx);
    return rc;
}

corv_rc corv_digest_of(const struct corv_view *parts, size_t count, struct corv_digest *out)
{
    return digest(parts, count, false, out);
}

corv_rc corv_digest_fields(const struct corv_view *parts, size_t count, struct corv_digest *out)
{
    return digest(parts, count, true, out);
}

char *corv_hex(const void *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

char *corv_digest_text(const struct corv_digest *d, char out[CORV_DIGEST_TEXT])
{
    return corv_hex(d->b, sizeof d->b, out);
}
