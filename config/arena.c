/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct block {
    _Alignas(max_align_t) struct corv_list node;
    size_t size;
};

void corv_arena_init(struct corv_arena *a, size_t ceiling)
{
    *a = (struct corv_arena){.ceiling = ceiling};
    corv_list_init(&a->blocks);
}

void corv_arena_free(struct corv_arena *a)
{
    CORV_LIST_EACH(node, &a->blocks)
    free(CORV_LIST_ITEM(node, struct block, node));
    corv_list_init(&a->blocks);
    a->used = 0;
}

static void drop(struct corv_arena *a, struct block *b)
{
    corv_list_del(&b->node);
    a->used -= b->size;
    free(b);
}

void *corv_arena_resize(void *ctx, void *p, size_t size)
{
    struct corv_arena *a = ctx;
    struct block *old = p ? (struct block *)p - 1 : NULL;

    if (size == 0) {
        if (old)
            drop(a, old);
        return NULL;
    }
    size_t before = old ? old->size : 0;

    if (size > a->ceiling || a->used - before > a->ceiling - size)
        return NULL;
    if (old)
        corv_list_del(&old->node);

    struct block *b = realloc(old, sizeof *b + size);

    if (!b) {
        if (old)
            corv_list_add(&a->blocks, &old->node);
        return NULL;
    }
    b->size = size;
    corv_list_add(&a->blocks, &b->node);
    a->used = a->used - before + size;
    return b + 1;
}

void *corv_arena_new(struct corv_arena *a, size_t count, size_t size)
{
    if (count == 0)
        count = 1;
    if (size > SIZE_MAX / count)
        return NULL;

    void *p = corv_arena_resize(a, NULL, count * size);

    if (p)
        memset(p, 0, count * size);
    return p;
}

char *corv_arena_text(struct corv_arena *a, struct corv_view text)
{
    char *p = corv_arena_new(a, text.n + 1, 1);

    if (p && text.n)
        memcpy(p, text.p, text.n);
    return p;
}
