/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/base64_check.h"

enum { PAD = 64, BLANK = 65, STRANGE = 66 }; /* of a character proper the bit of PAD is not set */

/* clang-format off */
static const unsigned char table[256] = {
    66, 66, 66, 66, 66, 66, 66, 66, 66, 65, 65, 66, 66, 65, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    65, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 62, 66, 66, 66, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 66, 66, 66, 64, 66, 66,
    66, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 66, 66, 66, 66, 66,
    66, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
    66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66, 66,
};
/* clang-format on */

/* How many of the first n are ordinary: nearly all of them, by the megabyte. */
static size_t ordinary(const unsigned char *p, size_t n)
{
    size_t i = 0;

    while (
        n - i >= 4 && !((table[p[i]] | table[p[i + 1]] | table[p[i + 2]] | table[p[i + 3]]) & PAD))
        i += 4;
    while (i < n && table[p[i]] < PAD)
        i++;
    return i;
}

size_t corv_base64_add(struct corv_base64 *b, struct corv_view piece)
{
    const unsigned char *p = (const unsigned char *)piece.p;
    size_t first = piece.n;

    for (size_t i = 0; i < piece.n; i++) {
        size_t run = b->pad ? 0 : ordinary(p + i, piece.n - i);

        if (run) {
            b->chars += run;
            b->last = table[p[i + run - 1]];
            i += run;
        }
        if (i == piece.n)
            break;

        unsigned char v = table[p[i]];

        if (v < PAD) {
            b->chars++;
            b->last = v;
            b->late = true; /* behind padding, else it were in the run */
        } else if (v == PAD) {
            b->pad++;
            continue;
        } else if (v == BLANK) {
            b->blanks++;
            continue;
        } else {
            b->strange++;
        }
        if (first == piece.n)
            first = i;
    }
    return first;
}

bool corv_base64_valid(const struct corv_base64 *b)
{
    if (b->late)
        return false;
    switch (b->pad) {
    case 0:
        return b->chars % 4 == 0;
    case 1: /* the last character carries two bits that must be zero */
        return b->chars % 4 == 3 && (b->last & 0x03) == 0;
    case 2: /* four of them */
        return b->chars % 4 == 2 && (b->last & 0x0F) == 0;
    default:
        return false;
    }
}

size_t corv_base64_bytes(const struct corv_base64 *b)
{
    return b->chars / 4 * 3 + (b->pad == 1 ? 2 : b->pad == 2 ? 1 : 0);
}
