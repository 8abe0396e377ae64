/* SPDX-License-Identifier: EUPL-1.2 */
/* Sorted views on the parties, so that a message costs a few comparisons and not a walk over the
 * country. Built once by the reader; immutable. Owner: the arena of the configuration.
 * Test: tests/unit/test_parties.c */
#ifndef CORV_CONFIG_PARTIES_INDEX_H
#define CORV_CONFIG_PARTIES_INDEX_H

#include "config/arena.h"
#include "config/config.h"

#define CORV_PLACE_BYTES 160 /* of a folded name; the longest place in the BAG has some 30 */

struct corv_keyed {
    const char *key;
    const struct corv_party *party;
};

struct corv_keyed_table { /* sorted by key, then in the order of the file */
    struct corv_keyed *rows;
    unsigned count;
};

struct corv_parties_index {
    struct corv_keyed_table by_id;
    struct corv_keyed_table by_oin;
    struct corv_keyed_table by_place; /* folded names */
};

/* The first row with that key, or NULL; the rest follow it up to rows + count. */
const struct corv_keyed *corv_keyed_find(const struct corv_keyed_table *t, struct corv_view key);
/* The next row with the same key, or NULL. */
const struct corv_keyed *corv_keyed_next(
    const struct corv_keyed_table *t, const struct corv_keyed *row);
CORV_MUST_CHECK corv_rc corv_parties_index_new(
    struct corv_arena *a, const struct corv_config *c, const struct corv_parties_index **out);
/* Lower case, Latin letters without their marks, one blank for many, none at the ends. Typographic
 * quotes and dashes become plain ones. CORV_E_INVALID: not UTF-8, empty, or too long. */
CORV_MUST_CHECK corv_rc corv_place_fold(struct corv_view name, char out[CORV_PLACE_BYTES]);

#endif
