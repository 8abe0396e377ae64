/* SPDX-License-Identifier: EUPL-1.2 */
/* A set of words that is made once and asked often. What is asked may come from a sender, what is
 * in it never does, so nobody can make it slow. The words are borrowed for as long as it lives.
 * Immutable after _of and shared by all threads. Test: tests/unit/test_words.c */
#ifndef CORV_BASE_WORDS_H
#define CORV_BASE_WORDS_H

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

struct corv_words {
    struct corv_view *slots; /* owned; an empty one has no p */
    size_t mask;             /* as many slots as a power of two, less one */
};

/* Each word has a p, also an empty one. CORV_E_NOMEM. */
CORV_MUST_CHECK corv_rc corv_words_of(
    const struct corv_view *list, size_t count, struct corv_words *out);
void corv_words_free(struct corv_words *w);                             /* accepts a zeroed one */
bool corv_words_has(const struct corv_words *w, struct corv_view word); /* a zeroed one has none */

#endif
