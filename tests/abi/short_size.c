/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

PLUGIN("short-size", a.size = (uint32_t)offsetof(struct corv_adapter, stop))
