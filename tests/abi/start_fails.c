/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

static int start_not(void *instance)
{
    (void)instance;
    return -1;
}

PLUGIN("start-fails", a.start = start_not)
