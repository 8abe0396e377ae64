/* SPDX-License-Identifier: EUPL-1.2 */
/* corv-partner's verbs and command line. Exit codes: 0 everything passed (run) or was done; 1 not;
 * 2 could not be done: wrong use, settings, corvd not reachable or in production. Texts are Dutch.
 * Test: tests/path/test_a12_chain.py */
#ifndef CORV_PARTNER_VERBS_H
#define CORV_PARTNER_VERBS_H

#include <stdbool.h>

#define PARTNER_GOOD  0
#define PARTNER_BAD   1
#define PARTNER_ERROR 2

struct partner_options {
    const char *config;
    const char *cluster;     /* NULL: all */
    const char *scenario;    /* id; NULL: all */
    const char *fault;       /* name, "all", or NULL */
    const char *report;      /* where the HTML goes, or NULL */
    const char *word;        /* after the verb, or NULL */
    const char *about;       /* send: referentienummer it is about */
    const char *case_number; /* send */
    bool json;
};

int partner_main(int argc, char **argv);
int partner_verb_run(const struct partner_options *o);
int partner_verb_list(const struct partner_options *o);
int partner_verb_config(const struct partner_options *o);
int partner_verb_play(const struct partner_options *o);
int partner_verb_send(const struct partner_options *o);
int partner_verb_show(const struct partner_options *o);

#endif
