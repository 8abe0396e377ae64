/* SPDX-License-Identifier: EUPL-1.2 */
/* Text on a terminal of 80 columns: columns of UTF-8, cutting, padding, wrapping. What a terminal
 * would take for a command, and what is no UTF-8, comes out as "?". Pure; any thread.
 * Test: tests/unit/test_ctl_text.c */
#ifndef CORV_CTL_TEXT_H
#define CORV_CTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/buf.h"

#define CORV_CTL_COLUMNS 80

unsigned corv_ctl_width(const char *s);
/* Exactly `columns` wide: padded with blanks, or cut with an ellipsis at the end. */
void corv_ctl_fit(struct corv_buf *out, const char *s, unsigned columns, bool right);
/* The text, cleaned. */
void corv_ctl_clean(struct corv_buf *out, const char *s);
/* "label   words that go on under each other": the label takes `indent` columns. */
void corv_ctl_wrap(struct corv_buf *out, const char *label, unsigned indent, const char *text);
/* "12 s", "5 min", "3 u", "2 d". Returns out. */
char *corv_ctl_duration(double seconds, char *out, size_t size);
/* "22-11 08:37:47" of an ISO time; "" of "". Returns out. */
char *corv_ctl_when(const char *iso, char *out, size_t size);
/* Milliseconds since 1970 of an ISO time in UTC, 0 when it is none. */
long long corv_ctl_ms(const char *iso);

#endif
