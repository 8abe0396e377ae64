/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_room.h"

#include <stdalign.h>
#include <stdlib.h>

#define BLOCK ((size_t)16 * 1024)
#define ALIGN alignof(max_align_t)

struct corv_rule_block {
    struct corv_rule_block *before;
    size_t size;
    max_align_t bytes[];
};

void corv_rule_room_init(struct corv_rule_room *room, size_t most)
{
    *room = (struct corv_rule_room){.most = most};
}

static void drop_last(struct corv_rule_room *room)
{
    struct corv_rule_block *gone = room->last;

    room->last = gone->before;
    room->total -= gone->size;
    free(gone);
}

void corv_rule_room_free(struct corv_rule_room *room)
{
    while (room->last)
        drop_last(room);
    room->used = 0;
}

static void *take_new(struct corv_rule_room *room, size_t n)
{
    size_t size = n > BLOCK ? n : BLOCK;
    struct corv_rule_block *block;

    if (size > room->most || room->total > room->most - size)
        return NULL;
    block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->before = room->last;
    block->size = size;
    room->last = block;
    room->total += size;
    room->used = n;
    return block->bytes;
}

void *corv_rule_room_take(struct corv_rule_room *room, size_t n)
{
    if (n > room->most)
        return NULL;
    n = (n + ALIGN - 1) & ~(ALIGN - 1);
    if (!room->last || n > room->last->size - room->used)
        return take_new(room, n);
    room->used += n;
    return (char *)room->last->bytes + (room->used - n);
}

struct corv_rule_mark corv_rule_room_mark(const struct corv_rule_room *room)
{
    return (struct corv_rule_mark){room->last, room->used};
}

void corv_rule_room_back(struct corv_rule_room *room, struct corv_rule_mark mark)
{
    /* the very first block stays: the next message wants it again */
    while (room->last != mark.last && (mark.last || room->last->before))
        drop_last(room);
    room->used = mark.used;
}
