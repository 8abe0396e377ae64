/* SPDX-License-Identifier: EUPL-1.2 */
/* What corvd itself makes of a message: the kennisgeving to a gemeente (no content of the case, own
 * schema); stuf_fault.h makes the faults. Never changes a received message (Regeling 2.1). Any
 * thread. Test: tests/unit/test_derive.c */
#ifndef CORV_DAEMON_DERIVE_H
#define CORV_DAEMON_DERIVE_H

#include "daemon/base/buf.h"
#include "daemon/base/id.h"
#include "daemon/base/view.h"

struct corv_message;

/* Adds the parts that the plan's deliveries ask for. On a worker. */
CORV_MUST_CHECK corv_rc corv_derive_parts(struct corv_message *m);

/* Text as XML character data or attribute value; characters XML cannot carry become U+FFFD. */
corv_rc corv_xml_escape(struct corv_buf *b, struct corv_view text);

struct corv_notice {
    const char *kind;
    const char *reference;
    const char *filer_oin;
    const char *filer_name;
    int64_t received_us;
    const struct corv_id *original;
};
CORV_MUST_CHECK corv_rc corv_derive_notice(const struct corv_notice *n, struct corv_buf *b);

#endif
