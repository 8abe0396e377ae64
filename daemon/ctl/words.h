/* SPDX-License-Identifier: EUPL-1.2 */
/* Dutch words for what the database calls by its English names. Static; any thread.
 * Test: tests/unit/test_ctl_text.c */
#ifndef CORV_CTL_WORDS_H
#define CORV_CTL_WORDS_H

#include "daemon/ctl/table.h"
#include "queue/inspect.h"

const char *corv_ctl_state_word(const char *state); /* "wacht", "onderweg", … */
enum corv_ctl_tone corv_ctl_state_tone(const char *state);
const char *corv_ctl_event_word(const char *event);
const char *corv_ctl_relation_word(const char *by); /* of corv_inspect_related */
/* How a message stands as a whole: "bevestigd 2/2", "mislukt 1/2". Returns out. */
char *corv_ctl_standing(
    const struct corv_inspect_message *m, char *out, size_t size, enum corv_ctl_tone *tone);

#endif
