/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/room.h"

#include <stdlib.h>

#define BLOCK ((size_t)16 * 1024)

void corv_room_init(struct corv_room *room, size_t most)
{
    *room = (struct corv_room){.most = most};
}

static void drop_last(struct corv_room *room)
{
    struct corv_room_block *gone = room->last;

    room->last = gone->before;
    room->total -= gone->size;
    ASAN_UNPOISON_MEMORY_REGION(gone->bytes, gone->size);
    free(gone);
}

void corv_room_free(struct corv_room *room)
{
    while (room->last)
        drop_last(room);
    room->used = 0;
}

void *corv_room_grow(struct corv_room *room, size_t n)
{
    size_t aligned = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    size_t size = aligned > BLOCK ? aligned : BLOCK;
    struct corv_room_block *block;

    if (n > room->most || size > room->most || room->total > room->most - size)
        return NULL;
    block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->before = room->last;
    block->size = size;
    room->last = block;
    room->total += size;
    room->used = aligned;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, n);
    return block->bytes;
}

void corv_room_drop(struct corv_room *room, struct corv_room_mark mark)
{
    /* the very first block stays: the next message wants it again */
    while (room->last != mark.last && (mark.last || room->last->before))
        drop_last(room);
}
