/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/yaml.h"

#include <stdio.h>

static void complain(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static void complain(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    (void)level;
    (void)fprintf(stderr, "corv-partner: %s: ", (const char *)ctx);
    (void)vfprintf(stderr, fmt, args);
}

cyaml_config_t partner_yaml(const char *name)
{
    return (cyaml_config_t){.log_fn = complain,
        .log_ctx = (void *)(uintptr_t)name,
        .log_level = CYAML_LOG_ERROR,
        .mem_fn = cyaml_mem,
        .flags = CYAML_CFG_DEFAULT};
}
