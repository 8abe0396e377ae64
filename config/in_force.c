/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/in_force.h"

#include <string.h>

struct teller {
    void (*differed)(void *ctx, const char *name);
    void *ctx;
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_number(uint64_t a, uint64_t b)
{
    return a == b;
}

#define SAME(a, b) _Generic((a), const char * : same_text, default : same_number)((a), (b))

#define KEEP_NEXT(name, member)
#define KEEP_CONNECT(name, member)
#define KEEP_RESTART(name, member)                                                                 \
    if (!SAME(started->member, fresh->member)) {                                                   \
        t->differed(t->ctx, (name));                                                               \
        fresh->member = started->member;                                                           \
    }

#define CORV_TOP(key, type, min, max, preset, reload, text) KEEP_##reload(#key, key)
#define KEEP_IN(place, key, type, min, max, preset, reload, text)                                  \
    KEEP_##reload(#place "." #key, place.key)
#define CORV_LISTEN(...)   KEEP_IN(listen, __VA_ARGS__)
#define CORV_ADMIN(...)    KEEP_IN(admin, __VA_ARGS__)
#define CORV_LIMITS(...)   KEEP_IN(limits, __VA_ARGS__)
#define CORV_DELIVERY(...) KEEP_IN(delivery, __VA_ARGS__)

static void keep(
    const struct corv_config *started, struct corv_config *fresh, const struct teller *t)
{
#include "config/settings.def"
}

void corv_config_keep_started(const struct corv_config *started, struct corv_config *fresh,
    void (*differed)(void *ctx, const char *name), void *ctx)
{
    const struct teller t = {differed, ctx};

    keep(started, fresh, &t);
}
