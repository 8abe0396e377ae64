/* SPDX-License-Identifier: EUPL-1.2 */
/* Says it is larger than an adapter of its version can be. */
#include "tests/abi/plugin.h"

PLUGIN("lies-size", a.size = 100000)
