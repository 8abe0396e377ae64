/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/tls_conn.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>

#define OUT_CEILING (256u << 20)

struct corv_tls_conn {
    struct corv_tls_server *server; /* held */
    SSL *ssl;
    struct corv_view *in; /* the caller's, only during corv_tls_conn_next */
    struct corv_buf out;
    const char *reason; /* static, or NULL */
    char oin[21];
    bool ready;
};

/* ---- the BIO -------------------------------------------------------------------------------- */

static int bio_read(BIO *b, char *to, int size)
{
    struct corv_tls_conn *c = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    if (!c->in || c->in->n == 0) {
        BIO_set_retry_read(b);
        return -1;
    }

    size_t n = c->in->n < (size_t)size ? c->in->n : (size_t)size;

    memcpy(to, c->in->p, n);
    c->in->p += n;
    c->in->n -= n;
    return (int)n;
}

static int bio_write(BIO *b, const char *from, int size)
{
    struct corv_tls_conn *c = BIO_get_data(b);

    BIO_clear_retry_flags(b);
    return corv_buf_add(&c->out, from, (size_t)size) == CORV_OK ? size : -1;
}

static long bio_ctrl(BIO *b, int what, long number, void *p)
{
    (void)b, (void)number, (void)p;
    return what == BIO_CTRL_FLUSH;
}

BIO_METHOD *corv_tls_conn_bio(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "corvd");

    if (!m || BIO_meth_set_read(m, bio_read) != 1 || BIO_meth_set_write(m, bio_write) != 1 ||
        BIO_meth_set_ctrl(m, bio_ctrl) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}

/* ---- life ----------------------------------------------------------------------------------- */

corv_rc corv_tls_conn_new(struct corv_tls_server *t, struct corv_tls_conn **out)
{
    struct corv_tls_conn *c = calloc(1, sizeof *c);
    BIO *bio = BIO_new(corv_tls_server_bio(t));
    corv_rc rc = CORV_E_NOMEM;

    *out = NULL;
    if (!c || !bio)
        goto out;
    c->server = corv_tls_server_hold(t);
    corv_buf_init(&c->out, OUT_CEILING);
    c->ssl = SSL_new(corv_tls_server_ctx(t));
    if (!c->ssl)
        goto out;
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio); /* takes bio */
    bio = NULL;
    SSL_set_app_data(c->ssl, c);
    SSL_set_accept_state(c->ssl);
    *out = c;
    c = NULL;
    rc = CORV_OK;
out:
    ERR_clear_error();
    BIO_free(bio);
    corv_tls_conn_free(c);
    return rc;
}

void corv_tls_conn_free(struct corv_tls_conn *c)
{
    if (!c)
        return;
    SSL_free(c->ssl);
    corv_buf_free(&c->out);
    corv_tls_server_free(c->server);
    free(c);
}

/* ---- one step ------------------------------------------------------------------------------- */

/* Called by OpenSSL per certificate of the chain. Remembers whose leaf was refused. */
int corv_tls_conn_verified(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct corv_tls_conn *c = ssl ? SSL_get_app_data(ssl) : NULL;

    if (!ok && c)
        corv_tls_oin(X509_STORE_CTX_get0_cert(store), c->oin);
    return ok;
}

static const char *reason_now(const struct corv_tls_conn *c)
{
    unsigned long e = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(e);

    if (ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        text = X509_verify_cert_error_string(SSL_get_verify_result(c->ssl));
    return text ? text : "connection broken";
}

static enum corv_tls_step not_done(struct corv_tls_conn *c, int result)
{
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return CORV_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return CORV_TLS_CLOSED;
    default:
        c->reason = reason_now(c);
        ERR_clear_error();
        return CORV_TLS_FAILED;
    }
}

static int shake_hands(struct corv_tls_conn *c)
{
    int result = SSL_do_handshake(c->ssl);

    if (result == 1) {
        c->ready = true;
        corv_tls_oin(SSL_get0_peer_certificate(c->ssl), c->oin);
    }
    return result;
}

enum corv_tls_step corv_tls_conn_next(
    struct corv_tls_conn *c, struct corv_view *in, char *buf, size_t cap, size_t *n)
{
    int result = 1;

    *n = 0;
    if (c->reason)
        return CORV_TLS_FAILED;
    ERR_clear_error();
    c->in = in;
    if (!c->ready)
        result = shake_hands(c);
    if (result == 1) {
        result = SSL_read(c->ssl, buf, cap > INT_MAX ? INT_MAX : (int)cap);
        *n = result > 0 ? (size_t)result : 0;
    }

    enum corv_tls_step step = result > 0 ? CORV_TLS_DATA : not_done(c, result);

    c->in = NULL;
    return step;
}

corv_rc corv_tls_conn_write(struct corv_tls_conn *c, struct corv_view plain)
{
    size_t done = 0;

    if (plain.n == 0)
        return CORV_OK;
    if (!c->ready || c->reason)
        return CORV_E_STATE;
    ERR_clear_error();
    if (SSL_write_ex(c->ssl, plain.p, plain.n, &done) != 1 || done != plain.n) {
        c->reason = reason_now(c);
        ERR_clear_error();
        return CORV_E_IO;
    }
    return CORV_OK;
}

void corv_tls_conn_bye(struct corv_tls_conn *c)
{
    if (!c->ready || c->reason)
        return;
    ERR_clear_error();
    (void)SSL_shutdown(c->ssl);
    ERR_clear_error();
}

bool corv_tls_conn_ready(const struct corv_tls_conn *c)
{
    return c->ready;
}

struct corv_buf *corv_tls_conn_out(struct corv_tls_conn *c)
{
    return &c->out;
}

const char *corv_tls_conn_oin(const struct corv_tls_conn *c)
{
    return c->oin;
}

bool corv_tls_conn_resumed(const struct corv_tls_conn *c)
{
    return c->ready && SSL_session_reused(c->ssl);
}

const char *corv_tls_conn_reason(const struct corv_tls_conn *c)
{
    return c->reason ? c->reason : "";
}
