/* SPDX-License-Identifier: EUPL-1.2 */
/* The reader of requests: what it takes, what it refuses and with which answer. Each case is fed
 * whole and byte by byte: both must give the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/answer.h"
#include "daemon/loop/http_parse.h"

#define H "Host: x\r\n"

struct result {
    unsigned heads, ends;
    int status; /* 0: no error */
    char code[48];
    char method[16];
    char path[200];
    char query[200];
    int64_t length;
    bool chunked, keep, expect;
    struct corv_buf body; /* of all requests together */
    size_t unread;
};

static void note_head(struct result *r, struct corv_http_parse *p)
{
    struct corv_http_head *h = corv_http_parse_take_head(p);

    assert_non_null(h);
    r->heads++;
    snprintf(r->method, sizeof r->method, "%s", h->method.p);
    assert_int_equal(strlen(h->method.p), h->method.n);
    snprintf(r->path, sizeof r->path, "%.*s", (int)h->path.n, h->path.p);
    snprintf(r->query, sizeof r->query, "%.*s", (int)h->query.n, h->query.n ? h->query.p : "");
    r->length = h->content_length;
    r->chunked = h->chunked;
    r->keep = h->keep_alive;
    r->expect = h->expect_continue;
    corv_http_head_free(h);
}

static void read_all(const char *text, size_t n, size_t step, unsigned limit, struct result *r)
{
    struct corv_http_parse p;

    *r = (struct result){0};
    corv_buf_init(&r->body, 1 << 20);
    corv_http_parse_init(&p, limit);
    for (size_t at = 0; at < n && !r->status; at += step) {
        struct corv_view in = corv_view_of(text + at, n - at < step ? n - at : step);
        enum corv_http_event e = corv_http_parse_next(&p, &in);

        for (; e != CORV_HTTP_MORE && e != CORV_HTTP_BAD; e = corv_http_parse_next(&p, &in)) {
            if (e == CORV_HTTP_HEAD)
                note_head(r, &p);
            if (e == CORV_HTTP_BODY)
                assert_int_equal(corv_buf_add(&r->body, p.piece.p, p.piece.n), CORV_OK);
            r->ends += e == CORV_HTTP_END;
        }
        if (e == CORV_HTTP_BAD) {
            r->status = corv_answer_get(corv_code_find(p.why.code)->answer)->status;
            snprintf(r->code, sizeof r->code, "%s", p.why.code);
            assert_int_equal(corv_http_parse_next(&p, &in), CORV_HTTP_BAD); /* for good */
        } else {
            assert_int_equal(in.n, 0);
        }
    }
    corv_http_parse_free(&p);
}

struct refusal {
    const char *text;
    int status;
    const char *code;
};

static const struct refusal refusals[] = {
    /* smuggling: two readers could see two ends */
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400, "http.double-framing"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400,
        "http.double-framing"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5\r\ncontent-length: 6\r\n\r\nabcde", 400,
        "http.double-framing"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400, "http.double-framing"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501,
        "http.coding-unknown"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501, "http.coding-unknown"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n", 501,
        "http.coding-unknown"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\r\n\r\n", 501, "http.coding-unknown"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding:\x0b"
     "chunked\r\n\r\n",
        400, "http.bad-line"},
    {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400, "http.bad-framing"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: +5\r\n\r\nabcde", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -5\r\n\r\n", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x5\r\n\r\nabcde", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\nabcde", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 5 5\r\n\r\nabcde", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400, "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551617\r\n\r\n", 400,
        "http.bad-length"},
    {"POST / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\nabcde", 400, "http.bad-header"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 400, "http.bad-header"},
    {"POST / HTTP/1.1\r\n" H "X: y\r\n Content-Length: 5\r\n\r\nabcde", 400, "http.bad-header"},
    {"POST / HTTP/1.1\r\n" H "X: y\r\n\tz\r\n\r\n", 400, "http.bad-header"},
    {"POST / HTTP/1.1\r\n Host: x\r\n\r\n", 400, "http.bad-header"},
    {"POST / HTTP/1.1\n" H "\r\n", 400, "http.bad-line"},
    {"POST / HTTP/1.1\r\nHost: x\nContent-Length: 5\r\n\r\nabcde", 400, "http.bad-line"},
    {"POST / HTTP/1.1\r\nHost: x\rContent-Length: 5\r\n\r\nabcde", 400, "http.bad-line"},
    {"POST / HTTP/1.1\r\nHost: x\r\n\nGET / HTTP/1.1\r\n\r\n", 400, "http.bad-line"},
    {"GET / HTTP/1.1\r\n" H "X: a\x01"
     "b\r\n\r\n",
        400, "http.bad-line"},
    {"GET / HTTP/1.1\r\n" H "X: a\x7f\r\n\r\n", 400, "http.bad-line"},
