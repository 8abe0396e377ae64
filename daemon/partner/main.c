/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/verbs.h"

int main(int argc, char **argv)
{
    return partner_main(argc, argv);
}
