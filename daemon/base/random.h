/* SPDX-License-Identifier: EUPL-1.2 */
/* Random bytes of the kernel for what is needed with every message: its number and the salts of its
 * audit lines. Fetched a few hundred at a time, per thread; what is given out is wiped here. Any
 * thread; not for keys, and not in a child between fork and exec. Test: tests/unit/test_base.c */
#ifndef CORV_BASE_RANDOM_H
#define CORV_BASE_RANDOM_H

#include <stddef.h>

#include "daemon/base/rc.h"

/* n is at most 256. CORV_E_IO: the kernel gives none. */
CORV_MUST_CHECK corv_rc corv_random(void *out, size_t n);

#endif
