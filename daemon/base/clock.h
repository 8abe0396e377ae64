/* SPDX-License-Identifier: EUPL-1.2 */
/* Time in microseconds. The wall clock can be set by hand in tests, so no test sleeps to be
 * right. Any thread. Test: tests/unit/test_clock.c */
#ifndef CORV_BASE_CLOCK_H
#define CORV_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CORV_TIME_TEXT 28 /* 2026-11-22T08:07:53.123456Z and the zero byte */

int64_t corv_clock_us(void);      /* wall clock, since 1970-01-01T00:00:00Z */
int64_t corv_clock_mono_us(void); /* never jumps; for durations */
/* Tests only: adds an offset to the wall clock (0 puts it back). */
void corv_clock_shift_us(int64_t offset);
#ifdef CORV_CRASH_POINTS
/* Test builds only: from now on the wall clock is as many microseconds ahead as the eight bytes at
 * the start of this file say, whoever writes them and whenever: a clock that jumps under our feet.
 */
void corv_clock_follow(const char *path);
#endif
/* ISO 8601 in UTC with microseconds. Returns out. */
char *corv_clock_text(int64_t us, char out[CORV_TIME_TEXT]);
/* jjjjmmdduummss in Dutch local time, as StUF's tijdstipBericht. Returns out. */
char *corv_clock_stuf(int64_t us, char out[15]);
/* The calendar day in Amsterdam is what dates in the configuration mean: YYYYMMDD. */
int corv_clock_day(int64_t us);

#endif
