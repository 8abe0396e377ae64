/* SPDX-License-Identifier: EUPL-1.2 */
/* Says it works with every version there will ever be. */
#include "tests/abi/plugin.h"

const struct corv_adapter *corv_adapter_entry(uint32_t host_major, uint32_t host_minor)
{
    static struct corv_adapter a;

    (void)host_major, (void)host_minor;
    a = plugin_good("any-major");
    return &a;
}
