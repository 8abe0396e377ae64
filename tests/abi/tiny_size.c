/* SPDX-License-Identifier: EUPL-1.2 */
/* So short that not even its minor may be read. */
#include "tests/abi/plugin.h"

PLUGIN("tiny-size", (a.size = 8, a.abi_minor = 99))
