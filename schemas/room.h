/* SPDX-License-Identifier: EUPL-1.2 */
/* Memory that is taken in small pieces and given back all at once: the tree of a message, what an
 * expression is made of, and what its evaluation needs for a moment. A mark remembers a place;
 * going back to it frees what came after, and the sanitizer knows: nobody may touch it then.
 * One thread at a time. Test: tests/unit/test_room.c */
#ifndef CORV_SCHEMAS_ROOM_H
#define CORV_SCHEMAS_ROOM_H

#include <sanitizer/asan_interface.h>
#include <stdalign.h>
#include <stddef.h>

struct corv_room_block {
    struct corv_room_block *before;
    size_t size;
    max_align_t bytes[];
};

struct corv_room {
    struct corv_room_block *last; /* owned, with all before it */
    size_t used;                  /* of the last */
    size_t total;                 /* of all blocks */
    size_t most;                  /* never more */
};

struct corv_room_mark {
    struct corv_room_block *last;
    size_t used;
};

void corv_room_init(struct corv_room *room, size_t most);
void corv_room_free(struct corv_room *room);            /* empty and usable again */
void *corv_room_grow(struct corv_room *room, size_t n); /* when the last block is full */
void corv_room_drop(struct corv_room *room, struct corv_room_mark mark);

/* Not cleared. NULL: no memory, or more than most. Here, as the two below, because an expression
 * takes and gives back all the time. */
static inline void *corv_room_take(struct corv_room *room, size_t n)
{
    size_t size = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (n > room->most || !room->last || size > room->last->size - room->used)
        return corv_room_grow(room, n);
    room->used += size;
    ASAN_UNPOISON_MEMORY_REGION((char *)room->last->bytes + (room->used - size), n);
    return (char *)room->last->bytes + (room->used - size);
}

static inline struct corv_room_mark corv_room_mark(const struct corv_room *room)
{
    return (struct corv_room_mark){room->last, room->used};
}

static inline void corv_room_back(struct corv_room *room, struct corv_room_mark mark)
{
    if (room->last != mark.last)
        corv_room_drop(room, mark);
    room->used = mark.used;
    if (room->last)
        ASAN_POISON_MEMORY_REGION(
            (char *)room->last->bytes + mark.used, room->last->size - mark.used);
}

#endif
