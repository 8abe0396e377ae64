/* SPDX-License-Identifier: EUPL-1.2 */
/* Decides who must get a message: by party, role, mandate and date. A pure function of the
 * configuration, the envelope, the technical sender and the day, so that `corvctl route explain`
 * says exactly what the daemon does. No database, no clock. Any thread.
 * The rules and their sources: CHAIN.md; Flevoland 1.1.1-1.1.3 and bijlage 3; Regeling 3.1.
 * Test: tests/unit/test_route.c */
#ifndef CORV_DAEMON_ROUTE_H
#define CORV_DAEMON_ROUTE_H

#include "config/parties.h"
#include "schemas/envelope.h"

#define CORV_PLAN_MAX 8 /* deliveries of one message at most */

struct corv_plan_delivery {
    const struct corv_route *route; /* borrowed from the configuration */
    const struct corv_party *to;    /* NULL: held in doubt */
    enum corv_form form;
    char held_code[48];      /* "" when not held */
    char held_question[240]; /* for the operator; no personal data */
};

struct corv_plan {
    const struct corv_party *sender;    /* technical sender: the certificate's party */
    const struct corv_party *filer;     /* zender in the message; may be another than sender */
    const struct corv_party *recipient; /* ontvanger in the message, or NULL when not looked for */
    const struct corv_party *mandated_by; /* gemeente whose mandate is used, or NULL */
    const struct corv_mandate *mandate;   /* or NULL */
    const struct corv_party *responsible; /* responsible gemeente, or NULL when in doubt */
    struct corv_plan_delivery deliveries[CORV_PLAN_MAX];
    unsigned count;
    char *explanation; /* owned; lines of text, each rule tried and why; no personal data */
    char *decision;    /* owned; the same as JSON, stored with the message */
};

/* CORV_OK: routed; findings may hold warnings. CORV_E_INVALID: refused, findings (layer
 * addressing) say why and who must act; *status is the HTTP answer: 403 not allowed, 422 wrong
 * address; deliveries is then empty, the rest of plan is filled as far as it went. CORV_E_NOMEM or
 * CORV_E_INTERNAL: no decision (503 and 500). Free plan with corv_plan_free in every case. */
CORV_MUST_CHECK corv_rc corv_route(const struct corv_config *c, const struct corv_envelope *e,
    const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status);
/* The same with the published list of instances (NULL: none was imported): an ontvanger that is
 * named by its SYSDA code instead of its OIN is found through the list, and the explanation tells
 * which instance a party is. */
struct corv_reference;
CORV_MUST_CHECK corv_rc corv_route_with(const struct corv_config *c,
    const struct corv_reference *reference, const struct corv_envelope *e,
    const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status);
/* The same decision without its explanation, which nobody reads on the way of a message. */
CORV_MUST_CHECK corv_rc corv_route_unexplained(const struct corv_config *c,
    const struct corv_reference *reference, const struct corv_envelope *e,
    const struct corv_party *sender, int day, struct corv_plan *plan,
    struct corv_findings *findings, int *status);
void corv_plan_free(struct corv_plan *plan); /* accepts a zeroed one */

#endif
