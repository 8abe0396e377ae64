/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

PLUGIN("newer-minor", (a.abi_minor = CORV_ADAPTER_ABI_MINOR + 1, a.size += 64))
