/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/conform/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void say_rule(struct suite *s, const char *rule)
{
    (void)snprintf(s->state->rule, sizeof s->state->rule, "%s", rule);
    (void)alarm(10 + 4 * s->seconds); /* a rule that takes longer does not end */
}

static void line(const struct suite *s, const char *verdict, const char *format, va_list args)
{
    (void)printf("%-4s  %-12s  ", verdict, s->state->rule);
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
}

void say_ok(struct suite *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    s->state->passed++;
    line(s, "ok", format, args);
    va_end(args);
}

void say_skip(struct suite *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    s->state->skipped++;
    line(s, "skip", format, args);
    va_end(args);
}

void say_fail(struct suite *s, const char *todo, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    s->state->failed++;
    line(s, "FAIL", format, args);
    va_end(args);
    (void)printf("                    to do: %s\n", todo);
    (void)fflush(stdout);
}
