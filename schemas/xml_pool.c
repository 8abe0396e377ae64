/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/xml_pool.h"

#include <sanitizer/asan_interface.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#define THREADS 64
#define EACH    ((size_t)1 << 20) /* bytes of one thread */
#define STEP    16                /* sizes differ by this; also the alignment */
#define CLASSES 40                /* up to 640 bytes */

struct piece {          /* stands in front of what is given out */
    struct piece *next; /* of this size, while it is free */
    uint16_t class;
    uint16_t thread;
    uint32_t asked; /* bytes */
};

_Static_assert(sizeof(struct piece) == STEP, "what follows is aligned");

/* One range for all threads, so that it can be told whose a pointer is. Written once. */
static char *range;
static atomic_uint threads;

static _Thread_local struct {
    bool open;
    bool known; /* slot was asked for */
    unsigned slot;
    size_t used; /* bytes of the slot that were ever given out */
    struct piece *free[CLASSES];
} own;

void corv_xml_pool_init(void)
{
    void *p;

    if (range)
        return;
    p = mmap(NULL, THREADS * EACH, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    range = p == MAP_FAILED ? NULL : p;
}

void corv_xml_pool_open(void)
{
    if (!own.known) {
        own.known = true;
        own.slot = atomic_fetch_add(&threads, 1);
    }
    own.open = range && own.slot < THREADS;
}

void corv_xml_pool_close(void)
{
    own.open = false;
}

static struct piece *carve(uint16_t class)
{
    size_t n = sizeof(struct piece) + (class + 1) * (size_t)STEP;
    struct piece *piece;

    if (n > EACH - own.used)
        return NULL;
    piece = (struct piece *)(void *)(range + own.slot * EACH + own.used);
    own.used += n;
    *piece = (struct piece){.class = class, .thread = (uint16_t)own.slot};
    return piece;
}

static size_t room(const struct piece *piece)
{
    return (piece->class + (size_t)1) * STEP;
}

static void set_size(struct piece *piece, size_t n)
{
    piece->asked = (uint32_t)n;
    ASAN_POISON_MEMORY_REGION(piece + 1, room(piece));
    ASAN_UNPOISON_MEMORY_REGION(piece + 1, n);
}

void *corv_xml_pool_take(size_t n)
{
    uint16_t class = 0;
    struct piece *piece;

    if (!own.open || n > (size_t)CLASSES * STEP)
        return NULL;
    class = n ? (uint16_t)((n - 1) / STEP) : 0;
    piece = own.free[class];
    if (piece)
        own.free[class] = piece->next;
    else
        piece = carve(class);
    if (!piece)
        return NULL;
    set_size(piece, n);
    return piece + 1;
}

bool corv_xml_pool_has(const void *p)
{
    return range && (uintptr_t)p - (uintptr_t)range < THREADS * EACH;
}

static struct piece *piece_of(const void *p)
{
    return (struct piece *)(uintptr_t)p - 1;
}

size_t corv_xml_pool_size(const void *p)
{
    return piece_of(p)->asked;
}

bool corv_xml_pool_resize(void *p, size_t n)
{
    struct piece *piece = piece_of(p);

    if (n > room(piece))
        return false;
    set_size(piece, n);
    return true;
}

size_t corv_xml_pool_used(void)
{
    return own.used;
}

void corv_xml_pool_give(void *p)
{
    struct piece *piece = piece_of(p);

    ASAN_POISON_MEMORY_REGION(p, room(piece));
    if (!own.known || piece->thread != own.slot)
        return; /* another thread's, and its lists are its own */
    piece->next = own.free[piece->class];
    own.free[piece->class] = piece;
}
