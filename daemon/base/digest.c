/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/digest.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define GATHER                                                                                     \
    512 /* most keys and audit lines fit: one call of OpenSSL instead of two per field             \
         */

static pthread_once_t looked_up = PTHREAD_ONCE_INIT;
static const EVP_MD *sha256;

/* OpenSSL looks an algorithm up by its name, under locks, each time it is not handed one that was
 * fetched: that took as long as the sum itself. Kept for as long as we live. */
static void look_up(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!sha256)
        sha256 = EVP_sha256();
}

/* What is small waits in `bytes` for what comes after it. */
struct sum {
    EVP_MD_CTX *ctx;
    size_t n;
    uint8_t bytes[GATHER];
};

static bool flush(struct sum *s)
{
    bool good = s->n == 0 || EVP_DigestUpdate(s->ctx, s->bytes, s->n) == 1;

    OPENSSL_cleanse(s->bytes, s->n); /* a secret or a case number may be among it */
    s->n = 0;
    return good;
}

static bool add(struct sum *s, const void *p, size_t n)
{
    if (n > sizeof s->bytes - s->n && !flush(s))
        return false;
    if (n > sizeof s->bytes)
        return EVP_DigestUpdate(s->ctx, p, n) == 1;
    if (n > 0)
        memcpy(s->bytes + s->n, p, n);
    s->n += n;
    return true;
}

static bool add_length(struct sum *s, size_t n)
{
    const uint64_t length = htobe64(n);

    return add(s, &length, sizeof length);
}

static corv_rc digest(
    const struct corv_view *parts, size_t count, bool prefixed, struct corv_digest *out)
{
    struct sum s; /* not cleared: half a kilobyte, most of it never looked at */
    bool good;

    (void)pthread_once(&looked_up, look_up);
    s.n = 0;
    s.ctx = EVP_MD_CTX_new();
    if (!s.ctx)
        return CORV_E_NOMEM;
    good = EVP_DigestInit_ex(s.ctx, sha256, NULL) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = (!prefixed || add_length(&s, parts[i].n)) && add(&s, parts[i].p, parts[i].n);
    good = flush(&s) && good && EVP_DigestFinal_ex(s.ctx, out->b, NULL) == 1;
    EVP_MD_CTX_free(s.ctx);
    return good ? CORV_OK : CORV_E_NOMEM;
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
