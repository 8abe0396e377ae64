/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

PLUGIN("missing-function", a.cancel = NULL)
