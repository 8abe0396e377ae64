/* SPDX-License-Identifier: EUPL-1.2 */
/* The names a route or mandate may use for a kind of message. config includes nothing of schemas,
 * so the names stand here too; a test compares both lists. Static, any thread.
 * Test: tests/unit/test_config_kinds.c */
#ifndef CORV_CONFIG_KINDS_H
#define CORV_CONFIG_KINDS_H

extern const char *const corv_config_kinds[];
extern const unsigned corv_config_kinds_count;

#endif