/* chunks */
#define C "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"
    {C "3\rXabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3\r\nabcXX0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3\r\nabcd\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3\r\nabc\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C " 3\r\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3 \r\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "0x3\r\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "-3\r\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"}, {C "\r\nabc\r\n", 400, "http.bad-chunk"},
    {C ";x\r\nabc\r\n", 400, "http.bad-chunk"}, {C "3;x\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "3;x\rabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "0000000000000003\r\nabc\r\n0\r\n\r\n", 400, "http.bad-chunk"},
    {C "10000000000000000\r\nabc\r\n", 400, "http.bad-chunk"},
    {C "0\r\nX : y\r\n\r\n", 400, "http.bad-chunk"},
    {C "0\r\n X: y\r\n\r\n", 400, "http.bad-chunk"}, {C "0\r\nX: y\n\r\n", 400, "http.bad-chunk"},
    {C "0\r\nX\r\n\r\n", 400, "http.bad-chunk"}, {C "0\r\n\rX", 400, "http.bad-chunk"},
    /* request line */
    {"GET / HTTP/1.1\r\n\r\n", 400, "http.bad-host"},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "http.bad-host"},
    {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "http.bad-host"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "http.bad-host"},
    {"GET  / HTTP/1.1\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET /  HTTP/1.1\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET / HTTP/1.1 \r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET /a b HTTP/1.1\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET\t/ HTTP/1.1\r\n" H "\r\n", 400, "http.bad-method"},
    {" GET / HTTP/1.1\r\n" H "\r\n", 400, "http.bad-method"},
    {"GET /\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET / http/1.1\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET / HTTP/11\r\n" H "\r\n", 400, "http.bad-request-line"},
    {"GET / HTTP/2.0\r\n" H "\r\n", 505, "http.version"},
    {"GET / HTTP/1.2\r\n" H "\r\n", 505, "http.version"},
    {"GET / HTTP/0.9\r\n" H "\r\n", 505, "http.version"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http.version"},
    {"BREW /pot HTTP/1.1\r\n" H "\r\n", 501, "http.method-unknown"},
    {"get / HTTP/1.1\r\n" H "\r\n", 501, "http.method-unknown"},
    {"CONNECT a:443 HTTP/1.1\r\n" H "\r\n", 501, "http.method-unknown"},
    {"GET * HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"GET a HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"GET /#a HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"GET ftp://a/ HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"GET http:///a HTTP/1.1\r\n" H "\r\n", 400, "http.bad-target"},
    {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, "http.bad-line"},
    {"\nGET / HTTP/1.1\r\n" H "\r\n", 400, "http.bad-line"},
    {"\rGET / HTTP/1.1\r\n" H "\r\n", 400, "http.bad-line"},
    {"GET / HTTP/1.1\r\n" H ": x\r\n\r\n", 400, "http.bad-header"},
    {"GET / HTTP/1.1\r\n" H "X\r\n\r\n", 400, "http.bad-header"},
    {"GET / HTTP/1.1\r\n" H "X(y): x\r\n\r\n", 400, "http.bad-header"},
    {"GET / HTTP/1.1\r\n" H "Expect: 200-maybe\r\n\r\n", 417, "http.expectation"},
    {"\x16\x03\x01\x02\x00\x01\x00", 400, "http.bad-line"}, /* TLS on the plain listener */
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const struct refusal *c = &refusals[i];
        struct result r;

        for (size_t step = 1; step <= 4096; step *= 4096) {
            read_all(c->text, strlen(c->text), step, 8192, &r);
            if (r.status != c->status || strcmp(r.code, c->code) != 0)
                fail_msg("case %zu step %zu: %d %s, wanted %d %s:\n%s", i, step, r.status, r.code,
                    c->status, c->code, c->text);
            corv_buf_free(&r.body);
        }
    }
}

