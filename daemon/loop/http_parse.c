/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_parse.h"

#include <http_parser.h>
#include <stdlib.h>

#include "daemon/loop/http_text.h"

enum { HEAD, LENGTH, CHUNKS, FAILED };

void corv_http_parse_init(struct corv_http_parse *p, unsigned header_bytes)
{
    *p = (struct corv_http_parse){.header_bytes = header_bytes};
    corv_buf_init(&p->bytes, header_bytes);
}

void corv_http_parse_free(struct corv_http_parse *p)
{
    if (!p)
        return;
    corv_buf_free(&p->bytes);
    corv_http_head_free(p->head);
    p->head = NULL;
}

bool corv_http_parse_begun(const struct corv_http_parse *p)
{
    return p->state != HEAD || p->bytes.n > 0;
}

static enum corv_http_event bad(struct corv_http_parse *p, const char *code)
{
    p->state = FAILED;
    p->why = (struct corv_http_refusal){code};
    return CORV_HTTP_BAD;
}

/* ---- the second opinion ----------------------------------------------------------------------*/

static int count_field(http_parser *parser, const char *at, size_t n)
{
    (void)at;
    *(unsigned *)parser->data += n > 0;
    return 0;
}

/* What http-parser makes of the same bytes must be what we made of them. */
static bool second_opinion(struct corv_http_parse *p)
{
    const struct corv_http_head *h = p->head;
    http_parser parser;
    http_parser_settings hooks;
    unsigned fields = 0;

    http_parser_settings_init(&hooks);
    hooks.on_header_field = count_field;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &fields;

    size_t used = http_parser_execute(&parser, &hooks, h->bytes, h->size);

    if (parser.http_errno == HPE_INVALID_METHOD) {
        (void)bad(p, "http.method-unknown");
        return false;
    }

    bool chunked = (parser.flags & F_CHUNKED) != 0;
    bool length = (parser.flags & F_CONTENTLENGTH) != 0;
    const char *method = http_method_str((enum http_method)parser.method);
    bool same = parser.http_errno == HPE_OK && used == h->size && fields == h->count &&
                chunked == h->chunked && length == (h->content_length >= 0) &&
                (h->content_length <= 0 || parser.content_length == (uint64_t)h->content_length) &&
                corv_view_is(h->method, method) && parser.http_minor == h->minor;

    if (!same)
        (void)bad(p, "http.bad-head");
    return same;
}

/* ---- header section --------------------------------------------------------------------------*/

static enum corv_http_event head_complete(struct corv_http_parse *p)
{
    struct corv_http_refusal why = {"http.no-memory"};
    struct corv_http_head *h = calloc(1, sizeof *h);

    p->head = h;
    if (h)
        h->bytes = corv_buf_take(&p->bytes, &h->size);
    if (!h || !h->bytes || !corv_http_head_read(h, &why))
        return bad(p, why.code);
    if (!second_opinion(p))
        return CORV_HTTP_BAD;
    h->bytes[h->method.n] = '\0'; /* over the blank: the method is a C string from here on */
    p->state = h->chunked ? CHUNKS : LENGTH;
    p->left = h->content_length > 0 ? (uint64_t)h->content_length : 0;
    p->chunks = (struct corv_chunks){0};
    return CORV_HTTP_HEAD;
}

/* Looks at one byte. 0: go on; 1: the line before it was the empty one that ends the section. */
static int head_byte(struct corv_http_parse *p, char ch)
{
    bool feed = ch == '\n';

    if (feed != (p->last == '\r') || (!feed && ch != '\r' && !corv_http_is_text((unsigned char)ch)))
        return -1;
    p->last = ch;
    if (ch == '\r')
        return 0;
    if (!feed) {
        p->line++;
        return 0;
    }

    int end = p->line == 0;

    p->line = 0;
    return end;
}

/* A client may send one empty line too many between requests (RFC 9112 2.2). */
static bool skip_blank(struct corv_http_parse *p, struct corv_view *in)
{
    while (p->bytes.n == 0 && in->n > 0 && (*in->p == '\r' || *in->p == '\n')) {
        if (p->blank || (*in->p == '\n') != (p->last == '\r'))
            return false;
        p->blank = *in->p == '\n';
        p->last = p->blank ? '\0' : '\r';
        in->p++;
        in->n--;
    }
    return p->bytes.n > 0 || in->n == 0 || p->last != '\r';
}

static enum corv_http_event next_head(struct corv_http_parse *p, struct corv_view *in)
{
    size_t n = 0;
    int end = 0;

    if (!skip_blank(p, in))
        return bad(p, "http.bad-line");
    while (n < in->n && end == 0 && p->bytes.n + n < p->header_bytes)
        end = head_byte(p, in->p[n++]);
    if (end < 0)
        return bad(p, "http.bad-line");
    if (n > 0 && corv_buf_add(&p->bytes, in->p, n) != CORV_OK)
        return bad(p, "http.no-memory");
    in->p += n;
    in->n -= n;
    if (end > 0)
        return head_complete(p);
    if (p->bytes.n == p->header_bytes)
        return bad(p, "http.header-too-large");
    return CORV_HTTP_MORE;
}

/* ---- body ------------------------------------------------------------------------------------*/

static enum corv_http_event request_complete(struct corv_http_parse *p)
{
    corv_http_head_free(p->head); /* nobody took it */
    p->head = NULL;
    p->state = HEAD;
    p->blank = false;
    p->last = '\0';
    p->line = 0;
    return CORV_HTTP_END;
}

static enum corv_http_event next_length(struct corv_http_parse *p, struct corv_view *in)
{
    if (p->left == 0)
        return request_complete(p);
    if (in->n == 0)
        return CORV_HTTP_MORE;
    p->piece = corv_view_of(in->p, in->n < p->left ? in->n : (size_t)p->left);
    p->left -= p->piece.n;
    in->p += p->piece.n;
    in->n -= p->piece.n;
    return CORV_HTTP_BODY;
}

static enum corv_http_event next_chunk(struct corv_http_parse *p, struct corv_view *in)
{
    switch (corv_chunks_next(&p->chunks, in, &p->piece)) {
    case CORV_CHUNK_MORE:
        return CORV_HTTP_MORE;
    case CORV_CHUNK_DATA:
        return CORV_HTTP_BODY;
    case CORV_CHUNK_END:
        return request_complete(p);
    case CORV_CHUNK_LIMIT:
        return bad(p, "http.chunk-too-long");
    case CORV_CHUNK_BAD:
        break;
    }
    return bad(p, "http.bad-chunk");
}

enum corv_http_event corv_http_parse_next(struct corv_http_parse *p, struct corv_view *in)
{
    switch (p->state) {
    case HEAD:
        return next_head(p, in);
    case LENGTH:
        return next_length(p, in);
    case CHUNKS:
        return next_chunk(p, in);
    default:
        return CORV_HTTP_BAD;
    }
}

struct corv_http_head *corv_http_parse_take_head(struct corv_http_parse *p)
{
    struct corv_http_head *h = p->head;

    p->head = NULL;
    return h;
}
