/* SPDX-License-Identifier: EUPL-1.2 */
/* The words of the status page in two languages, from page_words.def. Pure; any thread.
 * Test: tests/unit/test_page.c */
#ifndef CORV_DAEMON_PAGE_WORDS_H
#define CORV_DAEMON_PAGE_WORDS_H

#include <stdbool.h>

#include "daemon/base/view.h"

/* Static; NULL: no such key. */
const char *corv_page_word(struct corv_view key, bool english);
/* Of "prefix:name"; without such a key the name itself. */
const char *corv_page_named(const char *prefix, const char *name, bool english);
/* By the query ("lang=en") or else the browser's Accept-Language; Dutch when neither says. */
bool corv_page_english(struct corv_view query, struct corv_view accept);

#endif
