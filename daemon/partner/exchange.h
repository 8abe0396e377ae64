/* SPDX-License-Identifier: EUPL-1.2 */
/* One exchange: send a message, judge the answer, see it arrive unchanged at the right party, and
 * see that its receipt was taken. Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_EXCHANGE_H
#define CORV_PARTNER_EXCHANGE_H

#include "daemon/partner/call.h"
#include "daemon/partner/listen.h"
#include "daemon/partner/result.h"

struct partner_exchanging {
    struct partner *partner;
    struct partner_results *results;
    const struct partner_scenario *scenario;
    const struct partner_exchange *exchange;
    const struct partner_fault *fault; /* or NULL */
    const struct partner_party *from;
    const struct partner_party *to;
    char case_number[PARTNER_NUMBER];
    char raad_number[PARTNER_NUMBER];
    struct partner_fields fields; /* reference is expect.reference */
    struct corv_buf message;      /* owned */
    struct partner_expect expect; /* in the listener's list until the scenario ends */
    struct partner_counts before;
    char first_answer[CORV_DIGEST_TEXT]; /* of the yes to this message */
    char first_id[64];                   /* the number corvd gave, over https */
    bool sent;                           /* corvd took it over */
    bool made;                           /* there is a message to free */
};

/* Fills x in; earlier: the exchanges of this scenario so far. */
CORV_MUST_CHECK corv_rc partner_exchange_make(
    struct partner_exchanging *x, struct partner_exchanging *earlier);
/* All steps of it, in order. */
void partner_exchange_run(struct partner_exchanging *x);
void partner_exchange_free(struct partner_exchanging *x);

/* Sends body as x->from over its own interface; the caller frees c->answer. */
void partner_exchange_send(struct partner_exchanging *x, struct corv_view message, size_t cut_after,
    struct partner_call *c);
/* "vtoDi01, TEST-…, 7412 bytes, SHA-256 …" */
void partner_exchange_describe(
    const struct partner_exchanging *x, struct corv_view message, struct partner_step *s);
/* Judges a yes: 202 with a number, or Bv04 about this message. */
void partner_exchange_judge_yes(
    struct partner_exchanging *x, struct partner_call *c, struct partner_step *s);
/* For partner_wait: does corvd count a delivery more than before this was sent? ctx: the
 * exchanging. */
bool partner_exchange_confirmed(void *ctx);
/* StUF code in an answer, or "". */
void partner_exchange_code(const struct partner_call *c, char *out, size_t size);

#endif
