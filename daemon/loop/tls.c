/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/loop/tls_conn.h"

/* NCSC guideline: all of TLS 1.3 with AES-GCM or ChaCha20, and of TLS 1.2 only ECDHE with those. */
#define SUITES_13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
#define SUITES_12                                                                                  \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                                   \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
#define GROUPS "X25519:P-256:P-384"
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"                                              \
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define VERIFY_DEPTH    5    /* PKIoverheid: root, domain, issuer, leaf */
#define TICKET_SECONDS  3600 /* a resumed handshake does not look at the CRL again */
#define SECONDS_PER_DAY 86400

struct corv_tls_server {
    unsigned refs;
    SSL_CTX *ctx;
    BIO_METHOD *bio; /* for the connections of this context; lives as long as they do */
};

static const char *last_reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return text ? text : "onbekende fout";
}

/* Why the file will not do, for somebody who has to mend it at night. */
static corv_rc file_fault(struct corv_fault *f, const char *what, const char *path)
{
    const char *said = last_reason();

    if (access(path, R_OK) == 0)
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.file",
            "In %s vindt corvd geen %s in PEM-vorm (OpenSSL: %s).", path, what, said);
    return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.file", "%s (%s) %s", path, what,
        errno == EACCES
            ? "mag corvd niet lezen. Geef de gebruiker waaronder corvd draait leesrecht."
            : "is er niet. Zet het bestand daar of wijzig de configuratie.");
}

static corv_rc key_fault(struct corv_fault *f, const struct corv_tls_files *files)
{
    unsigned long e = ERR_peek_last_error();
    int reason = ERR_GET_REASON(e);

    if (ERR_GET_LIB(e) != ERR_LIB_X509 ||
        (reason != X509_R_KEY_VALUES_MISMATCH && reason != X509_R_KEY_TYPE_MISMATCH))
        return file_fault(f, "sleutel zonder wachtwoord", files->key);
    ERR_clear_error();
    return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.key-other",
        "De sleutel in %s hoort niet bij het certificaat in %s. Zet de twee bij elkaar die samen "
        "zijn gemaakt.",
        files->key, files->certificate);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int no_password(char *p, int n, int writing, void *ctx)
{
    (void)p, (void)n, (void)writing, (void)ctx;
    return -1; /* a daemon does not wait for somebody at a terminal */
}

/* ---- certificates --------------------------------------------------------------------------- */

static bool is_oin(const ASN1_STRING *s)
{
    const unsigned char *p = ASN1_STRING_get0_data(s);

    if (ASN1_STRING_length(s) != 20)
        return false;
    for (int i = 0; i < 20; i++)
        if (p[i] < '0' || p[i] > '9')
            return false;
    return true;
}

void corv_tls_oin(const X509 *cert, char out[21])
{
    const X509_NAME *subject = cert ? X509_get_subject_name(cert) : NULL;
    int at = subject ? X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1) : -1;

    out[0] = '\0';
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0)
        return; /* none, or two: then nobody can say which one counts */

    const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));

    if (!is_oin(s))
        return;
    memcpy(out, ASN1_STRING_get0_data(s), 20);
    out[20] = '\0';
}

static time_t now_seconds(void)
{
    return (time_t)(corv_clock_us() / 1000000);
}

static corv_rc seconds_left(const X509 *cert, int64_t *seconds)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, now_seconds());
    int d = 0;
    int s = 0;
    int ok = now && ASN1_TIME_diff(&d, &s, now, X509_get0_notAfter(cert));

    ASN1_TIME_free(now);
    *seconds = (int64_t)d * SECONDS_PER_DAY + s;
    return ok ? CORV_OK : CORV_E_INVALID;
}

/* ---- the context ---------------------------------------------------------------------------- */

static corv_rc use_own(SSL_CTX *ctx, const struct corv_tls_files *files, struct corv_fault *f)
{
    int64_t left = 0;

    if (SSL_CTX_use_certificate_chain_file(ctx, files->certificate) != 1)
        return file_fault(f, "certificaat", files->certificate);
    if (seconds_left(SSL_CTX_get0_certificate(ctx), &left) != CORV_OK || left <= 0)
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.expired",
            "Het certificaat in %s is verlopen. Zet er een nieuw neer, met de sleutel die erbij "
            "hoort.",
            files->certificate);
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1)
        return key_fault(f, files);
    return CORV_OK;
}

/* The list is only consulted for the client's own certificate: of the CAs above it operators
 * seldom have one. An outdated list would refuse every client, so it is a fault right here. */
