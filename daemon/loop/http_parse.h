/* SPDX-License-Identifier: EUPL-1.2 */
/* Reads HTTP/1.1 requests out of a stream of bytes that arrives in any pieces. Pull style: the
 * caller asks for the next event until it says MORE; what follows a request stays in the caller's
 * view, so pipelining and back-pressure need nothing extra.
 *
 * Two readers must agree on every header section: our own strict one (lines, framing headers) and
 * Debian's http-parser (method, lengths, version). It alone would not do: Debian builds it lenient
 * (bare LF, "Host :", folded lines). Bodies are framed by us (http_chunk.h). To move to llhttp,
 * second_opinion() in http_parse.c is the only place that changes: llhttp_init, llhttp_execute and
 * llhttp_method_name take the same callbacks.
 *
 * Refused: both Content-Length and Transfer-Encoding; either or Host repeated; any coding but
 * chunked; folded lines; bare CR or LF; control characters; space before a colon; HTTP/1.1 without
 * Host; CONNECT; versions other than 1.0 and 1.1. Escapes in the path stay as they are.
 * Owner: the struct is the caller's, init and free it. One thread at a time.
 * Test: tests/unit/test_http_parse.c; fuzzer: tests/fuzz/fuzz_http.c */
#ifndef CORV_LOOP_HTTP_PARSE_H
#define CORV_LOOP_HTTP_PARSE_H

#include "daemon/base/buf.h"
#include "daemon/loop/http_chunk.h"

#define CORV_HTTP_FIELDS 100

struct corv_http_field {
    struct corv_view name;
    struct corv_view value; /* without the blanks around it */
};

struct corv_http_head {
    char *bytes; /* owned; all views look into it */
    size_t size;
    struct corv_view method; /* followed by a zero byte */
    struct corv_view path;   /* without query; "*" for OPTIONS */
    struct corv_view query;
    int minor;              /* HTTP/1.minor */
    int64_t content_length; /* -1: none */
    bool chunked;
    bool keep_alive;
    bool expect_continue;
    unsigned count;
    struct corv_http_field *fields; /* owned, as many as there are */
};
void corv_http_head_free(struct corv_http_head *h); /* accepts NULL */
/* First value of that name, without regard to case; n == 0 when absent. */
struct corv_view corv_http_head_get(const struct corv_http_head *h, const char *name);

struct corv_http_refusal {
    const char *code; /* static: "http.bad-line" */
};

enum corv_http_event {
    CORV_HTTP_MORE, /* in is empty and nothing is complete */
    CORV_HTTP_HEAD, /* take it with corv_http_parse_take_head */
    CORV_HTTP_BODY, /* p->piece looks into in */
    CORV_HTTP_END,  /* the request is complete; the next call begins a new one */
    CORV_HTTP_BAD,  /* p->why says what to answer; the connection cannot go on */
};

struct corv_http_parse {
    unsigned header_bytes; /* limit */
    int state;             /* private */
    struct corv_buf bytes; /* of the header section so far */
    size_t line;           /* length of the line so far */
    char last;
    bool blank; /* an empty line before the request line was skipped */
    uint64_t left;
    struct corv_chunks chunks;
    struct corv_http_head *head; /* owned until taken */
    struct corv_view piece;
    struct corv_http_refusal why;
};

void corv_http_parse_init(struct corv_http_parse *p, unsigned header_bytes);
void corv_http_parse_free(struct corv_http_parse *p);
enum corv_http_event corv_http_parse_next(struct corv_http_parse *p, struct corv_view *in);
struct corv_http_head *corv_http_parse_take_head(struct corv_http_parse *p);
/* Whether the first byte of a request line has come. */
bool corv_http_parse_begun(const struct corv_http_parse *p);

/* http_head.c, for http_parse.c: reads the gathered section in h->bytes. False: v says why. */
bool corv_http_head_read(struct corv_http_head *h, struct corv_http_refusal *v);

#endif
