/* SPDX-License-Identifier: EUPL-1.2 */
/* Another file under a name that is taken. */
#include "tests/abi/plugin.h"

PLUGIN("good", (void)0)
