/* SPDX-License-Identifier: EUPL-1.2 */
/* Walks one audit chain line by line and does every sum again: whole lines by their texts, lines
 * of which only the skeleton is left by their commitment. In portions, each a statement of its own,
 * so that no long transaction holds up the vacuum of the delivery table. For queue/ only.
 * Test: tests/unit/test_inspect_verify.c */
#ifndef CORV_QUEUE_WALK_H
#define CORV_QUEUE_WALK_H

#include "queue/audit.h"
#include "queue/inspect_rows.h"

struct corv_walk {
    struct corv_inspect *i;
    int chain;
    int64_t seq;                 /* last one that was right */
    struct corv_digest previous; /* its hash */
    uint64_t lines;              /* looked at */
    uint64_t verified;           /* right */
    uint64_t skeletons;          /* of those, the ones without texts */
    int64_t at_us;               /* of the last one */
    char last_seq[24];           /* where the next portion begins: a number may be there twice */
    char last_at[24];
    int64_t broken_seq; /* 0: not broken */
    char broken_what[160];
};

enum corv_walk_column { /* of the rows given to the callback, all as text */
    CORV_WALK_SEQ,
    CORV_WALK_AT,
    CORV_WALK_EVENT,
    CORV_WALK_MESSAGE,
    CORV_WALK_DELIVERY,
    CORV_WALK_PARTY,
    CORV_WALK_ACTOR,
    CORV_WALK_CODE,
    CORV_WALK_DETAIL,
    CORV_WALK_SALT,
    CORV_WALK_HASH,
    CORV_WALK_COMMITMENT, /* not null: a skeleton */
};
/* After every right line: w->seq and w->previous are its. */
typedef corv_rc (*corv_walk_cb)(void *ctx, struct corv_walk *w, const PGresult *r, int row);

/* Begins after line seq, whose hash is given; seq 0: at the beginning (hash is not looked at). */
void corv_walk_begin(struct corv_walk *w, struct corv_inspect *i, int chain, int64_t seq,
    const struct corv_digest *hash);
/* As far as line upto, or until broken. */
CORV_MUST_CHECK corv_rc corv_walk_to(
    struct corv_walk *w, int64_t upto, corv_walk_cb each, void *ctx, struct corv_fault *fault);
void corv_walk_broken(struct corv_walk *w, int64_t seq, const char *what);
/* The rows of a chain after (last_seq, last_at) and not beyond upto, in the order of their numbers;
 * none: the end. *out: PQclear. */
CORV_MUST_CHECK corv_rc corv_walk_rows(struct corv_inspect *i, int chain, int64_t upto,
    const char *last_seq, const char *last_at, PGresult **out, struct corv_fault *fault);
#define CORV_WALK_EARLY "-62135596800000000" /* a time before every line, as last_at */
/* \x… of exactly n bytes, as the session's bytea_output gives it. */
bool corv_walk_bytes(const char *text, uint8_t *out, size_t n);

#endif
