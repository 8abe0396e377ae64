/* SPDX-License-Identifier: EUPL-1.2 */
/* The language between corvd and a child: what is written is read, what does not fit is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/process/wire.h"

/* Feeds bytes a few at a time; the result after the last one that was taken. */
static enum wire_result feed(struct wire_reader *r, const char *p, size_t n, size_t step)
{
    enum wire_result result = WIRE_MORE;

    while (n > 0 && result == WIRE_MORE) {
        size_t room = 0;
        char *to = wire_want(r, &room);
        size_t now = room < step ? room : step;

        assert_non_null(to);
        now = now < n ? now : n;
        memcpy(to, p, now);
        result = wire_got(r, now);
        p += now;
        n -= now;
    }
    return result;
}

static void what_is_written_is_read(void **state)
{
    static char big[100000];

    (void)state;
    for (size_t step = 1; step < 200000; step = step * 7 + 3) {
        struct wire_reader r = {.from_child = true};
        struct wire_out o;

        memset(big, 'x', sizeof big);
        wire_begin(&o, WIRE_OFFER);
        wire_put_u64(&o, UINT64_MAX - 1);
        wire_put_u32(&o, 7);
        wire_put_text(&o, "een");
        wire_put_text(&o, NULL);
        wire_put_text(&o, "");
        wire_put_bytes(&o, (struct corv_text){big, sizeof big});
        assert_true(wire_end(&o, 0));
        assert_int_equal(feed(&r, o.p, o.n, step), WIRE_FRAME);
        assert_int_equal(r.type, WIRE_OFFER);
        struct wire_in in = wire_body(&r);

        assert_true(wire_get_u64(&in) == UINT64_MAX - 1);
        assert_int_equal(wire_get_u32(&in), 7);
        assert_string_equal(wire_get_text(&in), "een");
        assert_null(wire_get_text(&in));
        assert_string_equal(wire_get_text(&in), "");
        assert_false(wire_got_all(&in));
        struct corv_text t = wire_get_bytes(&in);

        assert_int_equal(t.n, sizeof big);
        assert_memory_equal(t.p, big, sizeof big);
        assert_true(wire_got_all(&in));
        wire_reader_free(&r);
        wire_out_free(&o);
    }
}

static const struct {
    const char head[9];
    bool from_child;
} bad[] = {
    {"\x04\0\0\0\x08\0\0\0", true},   /* ours, from a child */
    {"\x04\0\0\0\x47\0\0\0", false},  /* a child's, from us */
    {"\x04\0\0\0\0\0\0\0", true},     /* no type */
    {"\x04\0\0\0\xff\0\0\0", true},   /* unknown */
    {"\x04\0\0\0\x47\0\x01\0", true}, /* not zero */
    {"\x05\0\0\0\x47\0\0\0", true},   /* a pong is four bytes */
    {"\0\0\0\x05\x44\0\0\0", true},   /* an offer of 80 MiB */
    {"\xff\xff\xff\xff\x43\0\0\0", true},
};

static void what_does_not_fit_is_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct wire_reader r = {.from_child = bad[i].from_child};

        assert_int_equal(feed(&r, bad[i].head, 8, 8), WIRE_BAD);
        wire_reader_free(&r);
    }
}

/* A claim costs nothing: memory follows what came. */
static void memory_follows_what_comes(void **state)
{
    struct wire_reader r = {.from_child = true};

    (void)state;
    assert_int_equal(feed(&r, "\0\0\0\x04\x44\0\0\0xxxx", 12, 12), WIRE_MORE);
    assert_true(r.body_cap <= 4096);
    wire_reader_free(&r);
}

static void fields_stay_inside(void **state)
{
    const char texts[] = "\x04\0\0\0aa\0b\x09\0\0\0ab";
    struct wire_in in = {.p = texts, .left = sizeof texts - 1};

    (void)state;
    assert_null(wire_get_text(&in)); /* a zero byte inside */
    assert_true(in.bad);
    in = (struct wire_in){.p = texts + 8, .left = sizeof texts - 9};
    assert_int_equal(wire_get_bytes(&in).n, 0); /* nine that are not there */
    assert_true(in.bad);
    assert_int_equal(wire_get_u64(&in), 0);
    assert_false(wire_got_all(&in));
}

static void a_frame_past_its_bound_is_not_made(void **state)
{
    static char big[20000];
    struct wire_out o;

    (void)state;
    wire_begin(&o, WIRE_OUTCOME);
    wire_put_bytes(&o, (struct corv_text){big, sizeof big});
    assert_false(wire_end(&o, 0));
    assert_null(o.p);
    wire_begin(&o, WIRE_DELIVER);
    assert_false(wire_end(&o, (size_t)WIRE_MESSAGE + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_does_not_fit_is_bad),
        cmocka_unit_test(memory_follows_what_comes),
        cmocka_unit_test(fields_stay_inside),
        cmocka_unit_test(a_frame_past_its_bound_is_not_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
