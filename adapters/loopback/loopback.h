/* SPDX-License-Identifier: EUPL-1.2 */
/* The built-in adapter "loopback": brings nothing anywhere and behaves as it is told, for tests.
 * The behaviour is the address ("loopback:later") or else the setting behaviour: ok DELIVERED in
 * the same call, with a receipt soon        DELIVERED in a later turn of the loop slow-MS DELIVERED
 * after MS milliseconds later       LATER, again after 1 second refuse      REFUSED unreadable
 * UNREADABLE twice       DELIVERED, and then again late        says nothing until it is cancelled,
 * is silent for 1.2 s more and then says DELIVERED never       says nothing, whatever happens crash
 * ends the process; only with the setting allow_crash Thread: loop thread. Test:
 * tests/unit/test_loopback.c */
#ifndef CORV_ADAPTERS_LOOPBACK_LOOPBACK_H
#define CORV_ADAPTERS_LOOPBACK_LOOPBACK_H

#include "adapters/corv_adapter.h"

const struct corv_adapter *corv_loopback_entry(uint32_t host_major, uint32_t host_minor);

#endif
