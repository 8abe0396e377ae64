/* SPDX-License-Identifier: EUPL-1.2 */
/* Message numbers: UUID version 7 (RFC 9562), so they sort by the time we took the message in.
 * Plain values, no ownership. corv_id_new: any thread. Test: tests/unit/test_id.c */
#ifndef CORV_BASE_ID_H
#define CORV_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rc.h"

#define CORV_ID_TEXT 37 /* 36 characters and the zero byte */

struct corv_id {
    uint8_t b[16];
};

/* A new number; only fails when the kernel gives no random bytes. */
CORV_MUST_CHECK corv_rc corv_id_new(struct corv_id *id);
/* Writes the usual lower-case form with dashes. Returns out. */
char *corv_id_text(const struct corv_id *id, char out[CORV_ID_TEXT]);
/* Reads 36 characters with dashes, upper or lower case. */
CORV_MUST_CHECK corv_rc corv_id_read(const char *text, struct corv_id *id);
bool corv_id_is_null(const struct corv_id *id);
bool corv_id_eq(const struct corv_id *a, const struct corv_id *b);
/* Milliseconds since 1970 that the number carries. */
int64_t corv_id_ms(const struct corv_id *id);

#endif
