/* SPDX-License-Identifier: EUPL-1.2 */
/* The book of the bench: one line per message, by number, in a file that the load generator, the
 * sink and the script look at together. Each end writes its own fields, so that what was accepted
 * can be compared with what arrived, message by message, and the way in between can be timed: all
 * clocks are CLOCK_MONOTONIC of this machine. The number stands in the last digits of a message's
 * reference. Test: tests/bench/test_wire.py */
#ifndef CORV_BENCH_LEDGER_H
#define CORV_BENCH_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFERENCE     32 /* characters of a reference number */
#define LEDGER_DIGITS 12 /* of them, at the end: the number of the line */

struct ledger_line {   /* bench.py reads it as "=qqqHHI" */
    int64_t sent_us;   /* first byte given to TLS; 0: never sent */
    int64_t yes_us;    /* the answer was here; 0: none came */
    int64_t got_us;    /* the partner had the whole message, for the first time */
    uint16_t status;   /* of that answer */
    uint16_t unmarked; /* times it came again without a repeat mark */
    uint32_t got;      /* times it came */
};

struct ledger {
    struct ledger_line *line; /* owned (mapped); NULL: no book is kept */
    size_t count;
};

/* An existing file; its size says how many lines. Ends the program when that fails. */
void ledger_open(struct ledger *l, const char *path);
void ledger_close(struct ledger *l);
/* NULL when no book is kept or there is no such line. */
struct ledger_line *ledger_line(const struct ledger *l, uint64_t number);
/* The line of a message whose reference stands at p; NULL when those are no digits. */
struct ledger_line *ledger_find(const struct ledger *l, const char *p);

#endif
