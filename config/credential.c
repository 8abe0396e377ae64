/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX     "credential:"
#define OF_SERVICE "/run/credentials/corvd.service"

bool corv_is_credential(const char *text)
{
    return text && strncmp(text, PREFIX, sizeof PREFIX - 1) == 0;
}

static const char *folder(void)
{
    const char *set = getenv("CREDENTIALS_DIRECTORY");

    return set && set[0] == '/' ? set : NULL;
}

bool corv_credentials_here(void)
{
    return folder() != NULL;
}

static bool is_file_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return name[0] && name[0] != '.' && name[strspn(name, plain)] == '\0';
}

corv_rc corv_credential_path(struct corv_arena *a, const char *text, const char **path)
{
    const char *name = text + sizeof PREFIX - 1;
    const char *from = folder() ? folder() : OF_SERVICE;
    size_t size = strlen(from) + 1 + strlen(name) + 1;
    char *joined = NULL;

    *path = NULL;
    if (!is_file_name(name))
        return CORV_E_INVALID;
    joined = corv_arena_new(a, size, 1);
    if (!joined)
        return CORV_E_NOMEM;
    (void)snprintf(joined, size, "%s/%s", from, name);
    *path = joined;
    return CORV_OK;
}
