/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdint.h>

#include "config/parties_index.h"

struct folding {
    char *out;
    size_t n;
    bool blank; /* one is due before the next letter */
};

/* Base letters of U+00C0..U+017F, two characters each; a blank in second place is dropped. */
static const char latin[] =
    /* 00C0 */ "a a a a a a aec e e e e i i i i "
               /* 00D0 */ "d n o o o o o x o u u u u y thss"
               /* 00E0 */ "a a a a a a aec e e e e i i i i "
               /* 00F0 */ "d n o o o o o / o u u u u y thy "
               /* 0100 */ "a a a a a a c c c c c c c c d d "
               /* 0110 */ "d d e e e e e e e e e e g g g g "
               /* 0120 */ "g g g g h h h h i i i i i i i i "
               /* 0130 */ "i i ijijj j k k k l l l l l l l "
               /* 0140 */ "l l l n n n n n n n n n o o o o "
               /* 0150 */ "o o oeoer r r r r r s s s s s s "
               /* 0160 */ "s s t t t t t t u u u u u u u u "
               /* 0170 */ "u u u u w w y y y z z z z z z s ";
_Static_assert(sizeof latin == 0xC0 * 2 + 1, "two characters for each of U+00C0..U+017F");

/* One code point; 0 when the bytes are not UTF-8. */
static size_t decode(struct corv_view s, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;

    if (n == 0 || n > s.n)
        return 0;
    *cp = n == 1 ? p[0] : p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return 0;
        *cp = *cp << 6 | (p[i] & 0x3Fu);
    }
    return n;
}

static corv_rc put(struct folding *f, const char *p, size_t n)
{
    if (f->n + n + f->blank >= CORV_PLACE_BYTES)
        return CORV_E_INVALID;
    if (f->blank)
        f->out[f->n++] = ' ';
    f->blank = false;
    memcpy(f->out + f->n, p, n);
    f->n += n;
    return CORV_OK;
}

static corv_rc fold_one(struct folding *f, uint32_t cp, struct corv_view bytes)
{
    char c = (char)cp;

    if (cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r' || cp == 0xA0) {
        f->blank = f->n > 0;
        return CORV_OK;
    }
    if (cp >= 0x300 && cp <= 0x36F) /* combining marks: a letter in two code points */
        return CORV_OK;
    if (cp >= 'A' && cp <= 'Z')
        c = (char)(cp - 'A' + 'a');
    else if (cp == 0x2018 || cp == 0x2019 || cp == 0x2BC || cp == 0xB4 || cp == '`')
        c = '\'';
    else if (cp >= 0x2010 && cp <= 0x2015)
        c = '-';
    else if (cp >= 0xC0 && cp < 0x180) {
        const char *base = &latin[(cp - 0xC0) * 2];

        return put(f, base, base[1] == ' ' ? 1 : 2);
    } else if (cp >= 0x80)
        return put(f, bytes.p, bytes.n);
    return put(f, &c, 1);
}

corv_rc corv_place_fold(struct corv_view name, char out[CORV_PLACE_BYTES])
{
    struct folding f = {.out = out};

    while (name.n) {
        uint32_t cp = 0;
        size_t n = decode(name, &cp);

        if (n == 0 || fold_one(&f, cp, (struct corv_view){name.p, n}) != CORV_OK)
            return CORV_E_INVALID;
        name.p += n;
        name.n -= n;
    }
    out[f.n] = '\0';
    return f.n ? CORV_OK : CORV_E_INVALID;
}
