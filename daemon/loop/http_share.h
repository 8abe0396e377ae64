/* SPDX-License-Identifier: EUPL-1.2 */
/* Of all bodies that come in together, and of all connections, those of one sender (its OIN) get
 * half at most: whoever sends large ones slowly, or many, leaves room for the others. A single body
 * may be as large as any. Loop thread only. Test: tests/path/test_c06_share.py */
#ifndef CORV_LOOP_HTTP_SHARE_H
#define CORV_LOOP_HTTP_SHARE_H

#include "daemon/loop/http_conn.h"

/* Whether so many bytes more of the body of this connection's request are within the share. */
bool corv__http_share_fits(const struct corv_http_conn *c, size_t more);

#endif
