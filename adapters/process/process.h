/* SPDX-License-Identifier: EUPL-1.2 */
/* The built-in adapter "process": another adapter, in a child process. A crash, a leak or an
 * endless loop of partner code costs that child and nothing else. Loop thread. Test:
 * tests/unit/test_process.c, tests/path/test_a15_process.py */
#ifndef CORV_ADAPTERS_PROCESS_PROCESS_H
#define CORV_ADAPTERS_PROCESS_PROCESS_H

#include "adapters/corv_adapter.h"

const struct corv_adapter *corv_process_entry(uint32_t host_major, uint32_t host_minor);

#endif