static corv_rc use_crl(SSL_CTX *ctx, const char *path, struct corv_fault *f)
{
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    BIO *in = BIO_new_file(path, "r");
    time_t now = now_seconds();
    X509_CRL *crl;
    int lists = 0;
    bool old = false;

    while (in && (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL))) {
        const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

        old = old || (next && X509_cmp_time(next, &now) <= 0);
        lists += X509_STORE_add_crl(store, crl) == 1;
        X509_CRL_free(crl);
    }
    BIO_free(in);
    if (lists == 0)
        return file_fault(f, "intrekkingslijst", path);
    ERR_clear_error(); /* the end of the file counts as an error there */
    if (old)
        return CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.crl-old",
            "De intrekkingslijst in %s is over datum. Haal een nieuwe op bij de uitgever.", path);
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return CORV_OK;
}

static corv_rc use_clients(SSL_CTX *ctx, const struct corv_tls_files *files, struct corv_fault *f)
{
    STACK_OF(X509_NAME) *names = NULL;

    if (files->one_way) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        return CORV_OK;
    }
    names = files->client_ca ? SSL_load_client_CA_file(files->client_ca) : NULL;
    if (!names || SSL_CTX_load_verify_file(ctx, files->client_ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return file_fault(
            f, "lijst van CA-certificaten", files->client_ca ? files->client_ca : "-");
    }
    SSL_CTX_set_client_CA_list(ctx, names); /* takes names */
    SSL_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
    SSL_CTX_set_verify_depth(ctx, VERIFY_DEPTH);
    SSL_CTX_set_verify(
        ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, corv_tls_conn_verified);
    return files->client_crl ? use_crl(ctx, files->client_crl, f) : CORV_OK;
}

/* A ticket carries the client's certificate and skips its verification, so one that ran out in the
 * meantime must go through a full handshake (and fail there). */
static SSL_TICKET_RETURN ticket_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *key,
    size_t key_size, SSL_TICKET_STATUS status, void *arg)
{
    time_t now = now_seconds();
    const X509 *peer = session ? SSL_SESSION_get0_peer(session) : NULL;

    (void)key, (void)key_size, (void)arg;
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE &&
        (!peer || X509_cmp_time(X509_get0_notAfter(peer), &now) <= 0))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

static int ticket_made(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return 1;
}

static bool use_resumption(SSL_CTX *ctx)
{
    unsigned char id[16];

    /* An id of its own: a session of the context before the roll-over is never taken over. */
    if (RAND_bytes(id, sizeof id) != 1 || SSL_CTX_set_session_id_context(ctx, id, sizeof id) != 1)
        return false;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets: no memory per client */
    SSL_CTX_set_timeout(ctx, TICKET_SECONDS);
    return SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
           SSL_CTX_set_session_ticket_cb(ctx, ticket_made, ticket_opened, NULL) == 1;
}

static bool use_algorithms(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, 2); /* RSA from 2048 bits, no SHA-1 */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    /* The buffers of an idle connection go back: 2,000 of them cost 34 kB each otherwise. */
    /* Our chain is what the certificate file holds: building one from the clients' CAs would be
     * wrong, and costs a verification per handshake. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY | SSL_MODE_NO_AUTO_CHAIN);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 &&
           SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ctx, SIGNATURES) == 1;
}

corv_rc corv_tls_server_new(
    const struct corv_tls_files *files, struct corv_tls_server **out, struct corv_fault *f)
{
    struct corv_tls_server *t = calloc(1, sizeof *t);
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    ERR_clear_error();
    if (!t)
        goto out;
    t->refs = 1;
    t->ctx = SSL_CTX_new(TLS_server_method());
    t->bio = corv_tls_conn_bio();
    if (!t->ctx || !t->bio)
        goto out;
    rc = CORV_E_INTERNAL;
    if (!use_algorithms(t->ctx) || !use_resumption(t->ctx)) {
        rc = CORV_FAIL(
            f, rc, CORV_FAULT_SETTINGS, "tls.openssl", "OpenSSL weigert: %s", last_reason());
        goto out;
    }
    rc = use_own(t->ctx, files, f);
    if (rc == CORV_OK)
        rc = use_clients(t->ctx, files, f);
    if (rc == CORV_OK) {
        *out = t;
        t = NULL;
    }
out:
    corv_tls_server_free(t);
    return rc;
}

void corv_tls_server_free(struct corv_tls_server *t)
{
    if (!t || --t->refs > 0)
        return;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->bio);
    free(t);
}

struct corv_tls_server *corv_tls_server_hold(struct corv_tls_server *t)
{
    if (t)
        t->refs++;
    return t;
}

SSL_CTX *corv_tls_server_ctx(struct corv_tls_server *t)
{
    return t->ctx;
}

const BIO_METHOD *corv_tls_server_bio(const struct corv_tls_server *t)
{
    return t->bio;
}
