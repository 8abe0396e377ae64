/* SPDX-License-Identifier: EUPL-1.2 */
/* Nothing wrong with it; it also shows that an instance may have a name of its own ("good-two"). */
#include "tests/abi/plugin.h"

PLUGIN("good", (void)0)
