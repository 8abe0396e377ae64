/* SPDX-License-Identifier: EUPL-1.2 */
/* What this process holds: to see what an instance leaves behind. */
#ifndef CORV_CONFORM_MEASURE_H
#define CORV_CONFORM_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

struct measure {
    unsigned files;
    unsigned threads;
    size_t bytes; /* of the heap, in use; 0 in a sanitized build, which counts for itself */
};

bool measure_now(struct measure *m);

#endif
