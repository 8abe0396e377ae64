/* SPDX-License-Identifier: EUPL-1.2 */
/* The certificate files that the configuration names: how long they are good for, and whether they
 * may be used in earnest. Reads files; any thread. Test: tests/unit/test_certs.c */
#ifndef CORV_DAEMON_CERTS_H
#define CORV_DAEMON_CERTS_H

#include "config/config.h"
#include "daemon/base/fault.h"
#include "daemon/loop/tls_file.h"

#define CORV_CERTS_MAX 64
#define CORV_CERT_DAYS 30 /* less: someone must renew it now */
#define CORV_CRL_DAYS  1  /* lists are short-lived, and renewed by a machine */

struct corv_cert {
    const char *key;  /* where the configuration names it */
    const char *path; /* borrowed from the configuration */
    struct corv_tls_file file;
    bool readable;
    bool issuers;            /* a bundle of them */
    struct corv_fault fault; /* when not readable */
};
/* Certificates, issuers and revocation lists, each file once. Returns how many. */
unsigned corv_certs_of(const struct corv_config *c, struct corv_cert out[CORV_CERTS_MAX]);
bool corv_cert_good(const struct corv_cert *c); /* readable, and nobody needs to do anything */
/* How near the end is: 0 far away, then one more at 90, 60, 30 and 7 days and when it is past; of a
 * revocation list only the last two count, at CORV_CRL_DAYS and when it is past. */
unsigned corv_cert_step(const struct corv_tls_file *f);
/* With production: true, certificates that were made for tests are errors. A file that this user
 * may not read is for the daemon to judge. */
void corv_certs_check(const struct corv_config *c, struct corv_findings *findings);
/* For who checks the configuration: what has run out or does not count yet, what soon runs out (a
 * warning), and a key that is not that of its certificate. Of a bundle of issuers the ones that
 * still count may be the ones that matter: that is a warning. Files as above. */
void corv_certs_judge(const struct corv_config *c, struct corv_findings *findings);

#endif
