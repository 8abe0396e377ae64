/* SPDX-License-Identifier: EUPL-1.2 */
/* What a browser sends to the status page, and text that becomes HTML: any bytes, first line Host,
 * second the query, the rest Accept-Language and text. */
#include <stdint.h>
#include <stdlib.h>

#include "daemon/page.h"
#include "daemon/page_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct corv_view line(struct corv_view *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    struct corv_view l = corv_view_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);

    rest->p += l.n + (end ? 1 : 0);
    rest->n -= l.n + (end ? 1 : 0);
    return l;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corv_view rest = corv_view_of(data, size);
    struct corv_view host = line(&rest);
    struct corv_view query = line(&rest);
    char *text = malloc(rest.n + 1);
    struct corv_buf b;

    if (!text)
        return 0;
    (void)corv_page_english(query, rest);
    if (corv_page_host_good(host) && memmem(host.p, host.n, "example", 7))
        abort();
    memcpy(text, rest.n ? rest.p : "", rest.n);
    text[rest.n] = '\0';
    corv_buf_init(&b, 8 * size + 16);
    corv_page_text(&b, text);
    if (b.failed || (b.p && strpbrk(b.p, "<>\"'")))
        abort();
    corv_buf_free(&b);
    free(text);
    return 0;
}
