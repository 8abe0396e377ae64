/* SPDX-License-Identifier: EUPL-1.2 */
/* One server-side TLS connection without a socket: ciphertext goes in, plaintext comes out, and
 * what must be sent gathers in a buffer that the caller empties. The bytes travel through a BIO of
 * our own that reads straight from the caller's view: an idle connection holds no buffers. Owner:
 * whoever called corv_tls_conn_new. Loop thread only. Test: tests/unit/test_tls.c */
#ifndef CORV_LOOP_TLS_CONN_H
#define CORV_LOOP_TLS_CONN_H

#include "daemon/base/buf.h"
#include "daemon/loop/tls.h"

struct corv_tls_conn;

enum corv_tls_step {
    CORV_TLS_DATA,   /* *n bytes of plaintext */
    CORV_TLS_MORE,   /* in is empty; come back with more */
    CORV_TLS_CLOSED, /* the peer said close_notify */
    CORV_TLS_FAILED, /* corv_tls_conn_reason says why; an alert may be waiting in out */
};

CORV_MUST_CHECK corv_rc corv_tls_conn_new(struct corv_tls_server *t, struct corv_tls_conn **out);
void corv_tls_conn_free(struct corv_tls_conn *c); /* accepts NULL */
/* Takes from in what is needed for one step; does the handshake first. */
enum corv_tls_step corv_tls_conn_next(
    struct corv_tls_conn *c, struct corv_view *in, char *buf, size_t cap, size_t *n);
bool corv_tls_conn_ready(const struct corv_tls_conn *c); /* handshake done */
/* Encrypts into out. Fails when the connection is broken or out would pass its ceiling. */
CORV_MUST_CHECK corv_rc corv_tls_conn_write(struct corv_tls_conn *c, struct corv_view plain);
void corv_tls_conn_bye(struct corv_tls_conn *c); /* close_notify into out; harmless to repeat */
struct corv_buf *corv_tls_conn_out(struct corv_tls_conn *c);
/* OIN of the client ("" without); also of a certificate that was refused, for the log. Valid for
 * resumed sessions too. */
const char *corv_tls_conn_oin(const struct corv_tls_conn *c);
bool corv_tls_conn_resumed(const struct corv_tls_conn *c);
/* Static text of OpenSSL, fit for logs: "certificate has expired", "no shared cipher". */
const char *corv_tls_conn_reason(const struct corv_tls_conn *c);

/* For tls.c. */
BIO_METHOD *corv_tls_conn_bio(void); /* a new one; NULL without memory */
const BIO_METHOD *corv_tls_server_bio(const struct corv_tls_server *t);
int corv_tls_conn_verified(int ok, X509_STORE_CTX *store);

#endif
