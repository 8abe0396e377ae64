/* SPDX-License-Identifier: EUPL-1.2 */
/* All memory of one configuration, given back in one go, with a ceiling. Also the allocator that
 * libcyaml gets, so what it read lives and dies with the configuration.
 * Owner: whoever declared it. Thread: one at a time. Test: tests/unit/test_config_parts.c */
#ifndef CORV_CONFIG_ARENA_H
#define CORV_CONFIG_ARENA_H

#include "daemon/base/list.h"
#include "daemon/base/view.h"

struct corv_arena {
    struct corv_list blocks;
    size_t used;
    size_t ceiling; /* bytes, never passed */
};

void corv_arena_init(struct corv_arena *a, size_t ceiling);
void corv_arena_free(struct corv_arena *a); /* everything at once */
/* Zeroed; NULL when there is no memory or the ceiling is reached. Borrowed from the arena. */
void *corv_arena_new(struct corv_arena *a, size_t count, size_t size);
char *corv_arena_text(struct corv_arena *a, struct corv_view text);
/* realloc() and free() in one, as libcyaml wants it; ctx is the arena. */
void *corv_arena_resize(void *ctx, void *p, size_t size);

#endif
