/* SPDX-License-Identifier: EUPL-1.2 */
/* The StUF messages that say no: Fo03 to a sender who waits for the answer, Fo01 to one who does
 * not. Filled from daemon/base/answer.def and the findings; quotes no value of the message.
 * Pure; any thread. Test: tests/unit/test_stuf_fault.c */
#ifndef CORV_DAEMON_STUF_FAULT_H
#define CORV_DAEMON_STUF_FAULT_H

#include "daemon/base/answer.h"
#include "daemon/base/id.h"

struct corv_stuf_fault {
    bool waits;          /* Fo03, else Fo01 */
    const char *own_oin; /* zender: corvd */
    const char *own_application;
    const char *org; /* ontvanger: zender of the original; NULL or "": not known */
    const char *app;
    const char *adm;
    const char *crossref;     /* referentienummer of the original; NULL: could not be read */
    const struct corv_id *id; /* of this fault: its referentienummer */
    int64_t now_us;
    const char *code; /* of answer.def; with findings: their decisive one */
    const char *note; /* more about it, put before the findings; at most 200 bytes, or NULL */
    const struct corv_findings *a, *b; /* or NULL; errors are told, warnings are not */
};

#define CORV_STUF_DETAILS_MAX 1000 /* characters, not bytes */

/* Initialises b (free with corv_buf_free). CORV_E_STATE: this code has no answer in StUF (it is
 * about HTTP, or nothing is wrong). */
CORV_MUST_CHECK corv_rc corv_stuf_fault_write(const struct corv_stuf_fault *f, struct corv_buf *b);

/* The receipt: Bv03 or Bv04. Its number and time are the stored message's, so that a repeat gets
 * the same bytes. */
struct corv_stuf_receipt {
    const char *name; /* "Bv03" or "Bv04" */
    const char *own_oin;
    const char *own_application;
    const char *org; /* ontvanger: zender of the message */
    const char *app;
    const char *adm;
    const char *crossref;
    const char *id;
    int64_t stored_us;
};
CORV_MUST_CHECK corv_rc corv_stuf_receipt_write(
    const struct corv_stuf_receipt *r, struct corv_buf *b);

#endif
