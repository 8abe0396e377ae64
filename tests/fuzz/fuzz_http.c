/* SPDX-License-Identifier: EUPL-1.2 */
/* Any bytes through the HTTP reader. The first byte chooses the size of the pieces: whatever they
 * are, the same events must come out as when everything comes at once. */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/base/answer.h"
#include "daemon/loop/http_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct trace {
    unsigned heads, ends;
    int status;
    uint64_t sum; /* over heads and bodies */
};

static void mix(struct trace *t, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t->sum = (t->sum ^ (uint8_t)p[i]) * 1099511628211u;
}

static void note(struct trace *t, struct corv_http_parse *p, enum corv_http_event e)
{
    if (e == CORV_HTTP_HEAD) {
        struct corv_http_head *h = corv_http_parse_take_head(p);

        t->heads++;
        mix(t, h->path.p, h->path.n);
        for (unsigned i = 0; i < h->count; i++)
            mix(t, h->fields[i].value.p, h->fields[i].value.n);
        if (h->chunked && h->content_length >= 0)
            abort(); /* must never be taken */
        corv_http_head_free(h);
    }
    if (e == CORV_HTTP_BODY)
        mix(t, p->piece.p, p->piece.n);
    t->ends += e == CORV_HTTP_END;
    if (e == CORV_HTTP_BAD)
        t->status = corv_answer_get(corv_code_find(p->why.code)->answer)->status;
}

static struct trace read_all(const char *text, size_t n, size_t step)
{
    struct corv_http_parse p;
    struct trace t = {0};

    corv_http_parse_init(&p, 4096);
    for (size_t at = 0; at < n && !t.status; at += step) {
        struct corv_view in = corv_view_of(text + at, n - at < step ? n - at : step);
        enum corv_http_event e;

        do {
            e = corv_http_parse_next(&p, &in);
            note(&t, &p, e);
        } while (e != CORV_HTTP_MORE && e != CORV_HTTP_BAD);
        if (e == CORV_HTTP_MORE && in.n > 0)
            abort();
    }
    corv_http_parse_free(&p);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;

    const char *text = (const char *)data + 1;
    struct trace whole = read_all(text, size - 1, size);
    struct trace parts = read_all(text, size - 1, data[0] % 64 + 1u);

    if (whole.heads != parts.heads || whole.ends != parts.ends || whole.status != parts.status ||
        whole.sum != parts.sum)
        abort();
    return 0;
}
