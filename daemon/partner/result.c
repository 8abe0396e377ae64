/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"

struct partner_section *partner_section_new(struct partner_results *r,
    const struct partner_scenario *scenario, const struct partner_fault *fault)
{
    struct partner_section *more = reallocarray(r->sections, r->count + 1, sizeof *r->sections);

    if (!more) {
        r->lost = true;
        return NULL;
    }
    r->sections = more;
    more[r->count] = (struct partner_section){.scenario = scenario, .fault = fault};
    return &more[r->count++];
}

static struct partner_step *place(struct partner_results *r)
{
    static struct partner_step nowhere;
    struct partner_section *s = r->count ? &r->sections[r->count - 1] : NULL;
    struct partner_step *more = s ? reallocarray(s->steps, s->count + 1, sizeof *more) : NULL;

    if (!more) {
        r->lost = true;
        return &nowhere;
    }
    s->steps = more;
    return &more[s->count++];
}

struct partner_step *partner_step_new(
    struct partner_results *r, const char *number, const char *fmt, ...)
{
    struct partner_step *s = place(r);
    va_list args;

    *s = (struct partner_step){.began_us = corv_clock_us()};
    s->ended_us = s->began_us;
    (void)snprintf(s->number, sizeof s->number, "%s", number);
    (void)snprintf(s->reason, sizeof s->reason, "niet te beoordelen");
    va_start(args, fmt);
    (void)vsnprintf(s->title, sizeof s->title, fmt, args);
    va_end(args);
    return s;
}

void partner_step_got(struct partner_step *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(s->got, sizeof s->got, fmt, args);
    va_end(args);
    s->ended_us = corv_clock_us();
}

void partner_step_pass(struct partner_step *s)
{
    s->ended_us = corv_clock_us();
    if (s->judged)
        return;
    s->judged = true;
    s->passed = true;
    s->reason[0] = '\0';
}

void partner_step_fail(struct partner_step *s, const char *fmt, ...)
{
    va_list args;

    s->ended_us = corv_clock_us();
    s->judged = true;
    s->passed = false;
    va_start(args, fmt);
    (void)vsnprintf(s->reason, sizeof s->reason, fmt, args);
    va_end(args);
}

void partner_results_end(struct partner_results *r)
{
    r->ended_us = corv_clock_us();
    r->steps = r->failed = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct partner_section *s = &r->sections[i];

        s->failed = 0;
        for (size_t k = 0; k < s->count; k++)
            s->failed += !s->steps[k].passed;
        r->steps += s->count;
        r->failed += s->failed;
    }
}

bool partner_results_good(const struct partner_results *r)
{
    return !r->lost && r->steps > 0 && r->failed == 0;
}

void partner_results_free(struct partner_results *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->sections[i].steps);
    free(r->sections);
    *r = (struct partner_results){.sections = NULL};
}
