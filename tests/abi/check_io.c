/* SPDX-License-Identifier: EUPL-1.2 */
/* Looks at a file in check. */
#include "tests/abi/plugin.h"

static int check_file(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    if (access("/etc/passwd", R_OK) != 0)
        why[0] = '\0';
    return plugin_check(s, host, why, why_size);
}

PLUGIN("check-io", a.check = check_file)
