/* SPDX-License-Identifier: EUPL-1.2 */
/* Who corv-partner plays: one row per party of the chain, with an OIN from a range that nobody has
 * and an applicatie that a corvd in production refuses. Static. Test: tests/unit/test_partner.c */
#ifndef CORV_PARTNER_PARTY_H
#define CORV_PARTNER_PARTY_H

#include <stdbool.h>

#define PARTNER_PARTIES 4

struct partner_party {
    const char *name;        /* in scenarios, in paths, and of its certificate */
    const char *id;          /* in corvd.yaml */
    const char *title;       /* for people */
    const char *oin;         /* of its certificate */
    const char *role;        /* in corvd.yaml */
    const char *application; /* zender/applicatie */
    bool dai;                /* behind "Digikoppeling adapter intern"; else plain https */
};
extern const struct partner_party partner_parties[PARTNER_PARTIES];

#define PARTNER_SELF_OIN "00000099000000100900" /* of the simulator's own server certificate */

const struct partner_party *partner_party_find(const char *name); /* or NULL */
const struct partner_party *partner_party_by_oin(const char *oin);

#endif
