/* SPDX-License-Identifier: EUPL-1.2 */
#include "adapters/process/wire.h"

#include <stdlib.h>
#include <string.h>

#define GROW_FIRST 4096u

int64_t wire_bound(unsigned type, bool from_child)
{
    static const struct {
        bool from_child;
        uint32_t most;
    } types[] = {
        [WIRE_HELLO] = {false, WIRE_SMALL},
        [WIRE_DELIVER] = {false, WIRE_MESSAGE},
        [WIRE_CANCEL] = {false, 8},
        [WIRE_ANSWER] = {false, WIRE_SMALL},
        [WIRE_ROOM] = {false, 4},
        [WIRE_RECONFIGURE] = {false, WIRE_SMALL},
        [WIRE_STOP] = {false, 4},
        [WIRE_PING] = {false, 4},
        [WIRE_READY] = {true, 4},
        [WIRE_FAILED] = {true, 1024},
        [WIRE_OUTCOME] = {true, 16384},
        [WIRE_OFFER] = {true, WIRE_MESSAGE},
        [WIRE_NOTE] = {true, 2048},
        [WIRE_RECONFIGURED] = {true, 1024},
        [WIRE_PONG] = {true, 4},
        [WIRE_COUNT] = {true, 128},
    };

    if (type >= sizeof types / sizeof types[0] || types[type].most == 0 ||
        types[type].from_child != from_child)
        return -1;
    return types[type].most;
}

static void put_le(char *p, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (char)(v >> (8 * i) & 0xff);
}

static uint64_t get_le(const char *p, size_t bytes)
{
    uint64_t v = 0;

    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

/* ---- writing ------------------------------------------------------------------------------- */

static char *room(struct wire_out *o, size_t n)
{
    if (!o->failed && n > o->cap - o->n) {
        size_t cap = o->cap ? o->cap : 256;

        while (cap < o->n + n && cap <= WIRE_MESSAGE)
            cap *= 2;
        char *p = n <= WIRE_MESSAGE && cap >= o->n + n ? realloc(o->p, cap) : NULL;

        o->failed = p == NULL;
        if (p) {
            o->p = p;
            o->cap = cap;
        }
    }
    if (o->failed)
        return NULL;
    o->n += n;
    return o->p + o->n - n;
}

void wire_begin(struct wire_out *o, enum wire_type type)
{
    char *p;

    *o = (struct wire_out){0};
    p = room(o, WIRE_HEAD);
    if (p) {
        memset(p, 0, WIRE_HEAD);
        p[4] = (char)type;
    }
}

void wire_put_u32(struct wire_out *o, uint32_t v)
{
    char *p = room(o, 4);

    if (p)
        put_le(p, v, 4);
}

void wire_put_u64(struct wire_out *o, uint64_t v)
{
    char *p = room(o, 8);

    if (p)
        put_le(p, v, 8);
}

void wire_put_bytes(struct wire_out *o, struct corv_text t)
{
    wire_put_u32(o, (uint32_t)t.n);
    char *p = t.n > 0 ? room(o, t.n) : NULL;

    if (p)
        memcpy(p, t.p, t.n);
}

void wire_put_text(struct wire_out *o, const char *s)
{
    wire_put_bytes(o, (struct corv_text){s, s ? strlen(s) + 1 : 0});
}

bool wire_end(struct wire_out *o, size_t more)
{
    unsigned type = o->p ? (unsigned char)o->p[4] : 0;
    int64_t most = wire_bound(type, type > 64);

    if (!o->failed && o->p && most >= 0 && o->n - WIRE_HEAD + more <= (uint64_t)most) {
        put_le(o->p, o->n - WIRE_HEAD + more, 4);
        return true;
    }
    wire_out_free(o);
    o->failed = true;
    return false;
}

void wire_out_free(struct wire_out *o)
{
    free(o->p);
    *o = (struct wire_out){0};
}

/* ---- reading fields ------------------------------------------------------------------------ */

static const char *take(struct wire_in *in, size_t n)
{
    const char *p = in->p;

    if (in->bad || n > in->left) {
        in->bad = true;
        return NULL;
    }
    in->p += n;
    in->left -= n;
    return p;
}

uint32_t wire_get_u32(struct wire_in *in)
{
    const char *p = take(in, 4);

    return p ? (uint32_t)get_le(p, 4) : 0;
}

uint64_t wire_get_u64(struct wire_in *in)
{
    const char *p = take(in, 8);

    return p ? get_le(p, 8) : 0;
}

struct corv_text wire_get_bytes(struct wire_in *in)
{
    size_t n = wire_get_u32(in);
    const char *p = take(in, n);

    return p ? (struct corv_text){p, n} : (struct corv_text){"", 0};
}

const char *wire_get_text(struct wire_in *in)
{
    struct corv_text t = wire_get_bytes(in);

    if (t.n == 0)
        return NULL;
    if (memchr(t.p, '\0', t.n) != t.p + t.n - 1) {
        in->bad = true;
        return NULL;
    }
    return t.p;
}

bool wire_got_all(const struct wire_in *in)
{
    return !in->bad && in->left == 0;
}

/* ---- reading frames ------------------------------------------------------------------------ */

char *wire_want(struct wire_reader *r, size_t *space)
{
    if (r->head_n < WIRE_HEAD) {
        *space = WIRE_HEAD - r->head_n;
        return r->head + r->head_n;
    }
    if (r->body_n == r->body_cap) {
        size_t cap = r->body_cap ? r->body_cap * 2 : GROW_FIRST;
        char *p;

        if (cap > r->size)
            cap = r->size;
        p = realloc(r->body, cap);
        if (!p)
            return NULL;
        r->body = p;
        r->body_cap = cap;
    }
    *space = r->body_cap - r->body_n;
    return r->body + r->body_n;
}

static enum wire_result judge_head(struct wire_reader *r)
{
    int64_t most;

    r->type = (unsigned char)r->head[4];
    r->size = (size_t)get_le(r->head, 4);
    most = wire_bound(r->type, r->from_child);
    if (most < 0 || r->size > (uint64_t)most || get_le(r->head + 5, 3) != 0)
        return WIRE_BAD;
    return r->size == 0 ? WIRE_FRAME : WIRE_MORE;
}

enum wire_result wire_got(struct wire_reader *r, size_t n)
{
    if (r->head_n < WIRE_HEAD) {
        r->head_n += n;
        return r->head_n < WIRE_HEAD ? WIRE_MORE : judge_head(r);
    }
    r->body_n += n;
    return r->body_n == r->size ? WIRE_FRAME : WIRE_MORE;
}

struct wire_in wire_body(const struct wire_reader *r)
{
    return (struct wire_in){.p = r->body ? r->body : "", .left = r->body_n};
}

char *wire_take_body(struct wire_reader *r)
{
    char *body = r->body;

    r->body = NULL;
    r->body_n = r->body_cap = 0;
    return body;
}

void wire_next(struct wire_reader *r)
{
    free(wire_take_body(r));
    r->head_n = 0;
    r->size = 0;
}

void wire_reader_free(struct wire_reader *r)
{
    wire_next(r);
}
