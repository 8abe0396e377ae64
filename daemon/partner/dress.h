/* SPDX-License-Identifier: EUPL-1.2 */
/* How a message travels between the simulated application and corvd ("Digikoppeling adapter
 * intern"), and the answers of a receiver. Pure. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_DRESS_H
#define CORV_PARTNER_DRESS_H

#include "daemon/partner/listen.h"

/* SOAP with WS-Addressing around the root element of message. out is initialised here. */
CORV_MUST_CHECK corv_rc partner_dress(
    struct corv_view message, const struct partner_fields *f, struct corv_buf *out);
const char *partner_dress_tail(bool wrapped); /* what closes the envelope; static */
/* Body and status with which `at` answers; out is initialised here. */
int partner_dress_answer(struct partner *p, const struct partner_party *at, const char *reference,
    enum partner_reply how, struct corv_buf *out);

#endif
