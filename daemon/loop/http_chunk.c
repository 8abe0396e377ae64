/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_chunk.h"

#include "daemon/loop/http_text.h"

enum { SIZE, EXT, SIZE_LF, DATA, DATA_CR, DATA_LF, LINE, NAME, VALUE, VALUE_LF, END_LF, DONE };

#define SIZE_DIGITS 15 /* 2^60: far above any limit, far below overflow */

static enum corv_chunk_step go(struct corv_chunks *c, int state)
{
    c->state = state;
    return CORV_CHUNK_MORE;
}

static int hex_value(unsigned char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch |= 0x20;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static enum corv_chunk_step size_byte(struct corv_chunks *c, unsigned char ch)
{
    int value = hex_value(ch);

    if (value >= 0) {
        c->left = c->left << 4 | (unsigned)value;
        return ++c->digits <= SIZE_DIGITS ? CORV_CHUNK_MORE : CORV_CHUNK_BAD;
    }
    if (c->digits == 0 || (ch != '\r' && ch != ';'))
        return CORV_CHUNK_BAD;
    c->ext = 0;
    return go(c, ch == '\r' ? SIZE_LF : EXT);
}

static enum corv_chunk_step ext_byte(struct corv_chunks *c, unsigned char ch)
{
    if (ch == '\r')
        return go(c, SIZE_LF);
    if (!corv_http_is_text(ch))
        return CORV_CHUNK_BAD;
    if (++c->ext > CORV_CHUNK_EXT || ++c->exts > CORV_CHUNK_EXTS)
        return CORV_CHUNK_LIMIT;
    return CORV_CHUNK_MORE;
}

static enum corv_chunk_step trailer_byte(struct corv_chunks *c, unsigned char ch)
{
    if (++c->trailers > CORV_CHUNK_TRAILERS)
        return CORV_CHUNK_LIMIT;
    if (c->state == LINE && ch == '\r')
        return go(c, END_LF);
    if (c->state == VALUE) {
        if (ch == '\r')
            return go(c, VALUE_LF);
        return corv_http_is_text(ch) ? CORV_CHUNK_MORE : CORV_CHUNK_BAD;
    }
    if (c->state == NAME && ch == ':')
        return go(c, VALUE);
    return corv_http_is_token(ch) ? go(c, NAME) : CORV_CHUNK_BAD;
}

static enum corv_chunk_step byte(struct corv_chunks *c, unsigned char ch)
{
    switch (c->state) {
    case SIZE:
        return size_byte(c, ch);
    case EXT:
        return ext_byte(c, ch);
    case SIZE_LF:
        return ch == '\n' ? go(c, c->left ? DATA : LINE) : CORV_CHUNK_BAD;
    case DATA_CR:
        return ch == '\r' ? go(c, DATA_LF) : CORV_CHUNK_BAD;
    case DATA_LF:
        c->digits = 0;
        return ch == '\n' ? go(c, SIZE) : CORV_CHUNK_BAD;
    case VALUE_LF:
        return ch == '\n' ? go(c, LINE) : CORV_CHUNK_BAD;
    case END_LF:
        if (ch != '\n')
            return CORV_CHUNK_BAD;
        c->state = DONE;
        return CORV_CHUNK_END;
    default:
        return trailer_byte(c, ch);
    }
}

enum corv_chunk_step corv_chunks_next(
    struct corv_chunks *c, struct corv_view *in, struct corv_view *piece)
{
    enum corv_chunk_step step = CORV_CHUNK_MORE;

    if (c->state == DONE)
        return CORV_CHUNK_END;
    while (in->n > 0 && step == CORV_CHUNK_MORE) {
        if (c->state == DATA) {
            *piece = corv_view_of(in->p, in->n < c->left ? in->n : (size_t)c->left);
            c->left -= piece->n;
            if (c->left == 0)
                c->state = DATA_CR;
            in->p += piece->n;
            in->n -= piece->n;
            return CORV_CHUNK_DATA;
        }
        step = byte(c, (unsigned char)*in->p);
        in->p++;
        in->n--;
    }
    return step;
}
