/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/ctl/ctl.h"

int main(int argc, char **argv)
{
    return corv_ctl_main(argc, argv);
}
