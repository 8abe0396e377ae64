/* SPDX-License-Identifier: EUPL-1.2 */
/* Reading one value of the configuration from text. Pure, no locale, no environment; any thread.
 * Test: tests/unit/test_config_parts.c */
#ifndef CORV_CONFIG_TEXT_H
#define CORV_CONFIG_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/rc.h"

/* What YAML writes for "nothing": empty, ~ or null. */
bool corv_text_is_null(const char *text);
bool corv_text_is_name(const char *text); /* [a-z0-9-]{1,40} */
bool corv_text_is_digits(const char *text, unsigned count);
bool corv_text_is_ip(const char *text);
bool corv_text_is_loopback(const char *text);
CORV_MUST_CHECK corv_rc corv_text_number(const char *text, uint64_t *out);
CORV_MUST_CHECK corv_rc corv_text_bytes(const char *text, uint64_t *out); /* 35 MiB */
CORV_MUST_CHECK corv_rc corv_text_day(const char *text, int *day);        /* 2026-11-22: 20261122 */
/* The name that was probably meant, or NULL when none is close. */
const char *corv_text_nearest(const char *word, const char *const *names, unsigned count);

#endif
