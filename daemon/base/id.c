/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/base/id.h"

#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/random.h"

corv_rc corv_id_new(struct corv_id *id)
{
    uint64_t ms = (uint64_t)(corv_clock_us() / 1000);

    if (corv_random(id->b + 6, 10) != CORV_OK)
        return CORV_E_IO;
    for (int i = 0; i < 6; i++)
        id->b[i] = (uint8_t)(ms >> (40 - 8 * i));
    id->b[6] = (uint8_t)((id->b[6] & 0x0f) | 0x70);
    id->b[8] = (uint8_t)((id->b[8] & 0x3f) | 0x80);
    return CORV_OK;
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

char *corv_id_text(const struct corv_id *id, char out[CORV_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    char *w = out;

    for (int i = 0; i < 16; i++) {
        if (dash_before(i))
            *w++ = '-';
        *w++ = digits[id->b[i] >> 4];
        *w++ = digits[id->b[i] & 15];
    }
    *w = '\0';
    return out;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

corv_rc corv_id_read(const char *text, struct corv_id *id)
{
    const char *r = text;

    if (strlen(text) != CORV_ID_TEXT - 1)
        return CORV_E_INVALID;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i) && *r++ != '-')
            return CORV_E_INVALID;
        int hi = nibble(r[0]);
        int lo = nibble(r[1]);

        if (hi < 0 || lo < 0)
            return CORV_E_INVALID;
        id->b[i] = (uint8_t)(hi << 4 | lo);
        r += 2;
    }
    return CORV_OK;
}

bool corv_id_is_null(const struct corv_id *id)
{
    static const struct corv_id null;

    return corv_id_eq(id, &null);
}

bool corv_id_eq(const struct corv_id *a, const struct corv_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int64_t corv_id_ms(const struct corv_id *id)
{
    uint64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->b[i];
    return (int64_t)ms;
}
