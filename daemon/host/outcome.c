/* SPDX-License-Identifier: EUPL-1.2 */
/* What an adapter says is copied, bounded and cleaned here, before anyone else reads it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/host/internal.h"

#define CODE_MAX      40u
#define CODE_ALPHABET "abcdefghijklmnopqrstuvwxyz0123456789.-"

void corv__outcome_set(
    struct corv_host_outcome *out, enum corv_outcome_class cls, const char *code, const char *text)
{
    *out = (struct corv_host_outcome){.cls = cls};
    (void)snprintf(out->code, sizeof out->code, "%s", code);
    (void)snprintf(out->text, sizeof out->text, "%s", text);
}

/* Length of the printable UTF-8 character at p (left bytes), 0 when there is none. */
static size_t printable(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1fu : n == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

    if (n == 0 || n > left || p[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0u) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c < least[n] || c > 0x10ffff)
        return 0;
    /* surrogates, line and paragraph separators, signs that turn the direction of text */
    if ((c >= 0xd800 && c < 0xe000) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
        return 0;
    return n;
}

void corv__text_clean(const char *in, char *out, size_t size)
{
    size_t left = in ? strnlen(in, 4 * size) : 0;
    size_t used = 0;

    while (left > 0) {
        size_t n = printable((const unsigned char *)in, left);
        size_t step = n ? n : 1;

        if (used + step >= size)
            break;
        if (n)
            memcpy(out + used, in, n);
        else
            out[used] = '?';
        used += step;
        in += step;
        left -= step;
    }
    out[used] = '\0';
}

void corv__text_plain(const char *in, char *out, size_t size)
{
    size_t used = 0;

    for (; in && *in && used + 1 < size; in++) {
        bool good = (*in >= ' ' && *in <= '~') && !strchr("\\`{}|^~&;", *in);

        out[used++] = *in;
        if (!good)
            out[used - 1] = '?';
    }
    out[used] = '\0';
}

static bool code_good(const char *code)
{
    size_t n = code ? strnlen(code, CODE_MAX + 1) : 0;

    return n > 0 && n <= CODE_MAX && strspn(code, CODE_ALPHABET) == n;
}

void corv__outcome_take_over(
    const struct corv_outcome *in, struct corv_host_outcome *out, char **receipt)
{
    *receipt = NULL;
    if (!in || in->size < sizeof *in || in->cls < CORV_DELIVERED || in->cls > CORV_UNREADABLE) {
        corv__outcome_set(out, CORV_LATER, "host.bad-outcome",
            "De adapter gaf een uitkomst die niet volgens de afspraak is.");
        return;
    }
    corv__outcome_set(out, (enum corv_outcome_class)in->cls, "host.bad-code", "");
    if (code_good(in->code))
        (void)snprintf(out->code, sizeof out->code, "%s", in->code);
    corv__text_clean(in->text, out->text, sizeof out->text);
    out->status = in->status;
    out->retry_after_seconds =
        in->retry_after_seconds > HOST_RETRY_MAX ? HOST_RETRY_MAX : in->retry_after_seconds;
    if (!in->receipt.p || in->receipt.n == 0)
        return;
    size_t n = in->receipt.n > HOST_RECEIPT_MAX ? HOST_RECEIPT_MAX : in->receipt.n;

    /* Without memory the outcome counts more than its proof. */
    *receipt = malloc(n);
    if (*receipt) {
        memcpy(*receipt, in->receipt.p, n);
        out->receipt = corv_view_of(*receipt, n);
    }
}
