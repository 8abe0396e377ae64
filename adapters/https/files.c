/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificate files. They are checked here, together, so that a roll-over with a key that does not
 * fit is refused while the old ones still work. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/https/client.h"

#define FILE_MAX (1 << 20)

static bool read_all(int fd, char *p, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, p, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool read_file(const char *path, struct curl_blob *blob)
{
    bool good = false;
    struct stat st;
    char *p = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        goto out;
    if (st.st_size <= 0 || st.st_size > FILE_MAX)
        goto out;
    p = malloc((size_t)st.st_size);
    if (!p || !read_all(fd, p, (size_t)st.st_size))
        goto out;
    blob->data = p;
    blob->len = (size_t)st.st_size;
    p = NULL;
    good = true;
out:
    free(p);
    if (fd >= 0)
        (void)close(fd);
    return good;
}

struct https_tls *https_tls_hold(struct https_tls *t)
{
    if (t)
        t->references++;
    return t;
}

void https_tls_free(struct https_tls *t)
{
    if (!t || --t->references > 0)
        return;
    X509_free(t->certificate);
    sk_X509_pop_free(t->chain, X509_free);
    EVP_PKEY_free(t->key);
    free(t->ca.data);
    free(t);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int no_password(char *p, int n, int writing, void *ctx)
{
    (void)p, (void)n, (void)writing, (void)ctx;
    return -1; /* never ask on a terminal */
}

static bool read_certificates(struct https_tls *t, BIO *bio)
{
    X509 *next;

    t->certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    t->chain = sk_X509_new_null();
    if (!t->certificate || !t->chain)
        return false;
    while ((next = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
        if (sk_X509_push(t->chain, next) == 0) {
            X509_free(next);
            return false;
        }
    return true;
}

/* The file, checked to hold a certificate, and the line that tells our certificates apart. */
static bool read_trust(struct https_tls *t, BIO *bio, const struct curl_blob *file)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    char *p = NULL;
    X509 *first = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    bool good =
        first && (!t->certificate || X509_digest(t->certificate, EVP_sha256(), digest, &n) == 1);

    X509_free(first);
    if (good)
        p = malloc(file->len + 2 + 2 * (size_t)n);
    if (!p)
        return false;
    memcpy(p, file->data, file->len);
    p[file->len] = '\n';
    for (unsigned i = 0; i < n; i++)
        (void)snprintf(p + file->len + 1 + 2 * (size_t)i, 3, "%02x", digest[i]);
    t->ca = (struct curl_blob){p, file->len + 1 + 2 * (size_t)n, CURL_BLOB_NOCOPY};
    return true;
}

static bool take_in(struct https_tls *t, unsigned which, const struct curl_blob *file)
{
    BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);
    bool good = false;

    if (!bio)
        return false;
    if (which == 0)
        good = read_certificates(t, bio);
    else if (which == 1)
        good = (t->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)) != NULL;
    else
        good = read_trust(t, bio, file);
    BIO_free(bio);
    ERR_clear_error();
    return good;
}

static const char *what_is_wrong(const struct https_tls *t)
{
    if (!t->certificate)
        return NULL;
    if (X509_check_private_key(t->certificate, t->key) != 1) {
        ERR_clear_error();
        return "de sleutel hoort niet bij het certificaat.";
    }
    if (X509_cmp_current_time(X509_get0_notAfter(t->certificate)) < 0)
        return "het certificaat is verlopen.";
    return NULL;
}

static const struct {
    const char *key;
    const char *wrong;
} files[] = {
    {"certificate", "in het bestand van certificate staat geen PEM-certificaat."},
    {"key", "in het bestand van key staat geen PEM-sleutel zonder wachtwoord."},
    {"ca", "in het bestand van ca staat geen PEM-certificaat."},
};

/* False, with a sentence in why unless no file was named at all. */
static bool read_one(struct https_tls *t, unsigned which, const char *path, char *why, size_t size)
{
    struct curl_blob file = {0};

    if (!path) /* check has seen that plain is allowed then */
        return false;
    if (!read_file(path, &file)) {
        (void)snprintf(why, size, "%s is niet te lezen: %s", files[which].key, path);
        return false;
    }
    bool good = take_in(t, which, &file);

    explicit_bzero(file.data, file.len);
    free(file.data);
    if (!good)
        (void)snprintf(why, size, "%s", files[which].wrong);
    return good;
}

struct https_tls *https_tls_read(
    const struct corv_services *s, struct corv_host *host, bool one_way, char *why, size_t why_size)
{
    struct https_tls *t = calloc(1, sizeof *t);
    const char *wrong = NULL;

    why[0] = '\0';
    if (!t) {
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    t->references = 1;
    for (unsigned i = one_way ? 2 : 0; i < sizeof files / sizeof files[0]; i++)
        if (!read_one(t, i, s->setting(host, files[i].key), why, why_size))
            goto out;
    wrong = what_is_wrong(t);
    if (!wrong)
        return t;
    (void)snprintf(why, why_size, "%s", wrong);
out:
    https_tls_free(t);
    return NULL;
}

/* ---- using -------------------------------------------------------------------------------- */

/* What the NCSC guideline (2025) calls good for TLS 1.2; the suites of 1.3 all are. Set here and
 * not by libcurl's options: those are copied and compared for each message, this is done per
 * connection. */
#define CIPHERS_12                                                                                 \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"     \
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define CURVES "X25519:P-256:P-384"

CURLcode https_tls_use(CURL *easy, void *ssl_ctx, void *tls)
{
    SSL_CTX *ctx = ssl_ctx;
    const struct https_tls *t = tls;

    (void)easy;
    if (SSL_CTX_set_cipher_list(ctx, CIPHERS_12) != 1 ||
        SSL_CTX_set1_groups_list(ctx, CURVES) != 1) {
        ERR_clear_error();
        return CURLE_SSL_CIPHER;
    }
    if (!t->certificate)
        return CURLE_OK;
    if (SSL_CTX_use_certificate(ctx, t->certificate) != 1 ||
        SSL_CTX_set1_chain(ctx, t->chain) != 1 || SSL_CTX_use_PrivateKey(ctx, t->key) != 1) {
        ERR_clear_error();
        return CURLE_SSL_CERTPROBLEM;
    }
    return CURLE_OK;
}
