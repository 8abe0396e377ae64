/* SPDX-License-Identifier: EUPL-1.2 */
/* TLS by OpenSSL, for the server side: TLS 1.2 and 1.3 only, the cipher suites and curves the Dutch
 * guideline calls good (NCSC 2025), a client certificate is required and verified against client_ca
 * (and client_crl when given) unless one_way says that nobody is asked for one, session resumption
 * bound to this context. The sender is the OIN in the certificate's subject serialNumber
 * (Digikoppeling; RKJ bijlage 5).
 * Contexts are counted: a connection keeps the one it began with. Loop thread only.
 * Test: tests/unit/test_tls.c, tests/path/test_tls.py */
#ifndef CORV_LOOP_TLS_H
#define CORV_LOOP_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "daemon/base/fault.h"

struct corv_tls_server;

struct corv_tls_files {
    const char *certificate; /* PEM chain */
    const char *key;
    const char *client_ca;
    const char *client_crl; /* or NULL */
    bool one_way;           /* no client certificate; said aloud, so that it is never an accident */
};
/* Reads all files; a missing, unreadable or expired certificate, or a key that does not belong to
 * it, is a fault with the path in it. */
CORV_MUST_CHECK corv_rc corv_tls_server_new(
    const struct corv_tls_files *files, struct corv_tls_server **out, struct corv_fault *f);
void corv_tls_server_free(struct corv_tls_server *t); /* gives a reference back; accepts NULL */
struct corv_tls_server *corv_tls_server_hold(struct corv_tls_server *t);
SSL_CTX *corv_tls_server_ctx(struct corv_tls_server *t);
/* Writes the 20 digits of the OIN in the certificate's subject serialNumber, or "". */
void corv_tls_oin(const X509 *cert, char out[21]);

#endif
