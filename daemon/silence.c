/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/silence.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/clock.h"

#define DAY_BEGINS 8
#define DAY_ENDS   18

/* ---- the calendar --------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a day of the Gregorian calendar, counted from 1 March on. */
static int day_number(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + in_year - 719468;
}

/* The Sunday after the first full moon of spring, by the rule of the Gregorian calendar. */
static int easter(int year)
{
    int golden = year % 19;
    int century = year / 100;
    int moon = (century - century / 4 - (8 * century + 13) / 25 + 19 * golden + 15) % 30;
    int full = moon - moon / 28 * (1 - 29 / (moon + 1) * ((21 - golden) / 11));
    int weekday = (year + year / 4 + full + 2 - century + century / 4) % 7;

    return day_number(year, 3, 28 + full - weekday);
}

static bool holiday(int year, int month, int day, int number, int weekday)
{
    int after_easter = number - easter(year);
    int md = month * 100 + day;
    /* the King's birthday is kept on Saturday when it is a Sunday: no working day either way */
    return md == 101 || md == 427 || md == 1225 || md == 1226 || after_easter == 1 ||
           after_easter == 39 || after_easter == 50 || weekday == 0 || weekday == 6;
}

static int digits(const char *p, unsigned n)
{
    int value = 0;

    while (n-- > 0)
        value = value * 10 + (*p++ - '0');
    return value;
}

bool corv_work_hour(int64_t hour)
{
    char text[15];
    int year;
    int number;

    (void)corv_clock_stuf(hour * CORV_HOUR_US, text); /* yyyymmddhhmmss */
    year = digits(text, 4);
    number = day_number(year, digits(text + 4, 2), digits(text + 6, 2));
    return digits(text + 8, 2) >= DAY_BEGINS && digits(text + 8, 2) < DAY_ENDS &&
           !holiday(year, digits(text + 4, 2), digits(text + 6, 2), number,
               (number + 4) % 7); /* 1970 began on a Thursday */
}

void corv_silence_calendar(struct corv_silence *s, int64_t now_us)
{
    unsigned so_far = 0;

    s->from = now_us / CORV_HOUR_US - CORV_WORK_DAYS * 24 + 24; /* a day ahead */
    for (size_t i = 0; i < CORV_WORK_DAYS * 24; i++) {
        s->work[i] = so_far;
        so_far += corv_work_hour(s->from + (int64_t)i);
    }
    s->work[CORV_WORK_DAYS * 24] = so_far;
}

static size_t place(const struct corv_silence *s, int64_t hour)
{
    int64_t at = hour - s->from;

    if (at < 0)
        return 0;
    return at > CORV_WORK_DAYS * 24 ? CORV_WORK_DAYS * 24 : (size_t)at;
}

unsigned corv_silence_between(const struct corv_silence *s, int64_t a, int64_t b)
{
    return b > a ? s->work[place(s, b + 1)] - s->work[place(s, a + 1)] : 0;
}

/* ---- learning ------------------------------------------------------------------------------- */

static struct corv_silence_row *row_of(
    struct corv_silence *s, const char *sender, const char *kind, int64_t hour)
{
    struct corv_silence_row *row;

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->rows[i].sender, sender) == 0 && strcmp(s->rows[i].kind, kind) == 0)
            return &s->rows[i];
    if (s->count == CORV_SILENCE_ROWS) {
        s->left_out++;
        return NULL;
    }
    row = &s->rows[s->count++];
    *row = (struct corv_silence_row){.first = hour, .last = hour};
    (void)snprintf(row->sender, sizeof row->sender, "%s", sender);
    (void)snprintf(row->kind, sizeof row->kind, "%s", kind);
    return row;
}

void corv_silence_heard(
    struct corv_silence *s, const char *sender, const char *kind, int64_t hour, uint64_t n)
{
    struct corv_silence_row *row = row_of(s, sender, kind, hour);
    unsigned gap;

    if (!row)
        return;
    gap = corv_silence_between(s, row->last, hour);
    if (gap > row->longest)
        row->longest = gap;
    if (hour > row->last)
        row->last = hour;
    row->messages += n;
}

/* ---- judging -------------------------------------------------------------------------------- */

unsigned corv_silence_now(
    const struct corv_silence *s, const struct corv_silence_row *row, int64_t now_us)
{
    return corv_silence_between(s, row->last, now_us / CORV_HOUR_US - 1); /* whole hours */
}

unsigned corv_silence_limit(const struct corv_silence_row *row, int64_t now_us)
{
    int64_t known = now_us / CORV_HOUR_US - row->first;

    if (row->messages < CORV_SILENCE_LEAST || known < CORV_SILENCE_DAYS * 24)
        return 0;
    return row->longest + (row->longest / 4 > 2 ? row->longest / 4 : 2);
}
