/* SPDX-License-Identifier: EUPL-1.2 */
/* The scenarios as data: scenarios/ holds one YAML file each, which travels inside the binary. A
 * scenario is a row of exchanges; an exchange is one message from one party to another, with the
 * technical answer its sender gets and the receipt its receiver gives:
 *
 *   - id: bv01-1             to refer to it
 *     message: bv01          messages/bv01.xml
 *     from: raad             parties of party.c
 *     to: gemeente
 *     about: vto-1           an earlier exchange: its case numbers are used again, ...
 *     link: crossRefnummer   ... and this is how the message names it: crossRefnummer or zaaknummer
 *     answer: "202"          to the sender: 202 (https) or Bv04 (dai)
 *     receipt: Bv03          by the receiver: 200 (https) or Bv03 (dai)
 *     deadline: 20           seconds until it must have arrived
 *     steps: ["", "", "3", "4"]  numbers in the official test set of: sent, answered, arrived,
 *                                confirmed; empty: a check of our own
 *     title: ...             what it is, in Dutch
 * Owner: the list. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_SCENARIO_H
#define CORV_PARTNER_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

#define PARTNER_EXCHANGES 40 /* in one scenario */
#define PARTNER_SCENARIOS 32

struct partner_exchange {
    char *id;
    char *message;
    char *from;
    char *to;
    char *about; /* or NULL */
    char *link;  /* or NULL */
    char *answer;
    char *receipt;
    char *title;
    unsigned deadline;
    char **steps; /* four */
    unsigned steps_count;
};

struct partner_scenario {
    char *id;
    char *name; /* as the test set calls it */
    char *cluster;
    char *title;
    struct partner_exchange *exchanges;
    unsigned exchanges_count;
};

struct partner_scenarios {
    struct partner_scenario *list[PARTNER_SCENARIOS]; /* owned; in the order of the test set */
    unsigned count;
};

/* All scenarios of the binary; what is wrong with one is told on stderr. */
CORV_MUST_CHECK corv_rc partner_scenarios_load(struct partner_scenarios *out);
void partner_scenarios_free(struct partner_scenarios *s);
/* One file; for the tests. */
CORV_MUST_CHECK corv_rc partner_scenario_read(
    const char *name, struct corv_view text, struct partner_scenario **out);
void partner_scenario_free(struct partner_scenario *s); /* accepts NULL */
/* The index of an exchange by its id, among the first count; or -1. */
int partner_exchange_find(const struct partner_scenario *s, const char *id, unsigned count);

struct partner_cluster {
    const char *name;
    const char *title;
};
extern const struct partner_cluster partner_clusters[]; /* ends with NULL */
bool partner_cluster_known(const char *name);

#endif
