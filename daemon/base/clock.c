/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>
#ifdef CORV_CRASH_POINTS
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

static atomic_llong shift;

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

#ifdef CORV_CRASH_POINTS
static _Atomic(const volatile int64_t *) followed; /* mapped for as long as we live */

void corv_clock_follow(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);

    if (fd >= 0)
        (void)close(fd);
    if (page != MAP_FAILED)
        atomic_store(&followed, page);
}

static int64_t jump(void)
{
    const volatile int64_t *us = atomic_load_explicit(&followed, memory_order_relaxed);

    return us ? *us : 0;
}
#else
static int64_t jump(void)
{
    return 0;
}
#endif

int64_t corv_clock_us(void)
{
    return read_clock(CLOCK_REALTIME) + atomic_load_explicit(&shift, memory_order_relaxed) + jump();
}

int64_t corv_clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void corv_clock_shift_us(int64_t offset)
{
    atomic_store(&shift, offset);
}

static void add_digits(char *to, unsigned n, int digits)
{
    while (digits-- > 0) {
        to[digits] = (char)('0' + n % 10);
        n /= 10;
    }
}

/* Of a log line, an answer and an audit line: the second is mostly the one of the last time. */
char *corv_clock_text(int64_t us, char out[CORV_TIME_TEXT])
{
    static _Thread_local time_t second = -1;
    static _Thread_local char date[CORV_TIME_TEXT];
    time_t secs = (time_t)(us / 1000000);
    struct tm tm = {0};

    if (secs != second || !date[0]) {
        (void)gmtime_r(&secs, &tm);
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
        second = secs;
    }
    memcpy(out, date, 19);
    out[19] = '.';
    add_digits(out + 20, (unsigned)(us % 1000000), 6);
    out[26] = 'Z';
    out[27] = '\0';
    return out;
}

/* Last Sunday of a month as day of the month; Dutch summer time turns there at 01:00 UTC
 * (Directive 2000/84/EC). Computed here because /etc/localtime of a server is seldom Dutch. */
static int last_sunday(int year, int month)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 31, .tm_hour = 12};
    time_t t = timegm(&tm);

    (void)gmtime_r(&t, &tm);
    return 31 - tm.tm_wday;
}

static int amsterdam_offset(const struct tm *utc)
{
    int year = utc->tm_year + 1900;
    int now = (utc->tm_mon + 1) * 10000 + utc->tm_mday * 100 + utc->tm_hour;
    int begin = 3 * 10000 + last_sunday(year, 3) * 100 + 1;
    int end = 10 * 10000 + last_sunday(year, 10) * 100 + 1;

    return now >= begin && now < end ? 7200 : 3600;
}

static struct tm amsterdam(int64_t us)
{
    time_t secs = (time_t)(us / 1000000);
    struct tm tm = {0};

    (void)gmtime_r(&secs, &tm);
    secs += amsterdam_offset(&tm);
    (void)gmtime_r(&secs, &tm);
    return tm;
}

char *corv_clock_stuf(int64_t us, char out[15])
{
    struct tm tm = amsterdam(us);

    (void)strftime(out, 15, "%Y%m%d%H%M%S", &tm);
    return out;
}

/* A Dutch day begins on a whole hour UTC, in summer too: within one hour it is the same day. */
int corv_clock_day(int64_t us)
{
    static _Thread_local int64_t hour = -1;
    static _Thread_local int day;
    int64_t now = us / 3600000000;

    if (now != hour || us < 0) {
        struct tm tm = amsterdam(us);

        day = (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
        hour = now;
    }
    return day;
}
