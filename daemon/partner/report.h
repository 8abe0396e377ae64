/* SPDX-License-Identifier: EUPL-1.2 */
/* The report of a run: a page that needs nothing but itself (Dutch, for people with and without a
 * screen reader), and the same as JSON. Every text is escaped. Test: tests/path/test_a12_chain.py
 */
#ifndef CORV_PARTNER_REPORT_H
#define CORV_PARTNER_REPORT_H

#include "daemon/base/buf.h"
#include "daemon/partner/partner.h"
#include "daemon/partner/result.h"
#include "daemon/partner/verbs.h"

/* Writes the file that o->report names; a failure is told on stderr. */
CORV_MUST_CHECK corv_rc partner_report_html(
    const struct partner *p, const struct partner_options *o, const struct partner_results *r);
void partner_report_json(const struct partner *p, const struct partner_results *r); /* stdout */
/* Set and hash in force for a kind; "" when corvd did not say. Borrowed. */
const char *partner_schema_of(
    const struct partner_about *a, struct corv_view kind, const char *member);

#endif
