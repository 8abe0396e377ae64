/* SPDX-License-Identifier: EUPL-1.2 */
/* Questions about parties, roles, mandates and places on a given day. Pure functions over an
 * immutable configuration; any thread. day is YYYYMMDD (corv_clock_day).
 * Test: tests/unit/test_parties.c */
#ifndef CORV_CONFIG_PARTIES_H
#define CORV_CONFIG_PARTIES_H

#include "config/config.h"
#include "daemon/base/view.h"

bool corv_period_has(const struct corv_period *p, int day);
/* Valid on that day, or NULL. Borrowed from c. */
const struct corv_party *corv_party_by_id(const struct corv_config *c, const char *id);
const struct corv_party *corv_party_by_oin(
    const struct corv_config *c, struct corv_view oin, int day);
/* Known at all, whatever its dates: to tell "unknown" from "no longer valid". */
const struct corv_party *corv_party_by_oin_ever(const struct corv_config *c, struct corv_view oin);
bool corv_party_valid(const struct corv_party *p, int day);
bool corv_party_has_role(const struct corv_party *p, enum corv_role role, int day);
/* The one valid party with that role, or NULL; *count tells how many there are. */
const struct corv_party *corv_party_by_role(
    const struct corv_config *c, enum corv_role role, int day, unsigned *count);
bool corv_party_acts_for(const struct corv_party *p, const struct corv_party *other);
/* The gemeente a woonplaats belongs to. Compared without case, diacritics folded for Latin
 * letters, runs of blanks as one. *count tells how many claim it (doubt when not 1). */
const struct corv_party *corv_gemeente_by_woonplaats(
    const struct corv_config *c, struct corv_view place, int day, unsigned *count);
const struct corv_party *corv_gemeente_by_code(
    const struct corv_config *c, struct corv_view code, int day);
/* A mandate of that gemeente for that party and kind, or NULL. gemeente NULL: of any. */
const struct corv_mandate *corv_mandate_find(const struct corv_config *c,
    const struct corv_party *party, const struct corv_party *gemeente, const char *kind, int day);

#endif
