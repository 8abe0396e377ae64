/* SPDX-License-Identifier: EUPL-1.2 */
/* A reload cannot change every setting: those whose row in settings.def says RESTART keep the value
 * the daemon started with. Pure functions; one thread. Test: tests/unit/test_config_in_force.c */
#ifndef CORV_CONFIG_IN_FORCE_H
#define CORV_CONFIG_IN_FORCE_H

#include "config/config.h"

/* Gives fresh the started value of every such setting (of the single sections, not of the lists)
 * and names those that differed ("listen.port"). fresh borrows texts of started from then on, which
 * must outlive it, and must not be shared yet. */
void corv_config_keep_started(const struct corv_config *started, struct corv_config *fresh,
    void (*differed)(void *ctx, const char *name), void *ctx);

#endif
