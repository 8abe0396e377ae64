/* SPDX-License-Identifier: EUPL-1.2 */
/* Will not work with this host. */
#include "tests/abi/plugin.h"

const struct corv_adapter *corv_adapter_entry(uint32_t host_major, uint32_t host_minor)
{
    (void)host_major, (void)host_minor;
    return NULL;
}
