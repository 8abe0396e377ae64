/* SPDX-License-Identifier: EUPL-1.2 */
/* What can be said of the bytes before any XML parser sees them: UTF-8 and nothing else, no
 * compression, no NUL, XML 1.0. libxml2 would convert windows-1252, EBCDIC, UTF-7 and UTF-16 and
 * stops in silence at a NUL byte (MESSAGES.md 8.2, 8.4), so this is decided here.
 * Owns nothing; any thread. Test: tests/unit/test_reader_bytes.c */
#ifndef CORV_SCHEMAS_BYTES_CHECK_H
#define CORV_SCHEMAS_BYTES_CHECK_H

#include "daemon/base/finding.h"
#include "daemon/base/view.h"

/* CORV_OK: *text is the same message without its byte order mark. CORV_E_INVALID: one finding
 * of layer security or well-formed was added. */
CORV_MUST_CHECK corv_rc corv_bytes_check(
    struct corv_view bytes, size_t ceiling, struct corv_view *text, struct corv_findings *findings);

/* 1-based line and column (in bytes) of an offset. */
void corv_bytes_place(struct corv_view text, size_t offset, int *line, int *column);
/* Offset of the first byte that is not UTF-8, or text.n. */
size_t corv_bytes_bad_utf8(struct corv_view text);

#endif
