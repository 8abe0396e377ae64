/* SPDX-License-Identifier: EUPL-1.2 */
/* The verb run: the chosen scenarios, one after another, and the report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/partner/fault.h"
#include "daemon/partner/report.h"
#include "daemon/partner/verbs.h"

static bool chosen(const struct partner_options *o, const struct partner_scenario *s)
{
    return (!o->cluster || strcmp(o->cluster, s->cluster) == 0) &&
           (!o->scenario || strcmp(o->scenario, s->id) == 0);
}

/* Wrong names are told before anything is sent. */
static bool choice_good(const struct partner *p, const struct partner_options *o)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->scenarios.count; i++)
        n += chosen(o, p->scenarios.list[i]);
    if (o->cluster && !partner_cluster_known(o->cluster))
        (void)fprintf(stderr, "corv-partner: cluster %s is er niet\n", o->cluster);
    else if (n == 0)
        (void)fprintf(stderr, "corv-partner: geen scenario met deze naam in dit cluster\n");
    else if (o->fault && strcmp(o->fault, "all") != 0 && !partner_fault_find(o->fault))
        (void)fprintf(stderr, "corv-partner: fout %s is er niet\n", o->fault);
    else
        return true;
    return false;
}

static void look_for_strangers(struct partner *p, struct partner_results *r)
{
    struct partner_step *s = partner_step_new(r, "", "Er kwam niets wat niemand verwachtte");
    struct partner_stranger last;
    unsigned n = partner_strangers(p, &last);

    if (n == 0) {
        partner_step_pass(s);
        return;
    }
    partner_step_got(
        s, "%u keer, het laatst %s bij %s", n, last.kind[0] ? last.kind : "iets", last.at->name);
    partner_step_fail(s, "dit hoort niet bij dit scenario");
}

/* The exchange in which the fault happens; count: in none. */
static unsigned place_of(const struct partner_scenario *s, const struct partner_fault *f)
{
    unsigned i = 0;

    while (f && i < s->exchanges_count && !partner_fault_applies(f, &s->exchanges[i]))
        i++;
    return f ? i : s->exchanges_count;
}

static void play_scenario(struct partner *p, struct partner_results *r,
    const struct partner_scenario *s, const struct partner_fault *f)
{
    struct partner_exchanging *all = calloc(s->exchanges_count, sizeof *all);
    unsigned at = place_of(s, f);

    if (!partner_section_new(r, s, f) || !all) {
        r->lost = true;
        free(all);
        return;
    }
    if (f && at == s->exchanges_count) /* not judged: then it fails */
        (void)partner_step_new(r, "", "Deze fout past bij geen bericht van dit scenario");
    for (unsigned i = 0; i < s->exchanges_count && !p->stop; i++) {
        all[i] = (struct partner_exchanging){.partner = p,
            .results = r,
            .scenario = s,
            .exchange = &s->exchanges[i],
            .fault = i == at ? f : NULL};
        if (partner_exchange_make(&all[i], all) == CORV_OK)
            partner_exchange_run(&all[i]);
        else
            (void)partner_step_new(r, "", "Het bericht %s maken", s->exchanges[i].message);
    }
    partner_expect_nothing(p);
    look_for_strangers(p, r);
    if (p->stop)
        partner_step_fail(
            partner_step_new(r, "", "Het hele scenario is uitgevoerd"), "afgebroken met Ctrl-C");
    for (unsigned i = 0; i < s->exchanges_count; i++)
        partner_exchange_free(&all[i]);
    free(all);
}

static void tell(const struct partner_results *r, const struct partner_options *o)
{
    const struct partner_section *s = &r->sections[r->count - 1];
    size_t failed = 0;

    for (size_t i = 0; i < s->count; i++)
        failed += !s->steps[i].passed;
    (void)fprintf(o->json ? stderr : stdout, "%-16s %-16s %3zu stappen, %s\n", s->scenario->name,
        s->fault ? s->fault->name : "", s->count, failed ? "NIET GESLAAGD" : "geslaagd");
    for (size_t i = 0; i < s->count; i++)
        if (!s->steps[i].passed)
            (void)fprintf(
                o->json ? stderr : stdout, "    %s: %s\n", s->steps[i].title, s->steps[i].reason);
}

static void play_with_faults(struct partner *p, struct partner_results *r,
    const struct partner_options *o, const struct partner_scenario *s)
{
    bool all = o->fault && strcmp(o->fault, "all") == 0;

    for (int i = 0; i < (all ? PARTNER_FAULTS : 1) && !p->stop; i++) {
        const struct partner_fault *f = all        ? &partner_faults[i]
                                        : o->fault ? partner_fault_find(o->fault)
                                                   : NULL;

        play_scenario(p, r, s, f);
        if (r->count > 0)
            tell(r, o);
    }
}

static int run(struct partner *p, const struct partner_options *o, struct partner_results *r)
{
    if (!choice_good(p, o) || partner_meet(p) != CORV_OK ||
        partner_listen(p, NULL, NULL) != CORV_OK)
        return PARTNER_ERROR;
    r->began_us = corv_clock_us();
    for (unsigned i = 0; i < p->scenarios.count; i++)
        if (chosen(o, p->scenarios.list[i]))
            play_with_faults(p, r, o, p->scenarios.list[i]);
    partner_results_end(r);
    if (o->report && partner_report_html(p, o, r) != CORV_OK)
        return PARTNER_ERROR;
    if (o->json)
        partner_report_json(p, r);
    return partner_results_good(r) ? PARTNER_GOOD : PARTNER_BAD;
}

int partner_verb_run(const struct partner_options *o)
{
    struct partner p;
    struct partner_results results = {.sections = NULL};
    int code = PARTNER_ERROR;

    if (partner_open(&p, o->config) == CORV_OK)
        code = run(&p, o, &results);
    partner_results_free(&results);
    partner_close(&p);
    return code;
}
