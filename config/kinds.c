/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/kinds.h"

const char *const corv_config_kinds[] = {
    "vtoDi01",
    "notificatieDi01",
    "notificatiejrDi01",
    "zorgmeldingDi01",
    "zorgmeldingTerugkoppelingDi01",
    "vtMeldingDi01",
    "vtTerugkoppelingDi01",
    "vcobDi01",
    "ucobDi01",
    "vciDi01",
    "uciDi01",
    "meldingGeneriekDi01",
    "uitkomstMeldingGeneriekDi01",
    "Bv01Bericht",
    "Bv03Bericht",
    "Bv04Bericht",
    "Fo01Bericht",
    "Fo03Bericht",
};
const unsigned corv_config_kinds_count = sizeof corv_config_kinds / sizeof *corv_config_kinds;
