/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/parties_index.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b)
{
    const struct corv_keyed *x = a;
    const struct corv_keyed *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : (x->party > y->party) - (x->party < y->party);
}

static int compare(const char *key, struct corv_view wanted)
{
    size_t n = strlen(key);
    int order = memcmp(key, wanted.p, n < wanted.n ? n : wanted.n);

    return order ? order : (n > wanted.n) - (n < wanted.n);
}

const struct corv_keyed *corv_keyed_find(const struct corv_keyed_table *t, struct corv_view key)
{
    unsigned low = 0;
    unsigned high = key.n ? t->count : 0;

    while (low < high) {
        unsigned mid = low + (high - low) / 2;

        if (compare(t->rows[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return key.n && low < t->count && compare(t->rows[low].key, key) == 0 ? &t->rows[low] : NULL;
}

const struct corv_keyed *corv_keyed_next(
    const struct corv_keyed_table *t, const struct corv_keyed *row)
{
    const struct corv_keyed *next = row + 1;

    return next < t->rows + t->count && strcmp(next->key, row->key) == 0 ? next : NULL;
}

static void add(struct corv_keyed_table *t, const char *key, const struct corv_party *party)
{
    if (key) /* what is missing was reported where it is missing */
        t->rows[t->count++] = (struct corv_keyed){key, party};
}

static corv_rc add_places(
    struct corv_arena *a, struct corv_keyed_table *t, const struct corv_party *p)
{
    for (unsigned i = 0; i < p->woonplaatsen_count; i++) {
        char folded[CORV_PLACE_BYTES];
        char *kept = NULL;

        if (corv_place_fold(corv_view_str(p->woonplaatsen[i]), folded) != CORV_OK)
            continue; /* the check reports it */
        kept = corv_arena_text(a, corv_view_str(folded));
        if (!kept)
            return CORV_E_NOMEM;
        add(t, kept, p);
    }
    return CORV_OK;
}

corv_rc corv_parties_index_new(
    struct corv_arena *a, const struct corv_config *c, const struct corv_parties_index **out)
{
    struct corv_parties_index *x = corv_arena_new(a, 1, sizeof *x);
    size_t places = 0;

    for (unsigned i = 0; i < c->parties_count; i++)
        places += c->parties[i].woonplaatsen_count;
    if (!x)
        return CORV_E_NOMEM;
    x->by_id.rows = corv_arena_new(a, c->parties_count, sizeof *x->by_id.rows);
    x->by_oin.rows = corv_arena_new(a, c->parties_count, sizeof *x->by_oin.rows);
    x->by_place.rows = corv_arena_new(a, places, sizeof *x->by_place.rows);
    if (!x->by_id.rows || !x->by_oin.rows || !x->by_place.rows)
        return CORV_E_NOMEM;
    for (unsigned i = 0; i < c->parties_count; i++) {
        add(&x->by_id, c->parties[i].id, &c->parties[i]);
        add(&x->by_oin, c->parties[i].oin, &c->parties[i]);
        if (add_places(a, &x->by_place, &c->parties[i]) != CORV_OK)
            return CORV_E_NOMEM;
    }
    qsort(x->by_id.rows, x->by_id.count, sizeof *x->by_id.rows, by_key);
    qsort(x->by_oin.rows, x->by_oin.count, sizeof *x->by_oin.rows, by_key);
    qsort(x->by_place.rows, x->by_place.count, sizeof *x->by_place.rows, by_key);
    *out = x;
    return CORV_OK;
}
