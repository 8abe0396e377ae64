/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/rule_text.h"

bool corv_rule_bsn(struct corv_view text)
{
    int sum = 0;
    bool zero = true;

    if (text.n != 9)
        return false;
    for (int i = 0; i < 9; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        zero = zero && text.p[i] == '0';
        sum += (text.p[i] - '0') * (i < 8 ? 9 - i : -1);
    }
    return !zero && sum % 11 == 0;
}

static bool letter_or_digit(unsigned char c, bool accents)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (accents && c >= 0x80);
}

/* U+00C0 and later: below that UTF-8 has C2 xx, controls and signs such as the no-break space;
 * U+2000 to U+2FFF (E2 xx xx) are signs and direction marks. */
static bool sign(struct corv_view text, size_t i)
{
    unsigned char c = (unsigned char)text.p[i];

    return c == 0xC2 || c == 0xE2 || c == 0xEF || c >= 0xF0;
}

bool corv_rule_file_name(struct corv_view text, bool accents)
{
    size_t dot = 0, dots = 0;

    if (text.n == 0 || text.p[0] == ' ')
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];

        if (c == '.') {
            dot = i;
            dots++;
        } else if (sign(text, i) ||
                   !(letter_or_digit(c, accents) || c == ' ' || c == '-' || c == '_')) {
            return false;
        }
    }
    return dots == 1 && dot > 0 && dot + 1 < text.n;
}

char *corv_rule_extension(struct corv_view name, char out[16])
{
    size_t from = name.n, n = 0;

    while (from > 0 && name.p[from - 1] != '.')
        from--;
    for (size_t i = from; from > 0 && i < name.n && n < 15; i++) {
        char c = name.p[i];

        out[n++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[n] = '\0';
    return out;
}
