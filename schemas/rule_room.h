/* SPDX-License-Identifier: EUPL-1.2 */
/* Memory that is taken in small pieces and given back all at once: what an expression is made of,
 * and what its evaluation needs for a moment. A mark remembers a place; going back to it frees
 * what came after. One thread at a time. Test: tests/unit/test_rule_expr.c */
#ifndef CORV_SCHEMAS_RULE_ROOM_H
#define CORV_SCHEMAS_RULE_ROOM_H

#include <stddef.h>

#include <stdalign.h>

struct corv_rule_block {
    struct corv_rule_block *before;
    size_t size;
    max_align_t bytes[];
};

struct corv_rule_room {
    struct corv_rule_block *last; /* owned, with all before it */
    size_t used;                  /* of the last */
    size_t total;                 /* of all blocks */
    size_t most;                  /* never more */
};

struct corv_rule_mark {
    struct corv_rule_block *last;
    size_t used;
};

void corv_rule_room_init(struct corv_rule_room *room, size_t most);
void corv_rule_room_free(struct corv_rule_room *room);            /* empty and usable again */
void *corv_rule_room_grow(struct corv_rule_room *room, size_t n); /* when the last block is full */
void corv_rule_room_drop(struct corv_rule_room *room, struct corv_rule_mark mark);

/* Not cleared. NULL: no memory, or more than most. Here, as the two below, because an expression
 * takes and gives back all the time. */
static inline void *corv_rule_room_take(struct corv_rule_room *room, size_t n)
{
    size_t size = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);

    if (n > room->most || !room->last || size > room->last->size - room->used)
        return corv_rule_room_grow(room, n);
    room->used += size;
    return (char *)room->last->bytes + (room->used - size);
}

static inline struct corv_rule_mark corv_rule_room_mark(const struct corv_rule_room *room)
{
    return (struct corv_rule_mark){room->last, room->used};
}

static inline void corv_rule_room_back(struct corv_rule_room *room, struct corv_rule_mark mark)
{
    if (room->last != mark.last)
        corv_rule_room_drop(room, mark);
    room->used = mark.used;
}

#endif
