/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages that corvd itself makes: the kennisgeving to a gemeente (no content of the case, own
 * schema) and the Fo01 to a sender whose message could not be delivered. Never changes a received
 * message (Regeling 2.1). Any thread. Test: tests/unit/test_derive.c */
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

struct corv_fo01 {
    const char *own_oin; /* zender of the Fo01 */
    const char *own_application;
    const char *org; /* ontvanger: zender of the original */
    const char *app;
    const char *adm;
    const char *crossref;     /* referentienummer of the original */
    const struct corv_id *id; /* of the Fo01: its referentienummer */
    int64_t now_us;
    const char *code;         /* StUF058, … at most 7 characters */
    const char *plek;         /* client or server */
    const char *omschrijving; /* at most 200 characters, plain Dutch */
    const char *details;      /* at most 1000, or NULL */
};
CORV_MUST_CHECK corv_rc corv_derive_fo01(const struct corv_fo01 *f, struct corv_buf *b);

#endif
