/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_date.h"

/* Older than the oldest person alive, younger than any measure that is decided now. */
#define YEAR_FIRST 1850
#define YEAR_LAST  2199

static bool digits(struct corv_view text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    return text.n > 0;
}

/* text holds digits only. */
static int number(struct corv_view text, size_t from, size_t count)
{
    int value = 0;

    for (size_t i = from; i < from + count; i++)
        value = value * 10 + (text.p[i] - '0');
    return value;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

struct corv_rule_date corv_rule_date_read(struct corv_view text, char known)
{
    struct corv_rule_date none = {false, 0, 0};

    if (text.n != 8 || !digits(text))
        return none;

    int year = number(text, 0, 4), month = number(text, 4, 2), day = number(text, 6, 2);

    if (known == 'J')
        return (struct corv_rule_date){true, 0, 99999999};
    if (year < YEAR_FIRST || year > YEAR_LAST)
        return none;
    if (known == 'M')
        return (struct corv_rule_date){true, year * 10000 + 101, year * 10000 + 1231};
    if (month < 1 || month > 12)
        return none;

    int begin = year * 10000 + month * 100;

    if (known == 'D')
        return (struct corv_rule_date){true, begin + 1, begin + days_in(year, month)};
    if (day < 1 || day > days_in(year, month))
        return none;
    return (struct corv_rule_date){true, begin + day, begin + day};
}

bool corv_rule_moment_valid(struct corv_view text)
{
    if (!digits(text) || !corv_rule_day_of(text, 'V').valid)
        return false;
    switch (text.n) {
    case 8:
        return true;
    case 10:
    case 12:
    case 14:
    case 17:
        return number(text, 8, 2) < 24 && (text.n < 12 || number(text, 10, 2) < 60) &&
               (text.n < 14 || number(text, 12, 2) < 60);
    default:
        return false;
    }
}

struct corv_rule_date corv_rule_day_of(struct corv_view text, char known)
{
    if (text.n > 17)
        return (struct corv_rule_date){false, 0, 0};
    if (text.n > 8 && digits(text))
        text.n = 8;
    return corv_rule_date_read(text, known);
}

bool corv_rule_date_after(struct corv_rule_date a, struct corv_rule_date b)
{
    return a.valid && b.valid && a.first > b.last;
}

int corv_rule_day_plus(int day, int days)
{
    int year = day / 10000, month = day / 100 % 100, left = day % 100;

    if (day < YEAR_FIRST * 10000 || day > 99991231 || days < -400000 || days > 400000)
        return 0;
    if (month < 1 || month > 12 || left < 1 || left > days_in(year, month))
        return 0;
    for (left += days; left < 1; left += days_in(year, month))
        if (--month < 1) {
            month = 12;
            year--;
        }
    while (left > days_in(year, month)) {
        left -= days_in(year, month);
        if (++month > 12) {
            month = 1;
            year++;
        }
    }
    return year * 10000 + month * 100 + left;
}
