/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/words.h"

#include <stdlib.h>

/* By the length and four of the letters: reading them all costs more than a look too many. */
static size_t place_of(const struct corv_words *w, struct corv_view word)
{
    const unsigned char *p = (const unsigned char *)word.p;
    size_t n = word.n, h;

    if (!n)
        return 0;
    h = ((n * 31 + p[0]) * 31 + p[n / 3]) * 31 + p[n / 2];
    h = h * 31 + p[n - 1];
    return (h ^ h >> 9) & w->mask;
}

static struct corv_view *slot_of(const struct corv_words *w, struct corv_view word)
{
    size_t i = place_of(w, word);

    while (w->slots[i].p && !corv_view_eq(w->slots[i], word))
        i = (i + 1) & w->mask;
    return &w->slots[i];
}

corv_rc corv_words_of(const struct corv_view *list, size_t count, struct corv_words *out)
{
    size_t size = 8;

    while (size < count * 4) /* three quarters stay empty: most looks are one */
        size *= 2;
    *out = (struct corv_words){calloc(size, sizeof *out->slots), size - 1};
    if (!out->slots)
        return CORV_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        *slot_of(out, list[i]) = list[i];
    return CORV_OK;
}

void corv_words_free(struct corv_words *w)
{
    free(w->slots);
    *w = (struct corv_words){0};
}

bool corv_words_has(const struct corv_words *w, struct corv_view word)
{
    return w->slots && slot_of(w, word)->p;
}
