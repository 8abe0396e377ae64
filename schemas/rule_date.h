/* SPDX-License-Identifier: EUPL-1.2 */
/* Dates as the messages write them: eight digits, of which StUF:indOnvolledigeDatum says how
 * much is known. A date is kept as the first and last day it can mean, so "certainly after" has
 * an answer for half-known dates too. Pure; any thread. Test: tests/unit/test_rule_date.c */
#ifndef CORV_SCHEMAS_RULE_DATE_H
#define CORV_SCHEMAS_RULE_DATE_H

#include <stdbool.h>

#include "daemon/base/view.h"

struct corv_rule_date {
    bool valid;
    int first; /* YYYYMMDD; 0 when nothing is known */
    int last;  /* YYYYMMDD; 99999999 when nothing is known */
};

/* Eight digits. known: 'V' all of it, 'D' the day is not, 'M' month and day are not, 'J' nothing.
 */
struct corv_rule_date corv_rule_date_read(struct corv_view text, char known);
/* jjjjmmdd, followed by nothing, uu, uumm, uummss or uummssmmm (8, 10, 12, 14 or 17 digits). */
bool corv_rule_moment_valid(struct corv_view text);
/* The day of a date or of a moment: its first eight digits. */
struct corv_rule_date corv_rule_day_of(struct corv_view text, char known);
/* Every day a can mean lies after every day b can mean. */
bool corv_rule_date_after(struct corv_rule_date a, struct corv_rule_date b);
/* YYYYMMDD plus days, may be negative. 0 when day is not a date. */
int corv_rule_day_plus(int day, int days);

#endif
