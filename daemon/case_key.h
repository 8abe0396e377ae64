/* SPDX-License-Identifier: EUPL-1.2 */
/* The case a message belongs to, as a digest that tells nothing of the number: what joins a VTO and
 * the notificaties about it, with or without a good crossRefnummer (MESSAGES.md §3).
 *
 * A case number is unique with the organisation that gave it, and within one kind of exchange: two
 * gemeenten may both have a case 2026-17, and one Veilig Thuis a VTO and a vraag 17. So the digest
 * is over the database's secret, the kind that opens the case (a notificatieDi01 belongs to a
 * vtoDi01), the OIN of the filer and the filer's number. The filer is the zender of what opens a
 * case and the ontvanger of what answers it: the party it turned out to be, or else the organisatie
 * as written. The number counts as written but for blanks around it.
 *
 * Two parties may mean one case and not be joined: when the Raad answers the gemeente about a case
 * that a gemandateerde filed. That is not joined rather than joined with a stranger's case.
 *
 * Keyed, because numbers can be guessed and the digest outlives the content by months; it goes with
 * the traffic data. The number of the Raad is not used: a VTO normally has none yet.
 * Pure; any thread. Test: tests/unit/test_case_key.c */
#ifndef CORV_DAEMON_CASE_KEY_H
#define CORV_DAEMON_CASE_KEY_H

#include "daemon/base/digest.h"
#include "daemon/route.h"

/* out: 64 hexadecimal digits, or "" when the message names no filer's case. */
CORV_MUST_CHECK corv_rc corv_case_key(const struct corv_digest *secret,
    const struct corv_envelope *e, const struct corv_plan *plan, char out[CORV_DIGEST_TEXT]);

#endif
