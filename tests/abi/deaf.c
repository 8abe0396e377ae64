/* SPDX-License-Identifier: EUPL-1.2 */
/* Wants to offer messages but has no ear for the answers. */
#include "tests/abi/plugin.h"

PLUGIN("deaf", a.kind = CORV_ADAPTER_INBOUND)
