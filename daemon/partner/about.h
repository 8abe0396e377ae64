/* SPDX-License-Identifier: EUPL-1.2 */
/* What corvd says of itself on its admin listener: /about and the counters of /metrics. Without an
 * answer nothing is tested: a step that cannot be judged fails. Test: tests/path/test_a12_chain.py
 */
#ifndef CORV_PARTNER_ABOUT_H
#define CORV_PARTNER_ABOUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/digest.h"
#include "daemon/base/rc.h"

struct partner;

struct partner_about {
    char version[40];
    char node[48];
    char config[CORV_DIGEST_TEXT];
    char rules_version[40];
    char rules_hash[CORV_DIGEST_TEXT];
    bool production;
    uint64_t body_bytes;
    unsigned timeout_s;
    unsigned retry_first_s;
    unsigned retry_max_s;
    json_t *schemas; /* owned: {kind: {set, hash}} */
};
CORV_MUST_CHECK corv_rc partner_about_ask(
    struct partner *p, struct partner_about *out, char *why, size_t size);
void partner_about_free(struct partner_about *a);

/* Deliveries since corvd started, of all parties together. */
struct partner_counts {
    double confirmed;
    double dead;
};
bool partner_counts_ask(struct partner *p, struct partner_counts *out);
/* Adds up all lines of a metric, with labels or without; for partner_counts_ask and its test. */
double partner_metric(const char *text, const char *name);

#endif