static void refuses_a_zero_byte(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\0y\r\n\r\n";
    struct result r;

    (void)state;
    read_all(text, sizeof text - 1, 1, 8192, &r);
    assert_int_equal(r.status, 400);
    corv_buf_free(&r.body);
}

struct acceptance {
    const char *text;
    const char *method, *path, *query, *body;
    int64_t length;
    bool chunked, keep, expect;
    unsigned requests;
};

static const struct acceptance acceptances[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", "GET", "/", "", "", -1, false, true, false, 1},
    {"\r\nGET /a%2Fb?c=%20&d?e HTTP/1.1\r\n" H "\r\n", "GET", "/a%2Fb", "c=%20&d?e", "", -1, false,
        true, false, 1},
    {"GET http://elders:443/v1?x HTTP/1.1\r\n" H "\r\n", "GET", "/v1", "x", "", -1, false, true,
        false, 1},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS", "*", "", "", -1, false, true, false, 1},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET", "/", "", "", -1, false, false,
        false, 1},
    {"GET / HTTP/1.1\r\nHost:\r\nConnection: Upgrade ,  Close\r\nUpgrade: h2c\r\n\r\n", "GET", "/",
        "", "", -1, false, false, false, 1},
    {"GET / HTTP/1.1\r\n" H "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", "GET", "/", "", "",
        -1, false, true, false, 1},
    {"POST /p HTTP/1.1\r\nhOST: [::1]:8443\r\nCONTENT-LENGTH:  \t5 \r\n\r\nabcde", "POST", "/p", "",
        "abcde", 5, false, true, false, 1},
    {"POST /p HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", "POST", "/p", "", "", 0, false, true,
        false, 1},
    {"POST /p HTTP/1.1\r\n" H "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi", "POST", "/p",
        "", "hi", 2, false, true, true, 1},
    {C "3\r\nabc\r\nA;n=\"v\"\r\n0123456789\r\n000\r\n\r\n", "POST", "/", "", "abc0123456789", -1,
        true, true, false, 1},
    {C "0\r\nTrailer: x\r\nContent-Length: 9\r\n\r\n", "POST", "/", "", "", -1, true, true, false,
        1},
    {C "1\r\na\r\n0\r\n\r\nPOST /2 HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\nb\r\n"
       "GET /3 HTTP/1.1\r\n" H "X: \xc3\xa9\r\n\r\n",
        "GET", "/3", "", "ab", -1, false, true, false, 3},
};

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof acceptances / sizeof acceptances[0]; i++) {
        const struct acceptance *c = &acceptances[i];
        struct result r;

        for (size_t step = 1; step < 4096; step = step * 3 + 1) {
            read_all(c->text, strlen(c->text), step, 8192, &r);
            if (r.status)
                fail_msg("case %zu step %zu: %d %s", i, step, r.status, r.code);
            assert_int_equal(r.heads, c->requests);
            assert_int_equal(r.ends, c->requests);
            assert_string_equal(r.method, c->method);
            assert_string_equal(r.path, c->path);
            assert_string_equal(r.query, c->query);
            assert_true(corv_view_is(corv_buf_view(&r.body), c->body));
            assert_int_equal(r.length, c->length);
            assert_int_equal(r.chunked, c->chunked);
            assert_int_equal(r.keep, c->keep);
            assert_int_equal(r.expect, c->expect);
            corv_buf_free(&r.body);
        }
    }
}

