/* SPDX-License-Identifier: EUPL-1.2 */
/* What the expressions ask of the whole message at any depth - .//P:a, .//@P:a and
 * diep(., 'P:a P:b') - found for all of them in one walk. A request is made when the pack is read
 * and has a number; the walk, once per message, fills a list per request. Seen from another node
 * than the message an expression walks by itself. The table belongs to the names it stands in
 * and lives in their room; the lists are the run's, in document order, and nobody's to change.
 * Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_DEEP_H
#define CORV_SCHEMAS_RULE_DEEP_H

#include <stdint.h>

#include "schemas/rule_value.h"

#define CORV_RULE_DEEP_REQUESTS 64 /* more are walked for one by one */
#define CORV_RULE_DEEP_NAMES    24 /* in one diep() */
#define CORV_RULE_DEEP_BUCKETS  64

struct corv_rule_deep_name; /* who asks for one name */

struct corv_rule_deep {
    struct corv_rule_deep_name *elements[CORV_RULE_DEEP_BUCKETS];
    struct corv_rule_deep_name *attributes[CORV_RULE_DEEP_BUCKETS];
    unsigned requests; /* their numbers are 1 to this */
};

/* "BG:inp.bsn ZKN:startdatum"; a prefix nobody knows names nothing. */
struct corv_rule_wanted {
    struct {
        const char *ns;
        struct corv_view name;
    } list[CORV_RULE_DEEP_NAMES];
    size_t count;
};
void corv_rule_wanted_read(struct corv_view names, struct corv_rule_wanted *w);

/* The number of a new request; 0: too many, or no memory, and then it is walked for. What the
 * names point to is borrowed for as long as the table lives. ns NULL: in no namespace. */
unsigned corv_rule_deep_ask(struct corv_rule_deep *deep, struct corv_room *room,
    const struct corv_rule_wanted *wanted, bool attributes);

/* Fills run->deep, and numbers the elements so that putting them in order is quick. False: run->rc
 * tells. */
bool corv_rule_deep_find(
    const struct corv_rule_deep *deep, xmlNodePtr message, struct corv_rule_run *run);

#endif
