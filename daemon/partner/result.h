/* SPDX-License-Identifier: EUPL-1.2 */
/* What a run has shown, step by step. A step is born as failed: only partner_step_pass makes it
 * good, so what nobody judged fails. No personal data: kinds, references of our own, sizes, digests
 * and codes only. Owner: the run. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_RESULT_H
#define CORV_PARTNER_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/rc.h"

struct partner_scenario;
struct partner_fault;

struct partner_step {
    char number[8];   /* in the official test set, or "" */
    char title[240];  /* what should happen */
    char sent[240];   /* what was sent, or "" */
    char got[240];    /* what was seen */
    char reason[240]; /* why it failed */
    bool passed;
    bool judged;
    int64_t began_us;
    int64_t ended_us;
};

struct partner_section {                     /* one scenario, once */
    const struct partner_scenario *scenario; /* borrowed */
    const struct partner_fault *fault;       /* or NULL */
    struct partner_step *steps;              /* owned */
    size_t count;
    size_t failed;
};

struct partner_results {
    struct partner_section *sections; /* owned */
    size_t count;
    size_t steps;
    size_t failed;
    int64_t began_us;
    int64_t ended_us;
    bool lost; /* memory was gone: the run has failed whatever else it says */
};

/* A new section, or NULL without memory. */
struct partner_section *partner_section_new(struct partner_results *r,
    const struct partner_scenario *scenario, const struct partner_fault *fault);
/* A new step in the last section; never NULL: without memory a step that counts as lost. Valid
 * until the next one is made. */
struct partner_step *partner_step_new(struct partner_results *r, const char *number,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void partner_step_got(struct partner_step *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void partner_step_pass(struct partner_step *s);
/* Also after a pass: the last word that counts is the bad one. */
void partner_step_fail(struct partner_step *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void partner_results_end(struct partner_results *r); /* counts */
bool partner_results_good(const struct partner_results *r);
void partner_results_free(struct partner_results *r);

#endif
