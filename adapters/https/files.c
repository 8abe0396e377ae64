/* SPDX-License-Identifier: EUPL-1.2 */
/* Certificate files. They are checked here, together, so that a roll-over with a key that does not
 * fit is refused while the old ones still work. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/https/internal.h"

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
    blob->flags = CURL_BLOB_NOCOPY; /* a transfer holds a reference on the whole */
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

static void forget(struct curl_blob *b)
{
    if (b->data)
        explicit_bzero(b->data, b->len);
    free(b->data);
}

void https_tls_free(struct https_tls *t)
{
    if (!t || --t->references > 0)
        return;
    forget(&t->certificate);
    forget(&t->key);
    forget(&t->ca);
    free(t);
}

static X509 *certificate_of(const struct curl_blob *b)
{
    BIO *bio = BIO_new_mem_buf(b->data, (int)b->len);
    X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    return x;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int no_password(char *p, int n, int writing, void *ctx)
{
    (void)p, (void)n, (void)writing, (void)ctx;
    return -1; /* never ask on a terminal */
}

static EVP_PKEY *key_of(const struct curl_blob *b)
{
    BIO *bio = BIO_new_mem_buf(b->data, (int)b->len);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    BIO_free(bio);
    return key;
}

/* NULL when the three belong together. */
static const char *what_is_wrong(const struct https_tls *t)
{
    const char *wrong = NULL;
    X509 *certificate = certificate_of(&t->certificate);
    X509 *ca = certificate_of(&t->ca);
    EVP_PKEY *key = key_of(&t->key);

    if (!certificate)
        wrong = "in het bestand van certificate staat geen PEM-certificaat.";
    else if (!key)
        wrong = "in het bestand van key staat geen PEM-sleutel zonder wachtwoord.";
    else if (!ca)
        wrong = "in het bestand van ca staat geen PEM-certificaat.";
    else if (X509_check_private_key(certificate, key) != 1)
        wrong = "de sleutel hoort niet bij het certificaat.";
    else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
        wrong = "het certificaat is verlopen.";
    X509_free(certificate);
    X509_free(ca);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return wrong;
}

struct https_tls *https_tls_read(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    static const char *const keys[] = {"certificate", "key", "ca"};
    struct https_tls *t = calloc(1, sizeof *t);
    const char *wrong = NULL;

    why[0] = '\0';
    if (!t) {
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    t->references = 1;
    struct curl_blob *blobs[] = {&t->certificate, &t->key, &t->ca};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *path = s->setting(host, keys[i]);

        if (!path) /* check has seen that plain is allowed then */
            goto out;
        if (!read_file(path, blobs[i])) {
            (void)snprintf(why, why_size, "%s is niet te lezen: %s", keys[i], path);
            goto out;
        }
    }
    wrong = what_is_wrong(t);
    if (!wrong)
        return t;
    (void)snprintf(why, why_size, "%s", wrong);
out:
    https_tls_free(t);
    return NULL;
}
