/* SPDX-License-Identifier: EUPL-1.2 */
/* `credential:NAME` in the place of a path is a file that systemd hands to the service
 * (LoadCredential=, LoadCredentialEncrypted=), so that a key need not lie about on the disk.
 * Reads the environment. Test: tests/unit/test_config.c */
#ifndef CORV_CONFIG_CREDENTIAL_H
#define CORV_CONFIG_CREDENTIAL_H

#include <stdbool.h>

#include "config/arena.h"
#include "daemon/base/rc.h"

bool corv_is_credential(const char *text);
/* False outside of the service: corvctl has no such folder of its own, and looks into the one that
 * the running service has. */
bool corv_credentials_here(void);
/* The path; NULL when the name is no file name. */
CORV_MUST_CHECK corv_rc corv_credential_path(
    struct corv_arena *a, const char *text, const char **path);

#endif
