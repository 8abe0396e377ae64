/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

PLUGIN("no-kind", a.kind = 0)
