/* SPDX-License-Identifier: EUPL-1.2 */
/* How long a party is usually silent, per kind of message, and whether it is silent for longer now.
 * Counted in working hours (Monday to Friday, 8 to 18 in the Netherlands, without public holidays),
 * so that a weekend is no silence. Learned from the hours in which messages came: the longest gap
 * so far, and a quarter of it or two hours more, whichever is longer; only from CORV_SILENCE_LEAST
 * messages on and after two weeks. An operator may say the hours instead, then for all kinds of
 * the party together.
 * Pure; one thread at a time. Test: tests/unit/test_silence.c */
#ifndef CORV_DAEMON_SILENCE_H
#define CORV_DAEMON_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORV_SILENCE_LEAST 20
#define CORV_SILENCE_DAYS  14
#define CORV_SILENCE_ROWS  512 /* parties times kinds; more are not watched, and counted */
#define CORV_WORK_DAYS     190
#define CORV_HOUR_US       INT64_C(3600000000)

/* Whether work is done in this hour (since 1970, UTC). */
bool corv_work_hour(int64_t hour);

struct corv_silence_row {
    char sender[64];
    char kind[48];
    int64_t first, last; /* hours since 1970 in which a message came */
    uint64_t messages;
    unsigned longest; /* working hours between two */
};

struct corv_silence {
    int64_t from;                           /* the first hour of work below */
    unsigned work[CORV_WORK_DAYS * 24 + 1]; /* working hours before each hour from there on */
    struct corv_silence_row rows[CORV_SILENCE_ROWS];
    size_t count;
    uint64_t left_out;
    int64_t until_us; /* learned up to here; 0: nothing yet */
};

/* The working hours of the CORV_WORK_DAYS days before now; what was learned stays. */
void corv_silence_calendar(struct corv_silence *s, int64_t now_us);
/* Working hours after hour a up to and with hour b; outside the calendar there are none. */
unsigned corv_silence_between(const struct corv_silence *s, int64_t a, int64_t b);
/* Messages came in that hour; per sender and kind in order. */
void corv_silence_heard(
    struct corv_silence *s, const char *sender, const char *kind, int64_t hour, uint64_t n);

/* Working hours since the last one. */
unsigned corv_silence_now(
    const struct corv_silence *s, const struct corv_silence_row *row, int64_t now_us);
/* 0: not enough is known; else silence is an alarm beyond these working hours. */
unsigned corv_silence_limit(const struct corv_silence_row *row, int64_t now_us);

#endif
