/* SPDX-License-Identifier: EUPL-1.2 */
/* The certificate files that the configuration names, and how long they are good for.
 * Test: tests/unit/test_ctl_certs.c */
#ifndef CORV_CTL_CERTS_H
#define CORV_CTL_CERTS_H

#include "config/config.h"
#include "daemon/base/fault.h"

#define CORV_CTL_CERTS_MAX 64
#define CORV_CTL_CERT_DAYS 30 /* less: someone must renew it now */

struct corv_ctl_cert {
    const char *key;  /* where the configuration names it */
    const char *path; /* borrowed from the configuration */
    int days;         /* left; negative: past */
    bool readable;
    struct corv_fault fault; /* when not readable */
};
/* Each file once. Returns how many. */
unsigned corv_ctl_certs(const struct corv_config *c, struct corv_ctl_cert out[CORV_CTL_CERTS_MAX]);

#endif
