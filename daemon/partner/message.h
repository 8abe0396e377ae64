/* SPDX-License-Identifier: EUPL-1.2 */
/* The messages of the chain test, made from templates (messages/): @@name@@ is another template,
 * @FIELD@ a value. All families in them are invented, and say so. Pure; any thread.
 * Test: tests/unit/test_partner.c, tests/path/test_a12_chain.py (the official schemas) */
#ifndef CORV_PARTNER_MESSAGE_H
#define CORV_PARTNER_MESSAGE_H

#include <stdint.h>

#include "daemon/base/buf.h"
#include "daemon/partner/party.h"

#define PARTNER_MESSAGE_MAX ((size_t)64 << 20)
#define PARTNER_NUMBER      48 /* bytes of a reference or case number, with the zero byte */

struct partner_fields {
    const struct partner_party *from;
    const struct partner_party *to;
    const char *to_oin;         /* instead of to's, or NULL */
    const char *to_application; /* instead of to's, or NULL */
    const char *reference;
    const char *crossref;
    const char *case_number; /* of who began the case */
    const char *raad_number; /* of who answers */
    int64_t now_us;
};

bool partner_message_known(const char *name);
struct corv_view partner_message_kind(const char *name); /* local name of its root; static */
/* out is initialised here; free it in any case. */
CORV_MUST_CHECK corv_rc partner_message_write(
    const char *name, const struct partner_fields *f, struct corv_buf *out);
/* The root element alone: what "dai" carries. Borrowed. */
struct corv_view partner_message_element(struct corv_view message);
bool partner_message_attached(const struct corv_buf *message); /* it carries a document */
/* Makes the message that many bytes larger: in its first attachment, or else in a comment (which no
 * corvd takes at this size). */
CORV_MUST_CHECK corv_rc partner_message_grow(struct corv_buf *message, size_t bytes);

#endif
