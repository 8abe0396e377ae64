/* SPDX-License-Identifier: EUPL-1.2 */
/* Files that travel inside the binary (schemas, migrations). Static storage, read-only,
 * any thread. The tables are made by cmake/embed.cmake and end with a NULL name. */
#ifndef CORV_BASE_EMBEDDED_H
#define CORV_BASE_EMBEDDED_H

#include <stddef.h>

struct corv_embedded {
    const char *name; /* file name without folder */
    const unsigned char *bytes;
    size_t size;
};

#endif
