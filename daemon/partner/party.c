/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/party.h"

#include <string.h>

#include "daemon/examine.h"

const struct partner_party partner_parties[PARTNER_PARTIES] = {
    {"gemeente", "test-gemeente", "Gemeente Testdorp, jeugdzorgapplicatie (TEST)",
        "00000099000000100010", "gemeente", CORV_TEST_MARK "-gemeente", true},
    {"raad", "test-raad", "CORV/JUBES en Raad voor de Kinderbescherming (TEST)",
        "00000099000000100020", "raad", CORV_TEST_MARK "-raad", false},
    {"aice", "test-aice", "AICE/OM (TEST)", "00000099000000100030", "om", CORV_TEST_MARK "-aice",
        false},
    {"politie", "test-politie", "Politie (TEST)", "00000099000000100040", "politie",
        CORV_TEST_MARK "-politie", false},
};

const struct partner_party *partner_party_find(const char *name)
{
    for (int i = 0; i < PARTNER_PARTIES; i++)
        if (strcmp(partner_parties[i].name, name) == 0)
            return &partner_parties[i];
    return NULL;
}

const struct partner_party *partner_party_by_oin(const char *oin)
{
    for (int i = 0; i < PARTNER_PARTIES; i++)
        if (strcmp(partner_parties[i].oin, oin) == 0)
            return &partner_parties[i];
    return NULL;
}
