/* SPDX-License-Identifier: EUPL-1.2 */
/* page.html has holes: {{word}} for a word of page_words.def, {{!part}} for a part of page_rows.c.
 * A hole that nothing fills is shown, so that a test sees it. */
#include <string.h>

#include "daemon/base/embedded.h"
#include "daemon/base/utf8.h"
#include "daemon/page.h"
#include "daemon/page_words.h"

extern const struct corv_embedded corv_embedded_page[];

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (unsigned char)c < 0x20 || c == 0x7f ? " " : NULL;
    }
}

void corv_page_text(struct corv_buf *b, const char *text)
{
    struct corv_view v = corv_view_str(text);

    for (size_t i = 0; i < v.n;) {
        size_t n = corv_utf8_at(v, i);
        const char *safe = n == 1 ? entity(v.p[i]) : NULL;

        if (n == 0)
            (void)corv_buf_add_str(b, CORV_UTF8_REPLACEMENT);
        else if (safe)
            (void)corv_buf_add_str(b, safe);
        else
            (void)corv_buf_add(b, v.p + i, n);
        i += n ? n : 1;
    }
}

static void fill(const struct corv_page *p, struct corv_view hole)
{
    bool part = hole.n > 0 && hole.p[0] == '!';
    corv_page_part write = part ? corv_page_part_of(corv_view_of(hole.p + 1, hole.n - 1)) : NULL;
    const char *word = part ? NULL : corv_page_word(hole, p->english);

    if (write)
        write(p);
    else if (word)
        corv_page_text(p->b, word);
    else
        (void)corv_buf_addf(p->b, "{{%.*s}}", (int)hole.n, hole.p);
}

static struct corv_view template_of(void)
{
    for (const struct corv_embedded *f = corv_embedded_page; f->name; f++)
        if (strcmp(f->name, "page.html") == 0)
            return corv_view_of(f->bytes, f->size);
    return (struct corv_view){0};
}

void corv_page_write(struct corv_buf *b, const json_t *model, bool english)
{
    const struct corv_page p = {b, model, english};
    struct corv_view rest = template_of();

    while (rest.n > 0) {
        const char *open = memmem(rest.p, rest.n, "{{", 2);
        size_t before = open ? (size_t)(open - rest.p) : rest.n;
        const char *close = open ? memmem(open, rest.n - before, "}}", 2) : NULL;

        (void)corv_buf_add(b, rest.p, before);
        if (!close)
            break;
        fill(&p, corv_view_of(open + 2, (size_t)(close - open - 2)));
        rest.n -= (size_t)(close + 2 - rest.p);
        rest.p = close + 2;
    }
}
