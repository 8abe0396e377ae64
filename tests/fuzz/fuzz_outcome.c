/* SPDX-License-Identifier: EUPL-1.2 */
/* Whatever an adapter says about an attempt - and through it a partner: what we take over is
 * bounded, clean and complete. Input: size, class, status, retry, then code, text and receipt, each
 * with a length byte. */
#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"
#include "daemon/host/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *p;
    size_t n;
};

static unsigned byte(struct input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

/* Owned, with a zero behind it; NULL for the length 255. */
static char *text(struct input *in, size_t *size)
{
    size_t n = byte(in);
    char *p;

    *size = 0;
    if (n == 255)
        return NULL;
    n = n > in->n ? in->n : n;
    p = malloc(n + 1);
    if (!p)
        abort();
    memcpy(p, in->p, n);
    p[n] = '\0';
    in->p += n;
    in->n -= n;
    *size = n;
    return p;
}

static void check_text(const char *said, size_t size)
{
    struct corv_view v;

    if (!memchr(said, 0, size))
        abort();
    v = corv_view_str(said);
    for (size_t i = 0; i < v.n; i += corv_utf8_at(v, i))
        if (corv_utf8_at(v, i) == 0 || (unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
            abort();
}

static void check(const struct corv_host_outcome *o)
{
    if (o->cls < CORV_DELIVERED || o->cls > CORV_UNREADABLE || !o->code[0] ||
        strspn(o->code, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(o->code) ||
        strlen(o->code) > 40 || o->receipt.n > HOST_RECEIPT_MAX ||
        o->retry_after_seconds > HOST_RETRY_MAX)
        abort();
    check_text(o->text, sizeof o->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    struct corv_outcome said = {
        .size = byte(&in) == 1 ? 8 : sizeof said, .cls = byte(&in), .status = byte(&in)};
    struct corv_host_outcome taken;
    char *receipt = NULL;
    size_t n = 0;

    said.retry_after_seconds = byte(&in) << 24 | byte(&in);

    char *code = text(&in, &n);
    char *sentence = text(&in, &n);
    char *proof = text(&in, &n);

    said.code = code;
    said.text = sentence;
    said.receipt = (struct corv_text){proof, proof ? n : 0};
    corv__outcome_take_over(&said, &taken, &receipt);
    check(&taken);
    free(receipt);
    free(code);
    free(sentence);
    free(proof);
    return 0;
}