/* A header section of exactly n bytes. */
static char *section(size_t n)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    char *p = malloc(n + 1);

    assert_non_null(p);
    memset(p, 'a', n);
    memcpy(p, start, sizeof start - 1);
    memcpy(p + n - 4, "\r\n\r\n", 5);
    return p;
}

static void holds_the_header_limit(void **state)
{
    (void)state;
    for (size_t n = 1023; n <= 1025; n++) {
        char *text = section(n);
        struct result r;

        for (size_t step = 1; step <= 4096; step *= 4096) {
            read_all(text, n, step, 1024, &r);
            assert_int_equal(r.status, n <= 1024 ? 0 : 431);
            assert_int_equal(r.heads, n <= 1024 ? 1 : 0);
            corv_buf_free(&r.body);
        }
        free(text);
    }
}

static void holds_the_other_limits(void **state)
{
    struct corv_buf b;
    struct result r;

    (void)state;
    corv_buf_init(&b, 1 << 20);
    (void)corv_buf_add_str(&b, "GET / HTTP/1.1\r\n" H);
    for (int i = 0; i < CORV_HTTP_FIELDS; i++)
        (void)corv_buf_add_str(&b, "X: y\r\n");
    (void)corv_buf_add_str(&b, "\r\n");
    read_all(b.p, b.n, b.n, 8192, &r);
    assert_int_equal(r.status, 431);
    assert_string_equal(r.code, "http.too-many-headers");

    corv_buf_reset(&b); /* one long extension */
    (void)corv_buf_addf(&b, C "1;%0*d\r\na\r\n0\r\n\r\n", CORV_CHUNK_EXT + 1, 0);
    read_all(b.p, b.n, 100, 8192, &r);
    assert_int_equal(r.status, 431);
    corv_buf_free(&r.body);

    corv_buf_reset(&b); /* many short ones */
    (void)corv_buf_add_str(&b, C);
    for (unsigned i = 0; i < CORV_CHUNK_EXTS / 100 + 1; i++)
        (void)corv_buf_addf(&b, "1;%0100d\r\na\r\n", 0);
    read_all(b.p, b.n, 100, 8192, &r);
    assert_int_equal(r.status, 431);
    corv_buf_free(&r.body);

    corv_buf_reset(&b); /* trailers without end */
    (void)corv_buf_add_str(&b, C "0\r\n");
    for (unsigned i = 0; i < CORV_CHUNK_TRAILERS / 100 + 1; i++)
        (void)corv_buf_addf(&b, "X: %0100d\r\n", 0);
    read_all(b.p, b.n, 100, 8192, &r);
    assert_int_equal(r.status, 431);
    corv_buf_free(&r.body);
    corv_buf_free(&b);
}

static void finds_headers_without_regard_to_case(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\nx-a:  1\t\r\nX-A: 2\r\n\r\n";
    struct corv_http_parse p;
    struct corv_view in = corv_view_str(text);

    (void)state;
    corv_http_parse_init(&p, 1024);
    assert_false(corv_http_parse_begun(&p));
    assert_int_equal(corv_http_parse_next(&p, &in), CORV_HTTP_HEAD);
    assert_true(corv_http_parse_begun(&p));

    struct corv_http_head *h = corv_http_parse_take_head(&p);

    assert_true(corv_view_is(corv_http_head_get(h, "X-a"), "1"));
    assert_int_equal(corv_http_head_get(h, "X-").n, 0);
    corv_http_head_free(h);
    assert_int_equal(corv_http_parse_next(&p, &in), CORV_HTTP_END);
    assert_false(corv_http_parse_begun(&p));
    corv_http_parse_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_a_zero_byte),
        cmocka_unit_test(accepts),
        cmocka_unit_test(holds_the_header_limit),
        cmocka_unit_test(holds_the_other_limits),
        cmocka_unit_test(finds_headers_without_regard_to_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
