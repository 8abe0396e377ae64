/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

PLUGIN("wrong-major", a.abi_major++)
