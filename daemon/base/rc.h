/* SPDX-License-Identifier: EUPL-1.2 */
/* The result of a call: zero is good, negative an error, CORV_AGAIN a value of its own.
 * Where the reason matters a struct corv_fault travels along (fault.h). */
#ifndef CORV_BASE_RC_H
#define CORV_BASE_RC_H

typedef enum corv_rc {
    CORV_OK = 0,
    CORV_AGAIN = 1,       /* not now: try later, nothing was changed */
    CORV_E_NOMEM = -1,    /* memory is gone */
    CORV_E_INVALID = -2,  /* the input is wrong; the caller's fault says where */
    CORV_E_IO = -3,       /* file, socket or database said no */
    CORV_E_LIMIT = -4,    /* a bound was reached */
    CORV_E_STATE = -5,    /* not allowed in this state */
    CORV_E_NOTFOUND = -6, /* no such thing */
    CORV_E_INTERNAL = -7, /* our bug */
} corv_rc;

#define CORV_MUST_CHECK __attribute__((warn_unused_result))

/* Static text, for logs and tests. */
const char *corv_rc_name(corv_rc rc);

#endif
