/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/rc.h"

const char *corv_rc_name(corv_rc rc)
{
    switch (rc) {
    case CORV_OK:
        return "ok";
    case CORV_AGAIN:
        return "again";
    case CORV_E_NOMEM:
        return "no-memory";
    case CORV_E_INVALID:
        return "invalid";
    case CORV_E_IO:
        return "io";
    case CORV_E_LIMIT:
        return "limit";
    case CORV_E_STATE:
        return "state";
    case CORV_E_NOTFOUND:
        return "not-found";
    case CORV_E_INTERNAL:
        return "internal";
    }
    return "unknown";
}
