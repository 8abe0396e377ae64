/* SPDX-License-Identifier: EUPL-1.2 */
/* Where a corvd that still runs may be asked when its configuration file is wrong now: it goes on
 * with the old one, and whoever looks must be able to see that. Takes only admin from the file,
 * else what the package has. Owner: the arena. Thread: any. Test: tests/path/test_a10_reload.py */
#ifndef CORV_CTL_ADMIN_GUESS_H
#define CORV_CTL_ADMIN_GUESS_H

#include "config/arena.h"
#include "config/config.h"

#define CORV_CTL_GUESS_BYTES (64u << 20) /* the arena: a tree of the largest file */

/* Fills c->admin and nothing else. */
void corv_ctl_admin_guess(const char *path, struct corv_arena *a, struct corv_config *c);

#endif
