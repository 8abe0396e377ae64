/* SPDX-License-Identifier: EUPL-1.2 */
/* The built-in adapter "dropdir", for applications that only know files. In: what appears in a
 * folder as *.xml is taken to work/, offered, and moved to done/ or refused/ with an answer beside
 * it. Out: a message is written aside, synced and renamed into the folder of its address. All disk
 * work happens on other threads. Settings and the life of a file: docs/adapters/dropdir.md.
 * Thread: loop thread. Test: tests/unit/test_dropdir.c, tests/path/test_a07_dropdir.py */
#ifndef CORV_ADAPTERS_DROPDIR_DROPDIR_H
#define CORV_ADAPTERS_DROPDIR_DROPDIR_H

#include "adapters/corv_adapter.h"

const struct corv_adapter *corv_dropdir_entry(uint32_t host_major, uint32_t host_minor);

#endif
