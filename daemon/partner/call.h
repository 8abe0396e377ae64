/* SPDX-License-Identifier: EUPL-1.2 */
/* One HTTP request as one of the parties, with libcurl on a worker thread while the loop turns.
 * Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_CALL_H
#define CORV_PARTNER_CALL_H

#include "daemon/base/buf.h"
#include "daemon/partner/partner.h"

#define PARTNER_ANSWER_MAX ((size_t)4 << 20)

struct partner_call {
    const char *url;
    const char *socket;             /* path of a unix socket, or NULL */
    const struct partner_party *as; /* whose certificate; NULL: none */
    struct corv_view body;          /* n == 0: GET */
    const char *content_type;
    size_t cut_after; /* the connection breaks after so many bytes of body; 0: it does not */
    /* what came of it */
    long status; /* 0: no answer */
    struct corv_buf answer;
    char error[256]; /* without an answer; our own words or libcurl's */
};

/* Fills status, answer and error; free answer with corv_buf_free. */
void partner_call_run(struct partner *p, struct partner_call *c);

#endif
