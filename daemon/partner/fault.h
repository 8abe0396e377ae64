/* SPDX-License-Identifier: EUPL-1.2 */
/* The faults that can be asked for: what goes wrong, and what corvd must then do. A fault happens
 * in the first exchange of a scenario that it applies to; the rest of the scenario must go on as
 * ever. Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_FAULT_H
#define CORV_PARTNER_FAULT_H

#include "daemon/partner/exchange.h"

enum partner_fault_id {
    PARTNER_NO_ANSWER,
    PARTNER_LATE_ANSWER,
    PARTNER_DOUBLE,
    PARTNER_WRONG_REFERENCE,
    PARTNER_BIG,
    PARTNER_CUT,
    PARTNER_NO,
    PARTNER_FAULTS,
};

struct partner_fault {
    enum partner_fault_id id;
    bool only_dai;           /* applies to exchanges whose receiver speaks dai */
    const char *name;        /* of --fault */
    const char *title;       /* what goes wrong */
    const char *expectation; /* what corvd must do */
};
extern const struct partner_fault partner_faults[PARTNER_FAULTS];

const struct partner_fault *partner_fault_find(const char *name); /* or NULL */
bool partner_fault_applies(const struct partner_fault *f, const struct partner_exchange *e);
/* How the receiver behaves, attempt by attempt. f may be NULL. */
void partner_fault_turns(
    const struct partner_fault *f, const struct partner *p, struct partner_expect *e);
/* Attempts that corvd must make; milliseconds that they may take beyond the ordinary. */
unsigned partner_fault_attempts(const struct partner_fault *f);
unsigned partner_fault_patience(const struct partner_fault *f, const struct partner *p);
/* What a sender does wrong before and after the message itself. */
void partner_fault_before(const struct partner_fault *f, struct partner_exchanging *x);
void partner_fault_after(const struct partner_fault *f, struct partner_exchanging *x);

#endif
