/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/abi/plugin.h"

static int check_no(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    (void)s, (void)host;
    (void)snprintf(why, why_size, "de kleur\nis verkeerd.");
    return 1;
}

PLUGIN("check-no", a.check = check_no)
