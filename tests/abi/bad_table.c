/* SPDX-License-Identifier: EUPL-1.2 */
/* Its table of settings has a type that does not exist. */
#include "tests/abi/plugin.h"

static const struct corv_adapter_setting settings[] = {
    {"kleur", "kleur", "", "van het bericht"},
    {NULL, NULL, NULL, NULL},
};

PLUGIN("bad-table", a.settings = settings)
